import Configuration
import Foundation
import Persistence

@testable import Recipes

/// A small program's worth of components, and data sets that exist only here.
enum Sample {
    static let catalogue = Catalogue { components[$0] ?? [] }

    private static let components: [ComponentKind: [ComponentDescription]] = [
        .datasets: [
            ComponentDescription(name: "watch", summary: "three groups of people", options: WatchOptions.descriptions),
            ComponentDescription(name: "tensors", summary: "files", options: FileOptions.descriptions),
        ],
        .tasks: [
            ComponentDescription(name: "classification", summary: "classes"),
            ComponentDescription(name: "regression", summary: "numbers", options: RateOptions.descriptions),
        ],
        .encoders: [
            ComponentDescription(name: "series-resnet", summary: "for series", options: EncoderOptions.descriptions),
            ComponentDescription(name: "features", summary: "for features"),
        ],
        .fusions: [
            ComponentDescription(name: "late", summary: "concatenation", options: LateOptions.descriptions),
            ComponentDescription(name: "cross-attention", summary: "attention"),
        ],
        .models: [ComponentDescription(name: "joint", summary: "all in one", options: LateOptions.descriptions)],
        .regularizers: [
            ComponentDescription(name: "mer", summary: "spreads", options: MEROptions.descriptions),
            ComponentDescription(name: "dropout", summary: "drops", options: RateOptions.descriptions),
            ComponentDescription(name: "noise", summary: "perturbs", options: NoiseOptions.descriptions),
        ],
        .measurements: [ComponentDescription(name: "rank", summary: "counts directions", options: RankOptions.descriptions)],
        .selections: [
            ComponentDescription(name: "source-validation", summary: "held back"), ComponentDescription(name: "last-epoch", summary: "the last"),
            ComponentDescription(name: "leave-one-source-out", summary: "left out"),
            ComponentDescription(name: "guarded-silenced", summary: "alone", options: GuardOptions.descriptions),
        ],
        .optimizers: [
            ComponentDescription(name: "adam", summary: "adaptive", options: OptimizerOptions.descriptions),
            ComponentDescription(name: "sgd", summary: "plain", options: OptimizerOptions.descriptions),
        ],
        .schedules: [
            ComponentDescription(name: "constant", summary: "stays"),
            ComponentDescription(name: "cosine", summary: "falls", options: CosineOptions.descriptions),
        ],
    ]

    /// What the data sets hold.
    static func facts(of choice: ComponentChoice) -> DatasetFacts {
        let domains = choice.options["domains"] == .string("one") ? ["everyone"] : ["group-1", "group-2", "group-3"]
        return DatasetFacts(
            modalities: [
                .init(name: "accelerometer", sampleShape: [100, 3]), .init(name: "gyroscope", sampleShape: [100, 3]),
            ],
            domains: domains, classes: ["squat", "row"], samplesPerDomain: domains.map { _ in 100 })
    }

    /// Everything a recipe needs and no more.
    static let recipe = """
        # A small recipe.
        #
        # It is here to be read.
        data: watch
        model:
          encoder: {use: series-resnet, embedding: 32}
          fusion: late
        training:
          epochs: 20
          batch: 64
          optimizer: {use: adam, learning-rate: 0.01}
        seeds: [1, 2]
        baseline: Fusion
        rows:
          - Fusion
          - name: + MER
            regularizers:
              - mer: {weight: 3, on: [gyroscope]}
            tune:
              mer.weight: [0.1, 1]

        """

    /// - Parameter files: what other files there are, by path.
    static func study(
        _ text: String = recipe, set overrides: [String] = [], file: String = "r.yaml", files: [String: String] = [:]
    ) throws(RecipeError) -> Study {
        let study = try RecipeLoader.load(file: file, text: text, overrides: overrides, catalogue: catalogue, files: .sample(files))
        // As planning does once it has opened the data.
        var trainings = TrainingCount()
        let faults = study.variants.map(\.recipe).flatMap { recipe -> [Diagnostic] in
            let facts = facts(of: recipe.data.source)
            return (recipe.faults(against: facts) + [trainings.add(recipe, on: facts)].compactMap(\.self)).map(recipe.diagnostic)
        }
        guard faults.isEmpty else { throw RecipeError(faults) }
        return study
    }

    /// The messages about a recipe, empty where there are none.
    static func messages(
        _ text: String = recipe, set overrides: [String] = [], file: String = "r.yaml", files: [String: String] = [:]
    ) -> String {
        do throws(RecipeError) {
            _ = try study(text, set: overrides, file: file, files: files)
            return ""
        } catch {
            return error.description
        }
    }

    /// The sample with one passage replaced.
    static func recipe(_ passage: String, _ replacement: String) -> String {
        let parts = recipe.split(separator: passage, maxSplits: 1, omittingEmptySubsequences: false)
        precondition(parts.count == 2, "the sample has no '\(passage)'")
        return parts.joined(separator: replacement)
    }
}

extension RecipeFiles {
    /// Files that exist only here, under the folder `/here`.
    static func sample(_ contents: [String: String]) -> RecipeFiles {
        RecipeFiles(currentFolder: "/here") { (path) throws(FileFault) in
            guard let text = contents[path] else { throw FileFault(action: "read", path: path, reason: "No such file or directory") }
            return Data(text.utf8)
        }
    }
}

struct WatchOptions: Options {
    enum Domains: String, CaseIterable, Sendable { case groups, people, one }

    var domains = Domains.groups
    var draw = 0

    static var fields: [OptionField<WatchOptions>] {
        [.choice("domains", \.domains, "what is held out"), .integer("draw", \.draw, in: 0..., "which draw")]
    }
}

struct FileOptions: Options {
    var file = ""
    static var fields: [OptionField<FileOptions>] { [.path("file", \.file, required: true, "where")] }
}

struct GuardOptions: Options {
    var standardErrors = 1.0
    static var fields: [OptionField<GuardOptions>] { [.number("standard-errors", \.standardErrors, in: 0..., "width")] }
}

struct RankOptions: Options {
    var samples = 100
    static var fields: [OptionField<RankOptions>] { [.integer("samples", \.samples, in: 1..., "how many")] }
}

struct EncoderOptions: Options {
    var embedding = 32
    var blocks = [1, 1]

    static var fields: [OptionField<EncoderOptions>] {
        [
            .integer("embedding", \.embedding, in: 1...4096, unit: "features", "width"),
            .integers("blocks", \.blocks, in: 1...8, "depth"),
        ]
    }
}

struct LateOptions: Options {
    var dropout = 0.5
    static var fields: [OptionField<LateOptions>] { [.number("dropout", \.dropout, in: 0..<1, "rate")] }
}

struct MEROptions: Options {
    enum Estimator: String, CaseIterable, Sendable { case paper, reference }

    var estimator = Estimator.paper
    var epsilon = 1e-4

    static var fields: [OptionField<MEROptions>] {
        [
            .choice("estimator", \.estimator, "which one"),
            .number("epsilon", \.epsilon, in: 1e-12...1, unit: "variance", "added"),
        ]
    }
}

struct RateOptions: Options {
    var rate = 0.5
    static var fields: [OptionField<RateOptions>] { [.number("rate", \.rate, in: 0...1, "share dropped")] }
}

struct NoiseOptions: Options {
    var sigma = 0.0
    static var fields: [OptionField<NoiseOptions>] { [.number("sigma", \.sigma, in: 0..., required: true, "strength")] }
}

struct OptimizerOptions: Options {
    var weightDecay = 0.0
    static var fields: [OptionField<OptimizerOptions>] { [.number("weight-decay", \.weightDecay, in: 0..., "decay")] }
}

struct CosineOptions: Options {
    var warmUp = 0.0
    static var fields: [OptionField<CosineOptions>] { [.number("warm-up", \.warmUp, in: 0...1, "share")] }
}
