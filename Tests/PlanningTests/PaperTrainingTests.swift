import Foundation
import Recipes
import Results
import Tensors
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

#if REGULUS_FFMPEG
    import MediaSupport

    /// Encoders and clips so small that a training takes a second.
    private enum Small {
        static let settings = [
            "training.epochs=1", "training.batch=4", "seeds=[1]",
            "data.frames=8", "data.flow-frames=4", "data.short-side=32", "data.crop=32", "data.flow-evaluation-crop=32",
            "model.encoders.video.width=8", "model.encoders.video.blocks=[1, 1, 1, 1]", "model.encoders.audio.width=4",
            "model.encoders.audio.blocks=[1, 1, 1, 1]", "model.encoders.flow.width=4", "model.encoders.flow.blocks=[1, 1, 1, 1]",
        ]
        static let methods = [
            "variables.heads=[16]", "variables.projection-width=8", "variables.translation-width=16", "variables.average-after=0",
        ]

        /// The planned of a table's recipe on a folder of data, for the first held-out domain of each row alone.
        static func planned(_ name: String, root: String, overrides: [String] = []) throws -> PlannedStudy {
            let text = try PaperRecipes.text(name)
            let hasMethods = text.contains("frameworks.yaml") || text.contains("single-source.yaml")
            return try Sample.planned(
                text, file: PaperRecipes.path(name),
                overrides: settings + (hasMethods ? methods : []) + ["data.root=\(root)"] + overrides)
        }

        /// Trains one cell, untuned.
        static func train(_ cell: Cell, of planned: PlannedStudy) throws -> TrialResult {
            Threads.use(1)
            let plan = cell.candidates[0].plan
            let data = try #require(planned.datasets[plan.data])
            return try Trial(plan, key: cell.key(seed: 1), dataset: data, components: Sample.components()).run().result
        }
    }

    /// Expectations that hold of any training of a step or two.
    private func check(_ result: TrialResult, steps: Int) throws {
        #expect(result.status == .finished && result.steps == steps)
        let epoch = try #require(result.epochs.first)
        #expect(epoch.trainingLoss.isFinite && epoch.terms.values.allSatisfy(\.isFinite))
        #expect(result.sourceValidationScore != nil && result.targetScore != nil)
    }

    @Suite("Table 13's comparison trains on generated media in the layouts of both benchmarks")
    struct PaperTrainingTests {
        private static let overrides = ["training.batch=3", "model.modalities=[video, audio, flow]"]

        @Test("EPIC-Kitchens: two steps with MER on all three modalities")
        func epic() throws {
            let folder = try MediaFolder()
            try MediaLayouts.epic(in: folder)
            let planned = try Small.planned("epic-kitchens/table13.yaml", root: folder.path, overrides: Self.overrides)
            let cell = try #require(planned.cells.last)
            #expect(cell.row == "+ MER" && cell.target == "D3")
            let result = try Small.train(cell, of: planned)
            withExtendedLifetime(folder) {}
            try check(result, steps: 2)
            #expect(Set(result.epochs[0].terms.keys).isSuperset(of: ["mer"]))
        }

        @Test("HAC: two steps with MER on all three modalities")
        func hac() throws {
            let folder = try MediaFolder()
            try MediaLayouts.hac(in: folder)
            let planned = try Small.planned("hac/table13.yaml", root: folder.path, overrides: Self.overrides)
            let cell = try #require(planned.cells.last)
            #expect(cell.row == "+ MER" && cell.target == "cartoon")
            #expect(planned.settings.notices.count == 1)
            #expect(planned.settings.notices.first?.hasPrefix("No weights are given for the encoders of video, audio, flow:") == true)
            #expect(planned.settings.variants[0].protocolText.hasSuffix("the data set's split says which of their samples are validation"))
            let result = try Small.train(cell, of: planned)
            withExtendedLifetime(folder) {}
            try check(result, steps: 2)
        }
    }

    @Suite(
        "The recipes of the paper's tables train on the exact layouts",
        .enabled(
            if: ProcessInfo.processInfo.environment["REGULUS_LAYOUTS"] != nil,
            "set REGULUS_LAYOUTS to the folder with the layouts of EPIC-Kitchens and HAC"))
    struct PaperLayoutTests {
        private let layouts = ProcessInfo.processInfo.environment["REGULUS_LAYOUTS"] ?? ""

        @Test("each is checked as a whole, and the last row of its last variant trains", arguments: PaperRecipes.names)
        func trains(_ name: String) throws {
            let root = "\(layouts)/\(name.hasPrefix("hac") ? "hac" : "epic")"
            let planned = try Small.planned(name, root: root)
            #expect(Set(planned.cells.map(\.row)) == Set(planned.settings.rows))
            #expect(planned.settings.expected != nil || ["hac/table13.yaml", "epic-kitchens/table7.yaml"].contains(name))
            let cell = try #require(planned.cells.last)
            let isSingleSource = cell.candidates[0].plan.sources.count == 1
            try check(try Small.train(cell, of: planned), steps: isSingleSource ? 1 : 2)
        }
    }
#endif
