import Configuration
import Datasets
import Foundation
import Persistence
import Regularization
import Results
import Selection
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Studies
@testable import Training
@testable import TrainingSupport

/// A data set whose samples of one domain have infinite values, of which no model can make a prediction.
private struct Infinite: Dataset {
    let base: any Dataset
    let domain: Int

    var facts: DatasetFacts { base.facts }
    var domains: [Int] { base.domains }
    var labels: [Int] { base.labels }

    func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        let mask = Tensor(rows.map { domains[$0] == domain ? 1 : 0 }, shape: [rows.count, 1])
        return Tensor.select(mask, Tensor(.infinity), try base.inputs(rows, modality: modality))
    }
}

@Suite("Trials that differ in their target alone")
struct SharedTrainingTests {
    /// A world of four domains that shows a held-out domain differently from a source.
    private static let world = ComponentPlan(
        "co-occurrence",
        options: ["classes": .integer(4), "samples": .integer(48), "domains": .integer(4), "target-cue": .string("randomized")])

    private static func plan(target: Int, _ change: (inout TrialPlan) -> Void = { _ in }) -> TrialPlan {
        Sample.plan([TermPlan("mer"), TermPlan("noise")]) { plan in
            (plan.data, plan.sources, plan.targets, plan.batching) = (world, [0], [target], .shuffled)
            change(&plan)
        }
    }

    private static func cell(
        target: Int, seeds: [Int] = [1, 2], rates: [Double] = [0.01], variant: [String: String] = [:], _ change: (inout TrialPlan) -> Void = { _ in }
    ) -> Cell {
        let candidates = rates.map { rate in
            Candidate(
                values: rates.count > 1 ? [ChosenValue(path: "rate", value: "\(rate)")] : [],
                plan: plan(target: target) { plan in
                    plan.learningRate = rate
                    change(&plan)
                })
        }
        return Cell(
            row: "+ MER", target: "d1 → d\(target + 1)", variant: variant, repetition: [:], candidates: candidates, seeds: seeds,
            tuning: TuningRule(seeds: [1]))
    }

    /// One source, and all other domains to measure.
    private static let cells = [1, 2, 3].map { cell(target: $0) }

    private static func study(
        _ cells: [Cell], in folder: RunFolder, workers: Int = 1, dataset: (any Dataset)? = nil, stop: StopRequest = StopRequest()
    ) throws -> StudyRun {
        var timing = StudyTiming()
        timing.polling = .milliseconds(20)
        let data = try dataset ?? DatasetRegistry.standard().make(world.name, options: world.options)
        return StudyRun(
            cells: StudyCells(cells), folder: folder, components: try Sample.components(), pool: WorkerPool(workers: workers, threadsPerWorker: 1),
            datasets: [world: data], timing: timing, stop: stop)
    }

    /// Runs a study and counts what it trains.
    private static func run(_ study: StudyRun) throws -> (results: [TrialResult], begun: [BegunTrial]) {
        let begun = Mutex<[BegunTrial]>([])
        var study = study
        study.onTrial = { trial in if let trial { begun.withLock { $0.append(trial) } } }
        return (try study.run(), begun.withLock(\.self))
    }

    private func expectEqual(_ results: [TrialResult], in folder: RunFolder, _ others: [TrialResult], in other: RunFolder) throws {
        #expect(results.map(\.timeless) == others.map(\.timeless))
        for result in results where result.isFinished {
            #expect(try Data(contentsOf: folder.checkpoint(result.key)) == Data(contentsOf: other.checkpoint(result.key)))
            #expect(try Data(contentsOf: folder.metrics(result.key)) == Data(contentsOf: other.metrics(result.key)))
        }
    }

    @Test("a training that cannot claim one of its trials keeps no claim on the others")
    func claims() throws {
        let folder = try TemporaryFolder()
        let places = Self.cells.map { folder.run.trial($0.key(seed: 1)).path }
        // A file, where the folder of the last trial belongs.
        try Folder.create(Folder.parent(of: places[2]))
        try AtomicFile.write("", to: places[2])
        #expect(throws: FileFault.self) { try Self.study(Self.cells, in: folder.run).run() }
        for place in places.prefix(2) { #expect(try Folder.names(in: place).isEmpty) }
    }

    @Test("are trained once for each seed, and have the bits of separate trainings in every file")
    func once() throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        let (shared, begun) = try Self.run(try Self.study(Self.cells, in: folder.run))
        #expect(begun.map { $0.trials.map(\.key) } == [1, 2].map { seed in Self.cells.map { $0.key(seed: seed) } })
        #expect(shared.map(\.key) == Self.cells.flatMap { cell in [1, 2].map { cell.key(seed: $0) } })
        #expect(Set(shared.map(\.training)).count == 2)
        let separate = try Self.cells.flatMap { cell in try Self.study([cell], in: other.run).run() }
        try expectEqual(shared, in: folder.run, separate, in: other.run)
        #expect(Set(shared.map(\.targetScore)).count > 2, "targets differ")
    }

    @Test("of several sources, other plans and other seeds have trainings of their own")
    func apart() {
        let others = [
            Self.cell(target: 1) { $0.sources = [0, 2] }, Self.cell(target: 3) { $0.sources = [0, 2] },
            Self.cell(target: 3) { $0.batch = 8 }, Self.cell(target: 3, seeds: [1]), Self.cell(target: 2, variant: ["domains": "d3"]),
        ]
        #expect(StudyCells(Self.cells + others).groups.map(\.places) == [[0, 1, 2, 7], [3, 4], [5], [6]])
    }

    @Test("a plan that two choices lead to is trained once; the other trial has the bits of a training of its own")
    func chosenAlike() throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        let cells = ["one", "another"].map { rule -> Cell in
            let model = Self.cell(target: 1, seeds: [1], rates: [0.01, 0.02])
            return Cell(
                row: model.row, target: model.target, variant: ["tuning.selection": rule], repetition: [:], candidates: model.candidates, seeds: [1],
                tuning: TuningRule(seeds: [1], fallback: rule))
        }
        let (results, begun) = try Self.run(try Self.study(cells, in: folder.run))
        #expect(begun.filter { !$0.isRehearsal }.flatMap(\.trials).map(\.key) == [cells[0].key(seed: 1)])
        #expect(begun.count(where: \.isRehearsal) == 2)
        let separate = try cells.flatMap { cell in try Self.study([cell], in: other.run).run() }
        try expectEqual(results, in: folder.run, separate, in: other.run)
        // Who looks again finds both.
        #expect(try Self.run(try Self.study(cells, in: folder.run)).begun.isEmpty)
    }

    @Test("a target that is added later is trained for alone, to the same bits; what is there stays to the byte")
    func added() throws {
        let (folder, whole) = (try TemporaryFolder(), try TemporaryFolder())
        let first = try Self.study([Self.cells[0], Self.cells[2]], in: folder.run).run()
        let bytes = try first.map { try Data(contentsOf: folder.run.result($0.key)) }
        let (results, begun) = try Self.run(try Self.study(Self.cells, in: folder.run))
        #expect(begun.map { $0.trials.map(\.key.target) } == [["d1 → d3"], ["d1 → d3"]])
        try expectEqual(results, in: folder.run, Self.study(Self.cells, in: whole.run).run(), in: whole.run)
        #expect(try first.map { try Data(contentsOf: folder.run.result($0.key)) } == bytes)
    }

    @Test("a training that was stopped goes on from its save, also where one of its trials has ended meanwhile", arguments: [nil, 0, 1, 2])
    func stopped(_ ended: Int?) throws {
        let (folder, whole) = (try TemporaryFolder(), try TemporaryFolder())
        let cells = [1, 2, 3].map { Self.cell(target: $0, seeds: [1]) { $0.epochs = 4 } }
        let undisturbed = try Self.study(cells, in: whole.run).run()
        let request = StopRequest()
        #expect(throws: StudyStopped(finished: 0, total: 3)) {
            try Self.study(cells, in: folder.run, stop: request).run { event in
                if case .epoch(let training, _) = event, training.epochs.count == 2 { request.ask() }
            }
        }
        #expect(FolderState(of: StudyCells(cells), in: folder.run).trials.map(\.status) == [.saved, .saved, .saved])
        if let ended {
            let key = cells[ended].key(seed: 1)
            for file in [folder.run.metrics, folder.run.checkpoint, folder.run.result].map({ $0(key) }) {
                let path = file.path.dropFirst(folder.url.path.count)
                try FileManager.default.copyItem(atPath: whole.url.path + path, toPath: file.path)
            }
        }
        let epochs = Mutex<[Int]>([])
        var told: [Int] = []
        let results = try Self.study(cells, in: folder.run).run { event in
            if case .epoch(let training, _) = event { epochs.withLock { $0.append(training.epochs.count) } }
        }
        told = epochs.withLock(\.self)
        #expect(told.filter { $0 == 1 }.count == (ended == nil ? 3 : 2), "epochs of before are told of again")
        try expectEqual(results, in: folder.run, undisturbed, in: whole.run)
        for cell in cells { #expect(!Folder.exists(folder.run.resume(cell.key(seed: 1)).path)) }
    }

    @Test("are rehearsed once for each candidate, and share the choice", arguments: [false, true])
    func tuned(_ holdsOutSources: Bool) throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        let leavingOut = try SelectionRegistry.standard().rule("leave-one-source-out")
        let cells = [2, 3].map { target in
            let cell = Self.cell(target: target, seeds: [1], rates: [0, 0.01]) { ($0.sources, $0.batching) = ([0, 1], .domainBalanced) }
            return Cell(
                row: cell.row, target: cell.target, variant: [:], repetition: [:], candidates: cell.candidates, seeds: cell.seeds,
                tuning: TuningRule(seeds: [1], selection: holdsOutSources ? leavingOut : .sourceValidation))
        }
        let (results, begun) = try Self.run(try Self.study(cells, in: folder.run))
        #expect(begun.count { $0.isRehearsal } == (holdsOutSources ? 4 : 2))
        #expect(begun.count { !$0.isRehearsal } == 1)
        #expect(results.map(\.chosen).allSatisfy { $0 == results[0].chosen } && results.allSatisfy { $0.candidates?.count == 2 })
        let state = FolderState(of: StudyCells(cells), in: folder.run)
        #expect(state.rehearsalCount == state.finishedRehearsals && state.count(.finished) == 2)
        let separate = try cells.flatMap { cell in try Self.study([cell], in: other.run).run() }
        try expectEqual(results, in: folder.run, separate, in: other.run)
    }

    @Test("no training is done twice by several workers on one folder, and each ends with all results", arguments: [1, 2])
    func workers(_ workers: Int) throws {
        let folder = try TemporaryFolder()
        let begun = Mutex<[BegunTrial]>([])
        let outcomes = Mutex<[[TrialResult]]>([])
        let studies = try (0..<3).map { _ in
            var study = try Self.study(Self.cells, in: folder.run, workers: workers)
            study.onTrial = { trial in if let trial { begun.withLock { $0.append(trial) } } }
            return study
        }
        DispatchQueue.concurrentPerform(iterations: 3) { index in
            if let results = try? studies[index].run() { outcomes.withLock { $0.append(results) } }
        }
        let all = outcomes.withLock(\.self)
        #expect(all.count == 3 && all.allSatisfy { $0 == all[0] })
        #expect(begun.withLock { $0.map { $0.trials.map(\.key.seed) } }.sorted { $0[0] < $1[0] } == [[1, 1, 1], [2, 2, 2]])
    }

    @Test("progress counts trials, each running one by its part, and tells of the training once")
    func progress() throws {
        let folder = try TemporaryFolder()
        let seen = Mutex<[StudyProgress]>([])
        _ = try Self.study(Self.cells, in: folder.run).run { event in seen.withLock { $0.append(event.progress) } }
        let all = seen.withLock(\.self)
        #expect(all.allSatisfy { $0.total == 6 } && all.last?.finished == 6 && all.last?.running.isEmpty == true)
        let running = try #require(all.first { $0.running.first?.fraction == 0.5 })
        #expect(running.running.count == 3 && running.trainings.count == 1)
        #expect(running.trainings.first?.keys.map(\.target) == Self.cells.map(\.target))
        #expect(all.contains { $0.finished == 0 && $0.fraction == 0.25 })
    }

    @Test("a target of which no prediction is finite fails its own trial and no other")
    func failure() throws {
        let folder = try TemporaryFolder()
        let cells = [1, 2, 3].map { Self.cell(target: $0, seeds: [1]) { $0.standardization = .none } }
        let data = Infinite(base: try DatasetRegistry.standard().make(Self.world.name, options: Self.world.options), domain: 2)
        let results = try Self.study(cells, in: folder.run, dataset: data).run()
        #expect(results.map(\.isFinished) == [true, false, true])
        #expect(results.map { FileManager.default.fileExists(atPath: folder.run.checkpoint($0.key).path) } == [true, false, true])
        #expect(results[1].epochs.count == 2 && results[1].targetScore == nil)
    }

    @Test("a training that fails is the failure of each")
    func brokenTraining() throws {
        let folder = try TemporaryFolder()
        let cells = [1, 2, 3].map { Self.cell(target: $0, seeds: [1]) { $0.regularizers = [TermPlan("breaking", options: ["step": .integer(3)])] } }
        let (results, begun) = try Self.run(try Self.study(cells, in: folder.run))
        #expect(results.map(\.status) == Array(repeating: .failed(term: "breaking", step: 3, message: "the loss became nan"), count: 3))
        #expect(begun.count == 1)
        #expect(FolderState(of: StudyCells(cells), in: folder.run).trials.map(\.status) == [.failed, .failed, .failed])
    }

    @Test("the process of a training that is gone is written down as the failure of each that has no result")
    func gone() throws {
        let folder = try TemporaryFolder()
        let cells = [1, 2, 3].map { Self.cell(target: $0, seeds: [1]) }
        let first = try Self.study([cells[0]], in: folder.run).run()[0]
        let trials = cells.map { BegunTrial.Trial(key: $0.key(seed: 1), plan: $0.candidates[0].plan.hash) }
        let begun = BegunTrial(trials: trials, isRehearsal: false)
        let failed = try begun.fail(term: "mer", step: 3, message: "crashed", epochs: { _ in [] }, in: folder.run)
        #expect(failed == cells[1...].map { $0.key(seed: 1) })
        var study = try Self.study(cells, in: folder.run)
        study.keepsFailures = true
        let results = try study.run()
        #expect(results[0] == first)
        #expect(results[1...].allSatisfy { $0.status == .failed(term: "mer", step: 3, message: "crashed") })
    }
}
