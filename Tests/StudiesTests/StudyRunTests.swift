import Datasets
import Foundation
import Networks
import Persistence
import Regularization
import Results
import Synchronization
import Tensors
import TestSupport
import Testing
import Weights

@testable import Studies
@testable import Training
@testable import TrainingSupport

@Suite("Running a study in a folder")
struct StudyRunTests {
    private let cells = [Sample.cell("Fusion", [Sample.plan()], seeds: [1, 2])]

    /// How many trials of a second run were taken from the folder.
    private func restored(_ cells: [Cell], in folder: RunFolder) throws -> Int {
        let last = Mutex(0)
        try Sample.run(cells, in: folder) { event in
            if case .trial(_, let progress) = event { last.withLock { $0 = progress.restored } }
        }
        return last.withLock(\.self)
    }

    @Test("a finished trial is taken from the folder, to the byte")
    func reused() throws {
        let folder = try TemporaryFolder()
        let first = try Sample.run(cells, in: folder.run)
        let bytes = try Data(contentsOf: folder.run.result(first[0].key))
        #expect(try restored(cells, in: folder.run) == 2)
        #expect(try Sample.run(cells, in: folder.run) == first)
        #expect(try Data(contentsOf: folder.run.result(first[0].key)) == bytes)
    }

    @Test("a changed plan is run again")
    func changed() throws {
        let folder = try TemporaryFolder()
        try Sample.run(cells, in: folder.run)
        let changed = [Sample.cell("Fusion", [Sample.plan { $0.learningRate = 0.02 }], seeds: [1, 2])]
        #expect(try restored(changed, in: folder.run) == 0)
        #expect(try restored(changed, in: folder.run) == 2)
    }

    @Test("a seed that is added is trained beside those that are there")
    func added() throws {
        let folder = try TemporaryFolder()
        try Sample.run(cells, in: folder.run)
        #expect(try restored([Sample.cell("Fusion", [Sample.plan()], seeds: [1, 2, 3])], in: folder.run) == 2)
    }

    @Test("a damaged result is run again", arguments: [Damage.cutOff, .empty, .otherJSON, .missing])
    func damaged(_ damage: Damage) throws {
        let folder = try TemporaryFolder()
        let first = try Sample.run(cells, in: folder.run)
        let file = folder.run.result(first[0].key)
        try damage.apply(to: file)
        #expect(try restored(cells, in: folder.run) == 1)
        #expect(try ResultCoding.value(TrialResult.self, from: Data(contentsOf: file)).timeless == first[0].timeless)
    }

    enum Damage: CaseIterable {
        case cutOff, empty, otherJSON, missing

        func apply(to file: URL) throws {
            switch self {
            case .cutOff:
                let bytes = try Data(contentsOf: file)
                try bytes.prefix(bytes.count / 2).write(to: file)
            case .empty: try Data().write(to: file)
            case .otherJSON: try Data("[1, 2]".utf8).write(to: file)
            case .missing: try FileManager.default.removeItem(at: file)
            }
        }
    }

    @Test("a trial that fails is reported with its term and step, and the others go on")
    func failure() throws {
        let folder = try TemporaryFolder()
        let broken = Sample.plan([TermPlan("breaking", options: ["step": .integer(3)])])
        let failed = Mutex(0)
        let results = try Sample.run([Sample.cell("Broken", [broken])] + cells, in: folder.run) { event in
            if case .trial(_, let progress) = event { failed.withLock { $0 = progress.failed } }
        }
        #expect(results.map(\.key.row) == ["Broken", "Fusion", "Fusion"])
        #expect(results[0].status == .failed(term: "breaking", step: 3, message: "the loss became nan"))
        #expect(results[1...].allSatisfy { $0.status == .finished && $0.targetScore != nil })
        #expect(failed.withLock(\.self) == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.run.checkpoint(results[0].key).path))
    }

    @Test("a failed trial leaves no model of an earlier plan behind, and is tried again")
    func failureAfterSuccess() throws {
        let folder = try TemporaryFolder()
        let key = try Sample.run(cells, in: folder.run)[0].key
        let broken = [Sample.cell("Fusion", [Sample.plan([TermPlan("breaking")])])]
        #expect(try restored(broken, in: folder.run) == 0)
        #expect(!FileManager.default.fileExists(atPath: folder.run.checkpoint(key).path))
        #expect(try restored(broken, in: folder.run) == 0)
    }

    @Test("every trial leaves its metrics, its model and its result")
    func files() throws {
        let folder = try TemporaryFolder()
        let results = try Sample.run(cells, in: folder.run)
        #expect(!results.isEmpty)
        for result in results {
            let lines = try String(contentsOf: folder.run.metrics(result.key), encoding: .utf8).split(separator: "\n")
            #expect(try lines.map { try ResultCoding.value(EpochRecord.self, from: Data($0.utf8)) } == result.epochs)
            #expect(try ResultCoding.value(TrialResult.self, from: Data(contentsOf: folder.run.result(result.key))) == result)
            #expect(FileManager.default.fileExists(atPath: folder.run.checkpoint(result.key).path))
        }
    }

    @Test("a folder that cannot be written to ends the study with the system's reason")
    func unwritable() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("file")
        try Data().write(to: file)
        #expect(throws: FileFault.self) { try Sample.run(cells, in: RunFolder(file)) }
    }

    @Test("progress counts to the total, rehearsals included")
    func progress() throws {
        let folder = try TemporaryFolder()
        let plans = [Sample.plan(), Sample.plan { $0.learningRate = 0.1 }]
        let seen = Mutex<[StudyProgress]>([])
        try Sample.run([Sample.cell("Tuned", plans, seeds: [1, 2])], in: folder.run) { event in
            seen.withLock { $0.append(event.progress) }
        }
        let all = seen.withLock(\.self)
        #expect(all.allSatisfy { $0.total == 4 && $0.finished <= 4 })
        #expect(all.last?.finished == 4)
        #expect(all.last?.running.isEmpty == true)
        #expect(all.contains { $0.running.contains { $0.fraction == 0.5 } })
    }

    @Test("one worker and two workers give the same results and the same bytes of checkpoints")
    func workers() throws {
        let terms = [TermPlan("mer"), TermPlan("dropout"), TermPlan("noise")]
        let cells = [Sample.cell("Fusion", [Sample.plan()], seeds: [1, 2]), Sample.cell("+ MER", [Sample.plan(terms)], seeds: [1, 2])]
        let (one, two) = (try TemporaryFolder(), try TemporaryFolder())
        let first = try Sample.run(cells, in: one.run, workers: 1)
        let second = try Sample.run(cells, in: two.run, workers: 2)
        #expect(first.map(\.timeless) == second.map(\.timeless))
        for result in first {
            let bytes = try Data(contentsOf: one.run.checkpoint(result.key))
            #expect(try bytes == Data(contentsOf: two.run.checkpoint(result.key)))
            #expect(try Data(contentsOf: one.run.metrics(result.key)) == Data(contentsOf: two.run.metrics(result.key)))
        }
    }

    @Test("a checkpoint loads into a new model, which has the reported accuracy")
    func checkpoint() throws {
        let folder = try TemporaryFolder()
        let plan = Sample.plan([TermPlan("mer", at: .projection)]) { $0.epochs = 3 }
        let result = try Sample.run([Sample.cell("row", [plan])], in: folder.run)[0]
        let file = try SafetensorsFile(folder.run.checkpoint(result.key).path)
        #expect(file.metadata["plan"] == plan.hash)
        let trainer = try plan.makeTrainer(
            facts: Sample.dataset().facts, components: Sample.components(), random: RandomSource(seed: 9), stepsPerEpoch: 1)
        let tensors = try file.tensors()
        try trainer.model.load(tensors.filter { !$0.key.hasPrefix("regularizers.") })
        let owned = tensors.filter { $0.key.hasPrefix("regularizers.") }.map { (String($0.key.dropFirst(13)), $0.value) }
        #expect(!owned.isEmpty)
        try trainer.regularizers.parts.load(Dictionary(uniqueKeysWithValues: owned))

        #expect(try trainer.evaluate(on: [targetBatch(of: plan)]).value == result.targetScore)
    }

    /// What a trial of the plan is measured on, as one batch.
    private func targetBatch(of plan: TrialPlan) throws -> Batch {
        let data = try Sample.dataset()
        let split = try plan.makeSplit(of: data)
        let standardization = try Standardization(plan.standardization, of: data, rows: split.training)
        let rows = split.target.rows
        let inputs = try ["m1", "m2"].map { (Modality($0), standardization(try data.inputs(rows, modality: $0), modality: $0)) }
        return Batch(
            inputs: Inputs(Dictionary(uniqueKeysWithValues: inputs)), targets: .classes(rows.map { data.labels[$0] }, of: data.facts.classes.count),
            domains: [])
    }

    @Test("a training that starts from a checkpoint has its encoders before the first step, and with its fusion scores as it did")
    func startingFromACheckpoint() throws {
        let folder = try TemporaryFolder()
        let first = try Sample.run([Sample.cell("row", [Sample.plan()])], in: folder.run)[0]
        let path = folder.run.checkpoint(first.key).path
        let trained = try SafetensorsFile(path).tensors()
        let plan = Sample.plan { plan in
            guard case .assembled(var encoders, let fusion) = plan.model else { return }
            for modality in encoders.keys { encoders[modality]?.options["weights"] = .string(path) }
            plan.model = .assembled(encoders: encoders, fusion: fusion)
        }
        let trainer = try plan.makeTrainer(
            facts: Sample.dataset().facts, components: Sample.components(), random: RandomSource(seed: 9), stepsPerEpoch: 1)
        for (name, value) in trainer.model.state() where value.elementCount > 1 && !name.hasSuffix("bias") {
            #expect((value.values == trained[name]?.values) == name.hasPrefix("encoders."), "\(name)")
        }
        try trainer.model.load(trained)
        #expect(try trainer.evaluate(on: [targetBatch(of: plan)]).value == first.targetScore)
        let second = try Sample.run([Sample.cell("row", [plan])], in: TemporaryFolder().run)[0]
        #expect(second.status == .finished && second.plan != first.plan)
    }
}
