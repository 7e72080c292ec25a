import Foundation
import Recipes
import TestSupport
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

#if REGULUS_FFMPEG
    import MediaSupport
#endif

/// Each of the benchmark's nine methods is planned on each of its data sets, in small; none is trained.
@Suite("The methods of MMDG-Bench on its data sets")
struct BenchmarkMethodsTests {
    private static let methods = ["ERM", "RNA", "SimMMDG", "MOOSA", "CMRF", "NEL", "JAT", "MBCD", "GMP"]
    /// Networks of the methods so small that planning hundreds of candidates takes a second.
    private static let small = ["variables.heads=[16]", "variables.projection-width=8", "variables.translation-width=16", "variables.jigsaw-orders=4"]

    private func plan(_ name: String, _ overrides: [String]) throws -> PlannedStudy {
        let name = "mmdg-bench/\(name).yaml"
        return try Sample.planned(PaperRecipes.text(name), file: PaperRecipes.path(name), overrides: Self.small + overrides)
    }

    /// Every method has a cell for every column and set of modalities, and all but ERM are searched as in the benchmark.
    private func check(_ planned: PlannedStudy, columns: Int, variants: Int = 1, methods: [String] = BenchmarkMethodsTests.methods) {
        let cells = Dictionary(grouping: planned.cells, by: \.row)
        #expect(Set(cells.keys) == Set(methods))
        for method in methods {
            #expect(cells[method]?.count == columns * variants, "\(method)")
            #expect(cells[method]?.allSatisfy { $0.candidates.count == (method == "ERM" ? 1 : 11) } == true, "\(method)")
        }
    }

    @Test("motor faults: all nine, from several speeds and from one", arguments: [("", 4), ("-single-source", 12)])
    func motor(setting: String, columns: Int) throws {
        let folder = try TemporaryFolder()
        try MotorFiles.write(to: folder.path, steps: 800)
        let planned = try plan(
            "hust-motor\(setting)-methods", ["data.root=\(folder.path)", "data.window=64", "data.counts=[6, 2, 2]", "training.batch=16"])
        check(planned, columns: columns)
    }

    private let sentiment = PaperRecipes.root.appendingPathComponent("Tests/Fixtures/sentiment").path

    @Test("sentiment as a number: the four that are defined for one", arguments: [("", 2), ("-single-source", 5)])
    func numbers(setting: String, columns: Int) throws {
        let planned = try plan("sentiment\(setting)-methods", ["data.root=\(sentiment)", "training.batch=8", "model.encoder.layers=1"])
        check(planned, columns: columns, methods: ["ERM", "RNA", "SimMMDG", "NEL"])
    }

    @Test(
        "sentiment as a number: a method that reads probabilities of classes is refused where it stands",
        arguments: [
            ("moosa", ["entropy-weighting"]), ("cmrf", ["unimodal-loss", "representation-flattening"]), ("jat", ["joint-adversarial"]),
            ("mbcd", ["online-dropout", "averaged-distillation"]), ("gmp", ["unimodal-loss", "domain-adversarial"]),
        ])
    func refused(method: String, terms: [String]) throws {
        let text = "extends: sentiment.yaml\nrows:\n  - {name: Method, include: ../methods/\(method).yaml}\n"
        let error = #expect(throws: RecipeError.self) {
            try Sample.planned(
                text, file: PaperRecipes.path("mmdg-bench/own.yaml"), overrides: ["data.root=\(sentiment)", "training.batch=8", "model.encoder.layers=1"])
        }
        let faults = error?.diagnostics ?? []
        #expect(faults.count == terms.count)
        for (fault, term) in zip(faults, terms) {
            #expect(fault.message == "regularizer '\(term)' in row 'Method' cannot be made: found one of values")
            #expect(fault.expected == "a task of classes for \(term)")
            #expect("\(fault.location)".contains("methods/\(method).yaml:"))
        }
    }

    @Test("the signs of sentiment as classes: all nine")
    func signs() throws {
        let planned = try plan("sentiment-classes-methods", ["data.root=\(sentiment)", "training.batch=8", "model.encoder.layers=1"])
        check(planned, columns: 2)
    }

    #if REGULUS_FFMPEG
        /// Clips and encoders in small; a batch as large as the smallest source domain of the generated media.
        private func action(_ root: String, batch: Int) -> [String] {
            [
                "data.root=\(root)", "training.batch=\(batch)", "seeds=[1]", "data.frames=8", "data.flow-frames=4", "data.short-side=32", "data.crop=32",
                "data.flow-evaluation-crop=32", "model.encoders.video.width=8", "model.encoders.video.blocks=[1, 1, 1, 1]",
                "model.encoders.audio.width=4", "model.encoders.audio.blocks=[1, 1, 1, 1]", "model.encoders.flow.width=4",
                "model.encoders.flow.blocks=[1, 1, 1, 1]",
            ]
        }

        @Test("EPIC-Kitchens: all nine on four sets of modalities", arguments: [("", 3, 6), ("-single-source", 6, 3)])
        func epic(setting: String, columns: Int, batch: Int) throws {
            let folder = try MediaFolder()
            try MediaLayouts.epic(in: folder)
            check(try plan("epic-kitchens\(setting)-methods", action(folder.path, batch: batch)), columns: columns, variants: 4)
        }

        @Test("EPIC-Kitchens as a film for each segment: all nine")
        func epicFilms() throws {
            let folder = try MediaFolder()
            try MediaLayouts.epicFilms(in: folder)
            let overrides = action(folder.path, batch: 2) + ["sweep[model.modalities]=[[video, audio, flow]]"]
            check(try plan("epic-kitchens-methods", overrides), columns: 3)
        }

        @Test("HAC: all nine on four sets of modalities", arguments: [("", 3, 6), ("-single-source", 6, 3)])
        func hac(setting: String, columns: Int, batch: Int) throws {
            let folder = try MediaFolder()
            try MediaLayouts.hac(in: folder)
            check(try plan("hac\(setting)-methods", action(folder.path, batch: batch)), columns: columns, variants: 4)
        }
    #endif
}
