import Datasets
import Foundation
import Persistence
import Results
import Synchronization
import Tensors
import Weights

/// Runs every cell of a study: first the rehearsals that tuning needs, then the trials, on all workers.
///
/// A trial whose result is already in the run folder, from exactly the same plan, is taken from there. A running one is saved from time to
/// time, so that a run that was killed goes on where it stood. Any number of processes may share a folder: each trial is claimed before
/// it is trained, and results of others are taken when they are there.
package struct StudyRun: Sendable {
    package let cells: [Cell]
    package let folder: RunFolder
    package let components: Components
    package let pool: WorkerPool
    /// The opened data sets, by the plan that names them.
    package let datasets: [ComponentPlan: any Dataset]

    package let timing: StudyTiming
    package let stop: StopRequest
    /// Where outputs of frozen stems are stored.
    package let stems: URL

    package init(
        cells: [Cell], folder: RunFolder, components: Components, pool: WorkerPool, datasets: [ComponentPlan: any Dataset],
        timing: StudyTiming = StudyTiming(), stop: StopRequest = StopRequest(), stems: URL? = nil
    ) {
        self.cells = cells
        self.folder = folder
        self.components = components
        self.pool = pool
        self.datasets = datasets
        self.timing = timing
        self.stop = stop
        self.stems = stems ?? folder.stems
    }

    /// - Parameter observer: told about everything that happens, from any thread, one call at a time.
    /// - Throws: `StudyStopped` where `stop` was asked, else the first error that was not a trial's own: a file that cannot be written,
    ///   data that cannot be read. What was running has been saved then, as far as that was possible.
    package func run(observer: @escaping @Sendable (StudyEvent) -> Void = { _ in }) throws -> [TrialResult] {
        let rehearsals = cells.map(Rehearsal.all)
        let total = rehearsals.reduce(0) { $0 + $1.count } + cells.reduce(0) { $0 + $1.seeds.count }
        let journal = StudyJournal(total: total, observer: observer)
        let worker = StudyWorker(self, journal: journal, rehearsals: rehearsals)
        let scores = rehearsals.map { Slots<RehearsalScores>(count: $0.count) }
        let results = cells.map { Slots<TrialResult>(count: $0.seeds.count) }

        let rehearsalJobs = cells.indices.flatMap { cell in
            rehearsals[cell].indices.map { index -> @Sendable () throws -> JobOutcome in
                {
                    guard let value = try worker.rehearse(rehearsals[cell][index], of: cells[cell]) else { return .waiting }
                    scores[cell].set(value, at: index)
                    return .done
                }
            }
        }
        let trialJobs = cells.indices.flatMap { cell in
            cells[cell].seeds.indices.map { index -> @Sendable () throws -> JobOutcome in
                {
                    guard let known = scores[cell].complete else { return .waiting }
                    let outcomes = zip(rehearsals[cell], known).map { (rehearsal: $0, scores: $1) }
                    let choice = TuningChoice.choose(in: cells[cell], from: outcomes)
                    let scores = TuningChoice.scores(in: cells[cell], from: outcomes)
                    guard let value = try worker.train(cells[cell], choice, from: scores, seed: cells[cell].seeds[index]) else {
                        return .waiting
                    }
                    results[cell].set(value, at: index)
                    return .done
                }
            }
        }
        try journal.run(rehearsalJobs + trialJobs, on: pool, polling: timing.polling)
        return results.flatMap { $0.complete ?? [] }
    }
}

/// A study was asked to stop; the same run goes on from what it has saved.
package struct StudyStopped: Error, Hashable {
    /// Trials and rehearsals that are done.
    package let finished: Int
    package let total: Int
}
