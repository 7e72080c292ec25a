import Configuration
import Datasets
import Foundation
import Networks
import Persistence
import Regularization
import Results
import Tensors
import TestSupport
import Testing
import Weights

@testable import Training
@testable import TrainingSupport

/// Training on samples that lack a modality and on padded sequences, from the files to the score.
@Suite("Trials on samples that lack something")
struct MissingModalityTrainingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Three domains of 24 samples with two modalities: a series of up to 8 steps that rises or falls by class, and a vector. Every fourth
    /// sample lacks the series and every fourth the vector; `filler` stands wherever nothing is there.
    private func data(filler: Float = 0, padding: Int = 0) throws -> ComponentPlan {
        let places = 8 + padding
        var stream = RandomSource(seed: 3).stream("samples")
        var (series, vectors, steps, labels, domains): ([Float], [Float], [Int], [Int], [Int]) = ([], [], [], [], [])
        var table = "label,domain,series,vector,steps\n"
        for row in 0..<72 {
            let label = row % 2
            let length = 3 + row % 6
            let direction: Float = label == 0 ? 1 : -1
            for step in 0..<places {
                let value = direction * Float(step) / 4 + 0.1 * stream.normalIf(step < 8)
                series += step < length ? [value, 1 - value] : [filler, filler]
            }
            vectors += [direction + 0.3 * stream.normal(), stream.normal(), stream.normal()]
            steps.append(length)
            labels.append(label)
            domains.append(row / 24)
            table += "\(label),\(row / 24),\(row % 4 == 1 ? "" : "\(row)"),\(row % 4 == 2 ? "" : "\(row)"),\(length)\n"
        }
        var writer = SafetensorsWriter()
        writer.add("series", series, shape: [72, places, 2])
        writer.add("vector", vectors, shape: [72, 3])
        let name = "data-\(filler)-\(padding)"
        try writer.write(to: folder("\(name).safetensors"))
        try table.write(toFile: folder("\(name).csv"), atomically: true, encoding: .utf8)
        return ComponentPlan(
            "arrays",
            options: [
                "path": .list([.string(folder("\(name).safetensors"))]), "manifest": .string(folder("\(name).csv")),
                "modalities": .list([.string("series"), .string("vector")]), "lengths": .list([.string("series=steps")]),
            ])
    }

    private func run(_ data: ComponentPlan, fusion: String, _ terms: [TermPlan] = []) throws -> Trial.Outcome {
        let series = ComponentPlan(
            "series-resnet",
            options: ["width": .integer(4), "blocks": .list([.integer(1)]), "stem-kernel": .integer(3), "embedding": .integer(6)])
        let vector = ComponentPlan("vector-mlp", options: ["hidden": .list([.integer(8)]), "embedding": .integer(6)])
        let plan = Sample.plan(terms) {
            ($0.data, $0.epochs, $0.batch) = (data, 3, 12)
            $0.model = .assembled(
                encoders: ["series": series, "vector": vector],
                fusion: ComponentPlan(fusion, options: fusion == "late" ? ["hidden": .integer(8)] : ["hidden": .integer(8), "width": .integer(8)]))
        }
        Threads.use(1)
        let components = try Sample.components()
        let dataset = try components.datasets.make(data.name, options: data.options)
        return try Trial(plan, key: TrialKey(row: "row", target: "2", seed: 1), dataset: dataset, components: components).run()
    }

    private let terms = [
        TermPlan("mer", weight: 0.1), TermPlan("modality-dropout"), TermPlan("supervised-contrastive", weight: 0.1),
        TermPlan("relative-norm-alignment", weight: 0.1), TermPlan("noise"), TermPlan("modality-competition", weight: 0.1),
    ]

    @Test("train, and what stands in place of what is missing changes no bit", arguments: ["late", "cross-attention"])
    func contents(_ fusion: String) throws {
        let plain = try run(try data(), fusion: fusion, terms)
        #expect(plain.result.status == .finished)
        #expect(plain.result.epochs.allSatisfy { $0.trainingLoss.isFinite && $0.targetNonFinite == 0 })
        let effects = try #require(plain.result.effects)
        #expect(effects.count == terms.count && effects.allSatisfy { $0.hasActed }, "\(effects)")
        let other = try run(try data(filler: 30), fusion: fusion, terms)
        #expect(other.bits == plain.bits)
        #expect(other.result.epochs.map(\.targetScore) == plain.result.epochs.map(\.targetScore))
    }

    @Test("longer padding leads to nearly the same model", arguments: ["late", "cross-attention"])
    func padding(_ fusion: String) throws {
        let (short, long) = (try run(try data(), fusion: fusion), try run(try data(filler: 5, padding: 3), fusion: fusion))
        let pairs = zip(short.state, long.state).flatMap { zip($0.value.values, $1.value.values) }
        #expect(!pairs.isEmpty && pairs.allSatisfy { abs($0 - $1) <= 1e-3 * max(1, abs($0)) })
    }

    @Test("an encoder that takes padding for real is refused, with the ones that do not")
    func encoder() throws {
        let facts = DatasetFacts.ModalityFacts(name: "series", sampleShape: [8, 2, 1], isPadded: true)
        let fault = #expect(throws: OptionFault.self) {
            try Sample.components().encoder(ComponentPlan("image-cnn", options: ["stages": .integer(1)]), of: facts, from: Initializer(seed: 1))
        }
        #expect(
            fault?.description
                == "expected an encoder for sequences of different lengths, such as series-resnet or features, as those of series are, found image-cnn")
    }
}

extension RandomStream {
    /// A normal number, or 0 where none is asked for, so that what is drawn does not depend on how long the padding is.
    fileprivate mutating func normalIf(_ isAsked: Bool) -> Float { isAsked ? normal() : 0 }
}
