import Datasets
import Foundation
import Persistence
import Results
import Synchronization
import Tensors
import Training
import Weights

/// Runs every cell of a study: first the rehearsals that tuning needs, then the trials, on all workers.
///
/// A trial whose result is already in the run folder, from exactly the same plan, is taken from there.
/// A running one is saved from time to time, so that a run that was killed continues where it stopped.
/// Any number of processes may share a folder: each trial is claimed before it is trained, and results
/// of others are taken when they are there.
package struct StudyRun: Sendable {
    package let cells: StudyCells
    package let folder: RunFolder
    package let components: Components
    package let pool: WorkerPool
    /// The opened data sets, by the plan that names them.
    package let datasets: [ComponentPlan: any Dataset]

    package let timing: StudyTiming
    package let stop: StopRequest
    /// Where outputs of frozen stems are stored.
    package let stems: URL
    /// Results that have been read already.
    package var known = KnownResults()
    /// Whether a failed result that is in the folder stands; else its trial is tried again.
    package var keepsFailures = false
    /// Called with every trial before it begins, and with nil when it has ended.
    package var onTrial: @Sendable (BegunTrial?) -> Void = { _ in }
    /// Whether finished results of other plans are kept beside the new ones; else they are replaced.
    package var keepsOtherPlans = true
    /// Whether this only waits for the results of others, and trains nothing.
    package var isFollowing = false

    package init(
        cells: StudyCells, folder: RunFolder, components: Components, pool: WorkerPool, datasets: [ComponentPlan: any Dataset],
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

    var store: RunStore { RunStore(folder, known: known) }

    /// - Parameter observer: told about everything that happens, from any thread, one call at a time.
    /// - Throws: `StudyStopped` where `stop` was asked, else the first error that was not a trial's own: a file that cannot be written,
    ///   data that cannot be read. What was running has been saved then, as far as that was possible.
    package func run(observer: @escaping @Sendable (StudyEvent) -> Void = { _ in }) throws -> [TrialResult] {
        let jobs = StudyJobs(self, observer: observer)
        try jobs.journal.run(jobs.all, on: pool, polling: timing.polling)
        return jobs.results
    }
}

/// A study was asked to stop; the same run continues from what it has saved.
package struct StudyStopped: Error, Hashable {
    /// Trials and rehearsals that are done.
    package let finished: Int
    package let total: Int
}
