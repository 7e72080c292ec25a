import Foundation
import Persistence
import Regularization
import Results
import Synchronization
import TestSupport
import Testing

@testable import Studies
@testable import Training
@testable import TrainingSupport

@Suite("Several workers on one folder, and a study that is stopped")
struct SharedFolderTests {
    private let cells = [
        Sample.cell("Fusion", [Sample.plan(), Sample.plan { $0.learningRate = 0.1 }], seeds: [1, 2, 3]),
        Sample.cell("+ MER", [Sample.plan([TermPlan("mer")])], seeds: [1, 2, 3]),
    ]

    private func study(_ cells: [Cell], in folder: RunFolder, workers: Int = 1, stop: StopRequest = StopRequest()) throws -> StudyRun {
        var timing = StudyTiming()
        timing.polling = .milliseconds(20)
        return StudyRun(
            cells: StudyCells(cells), folder: folder, components: try Sample.components(), pool: WorkerPool(workers: workers, threadsPerWorker: 1),
            datasets: [Sample.data: try Sample.dataset()], timing: timing, stop: stop)
    }

    /// Runs and counts the trainings of its own.
    private func run(_ study: StudyRun) throws -> (results: [TrialResult], trained: Int) {
        let last = Mutex(StudyProgress(total: 0))
        let results = try study.run { event in
            switch event {
            case .progress(let progress), .epoch(_, let progress), .trial(_, let progress): last.withLock { $0 = progress }
            }
        }
        return (results, last.withLock { $0.finished - $0.restored })
    }

    @Test("no training is done twice, and each worker ends with all results", arguments: [1, 2])
    func twoStudies(_ workers: Int) throws {
        let folder = try TemporaryFolder()
        let studies = try (0..<3).map { _ in try study(cells, in: folder.run, workers: workers) }
        let outcomes = Mutex<[(results: [TrialResult], trained: Int)]>([])
        DispatchQueue.concurrentPerform(iterations: studies.count) { index in
            if let outcome = try? run(studies[index]) { outcomes.withLock { $0.append(outcome) } }
        }
        let all = outcomes.withLock { $0 }
        #expect(all.count == 3)
        // Two candidates are rehearsed once each.
        #expect(all.reduce(0) { $0 + $1.trained } == 8)
        #expect(all.allSatisfy { $0.results == all[0].results })
        #expect(all[0].results.map(\.key.seed) == [1, 2, 3, 1, 2, 3])
    }

    @Test("a trial that has failed at another worker is not tried again while the study runs")
    func failure() throws {
        let folder = try TemporaryFolder()
        let broken = [Sample.cell("Broken", [Sample.plan([TermPlan("breaking")])])]
        // This one has begun before the other, which fails.
        let worker = StudyWorker(try study(broken, in: folder.run), journal: StudyJournal(trials: 1, rehearsals: 0) { _ in })
        let failed = try study(broken, in: folder.run).run()
        #expect(!failed[0].isFinished)
        // A trial that is run again takes another time.
        #expect(try worker.train(StudyCells(broken).groups[0], seed: 1)[0]?.result == failed[0])
    }

    @Test("a stop saves what is running; the next run goes on from there and ends with the same results")
    func stop() throws {
        let (folder, whole) = (try TemporaryFolder(), try TemporaryFolder())
        let long = [Sample.cell("+ MER", [Sample.plan([TermPlan("mer"), TermPlan("noise")]) { $0.epochs = 6 }], seeds: [1, 2, 3])]
        let request = StopRequest()
        let stopped = #expect(throws: StudyStopped.self) {
            try study(long, in: folder.run, stop: request).run { event in
                // In the third epoch of the second trial.
                if case .epoch(let training, let progress) = event, progress.finished == 1, training.fraction == 0.5 { request.ask() }
            }
        }
        #expect(stopped == StudyStopped(finished: 1, total: 3))
        let saves = ResumeFolder(folder.run.resume(long[0].key(seed: 2)), origin: SavedOrigin(plan: seeded(long, 2)))
        #expect(saves.steps == [16])
        let rest = try study(long, in: folder.run).run()
        #expect(try rest.map(\.timeless) == study(long, in: whole.run).run().map(\.timeless))
        for result in rest {
            #expect(try Data(contentsOf: folder.run.checkpoint(result.key)) == Data(contentsOf: whole.run.checkpoint(result.key)))
            #expect(!Folder.exists(folder.run.resume(result.key).path))
        }
    }

    private func seeded(_ cells: [Cell], _ seed: Int) -> TrialPlan {
        var plan = cells[0].candidates[0].plan
        plan.seed = seed
        return plan
    }

    @Test("a request from before the start trains nothing")
    func stopAtOnce() throws {
        let (folder, request) = (try TemporaryFolder(), StopRequest())
        request.ask()
        #expect(throws: StudyStopped(finished: 0, total: 8)) { try study(cells, in: folder.run, stop: request).run() }
    }

    @Test("a save that cannot be written ends the study with the system's reason, and keeps what is finished")
    func unwritable() throws {
        let folder = try TemporaryFolder()
        let keys = [1, 2].map { cells[1].key(seed: $0) }
        try Folder.create(folder.run.trial(keys[1]).path)
        try Data().write(to: folder.run.resume(keys[1]))
        var timing = StudyTiming()
        timing.saving = .zero
        let study = StudyRun(
            cells: [cells[1]], folder: folder.run, components: try Sample.components(), pool: WorkerPool(workers: 1, threadsPerWorker: 1),
            datasets: [Sample.data: try Sample.dataset()], timing: timing)
        #expect(throws: FileFault.self) { try study.run() }
        #expect(FileManager.default.fileExists(atPath: folder.run.result(keys[0]).path))
        #expect(!FileManager.default.fileExists(atPath: folder.run.result(keys[1]).path))
    }
}
