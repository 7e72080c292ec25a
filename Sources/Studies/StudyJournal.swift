import Foundation
import Results
import Synchronization
import Training

/// What happens while a study runs.
package enum StudyEvent: Sendable {
    /// A training began, or a rehearsal ended.
    case progress(StudyProgress)
    /// A training completed an epoch, the last of its `epochs`. A resumed training reports its earlier
    /// epochs again.
    case epoch(RunningTraining, StudyProgress)
    /// A trial ended, or was found in the run folder.
    case trial(TrialResult, StudyProgress)

    /// How far the study has come.
    package var progress: StudyProgress {
        switch self {
        case .progress(let progress), .epoch(_, let progress), .trial(_, let progress): progress
        }
    }
}

/// Keeps count of a study's jobs over all threads, and the first error that ends it.
final class StudyJournal: Sendable {
    private struct State {
        var progress: StudyProgress
        /// Trials by the number at which their training began.
        var running: [(number: Int, training: RunningTraining)] = []
        var begun = 0
        var error: (any Error)?
    }

    private let state: Mutex<State>
    private let started = ContinuousClock.now
    private let observer: @Sendable (StudyEvent) -> Void

    init(trials: Int, rehearsals: Int, observer: @escaping @Sendable (StudyEvent) -> Void) {
        state = Mutex(State(progress: StudyProgress(total: trials + rehearsals, rehearsals: rehearsals)))
        self.observer = observer
    }

    /// Trains, and reports every epoch.
    ///
    /// - Parameters:
    ///   - trials: those that the training serves.
    ///   - body: the training; it is given a function to call after every epoch with each trial's
    ///     record, nil for a trial that has failed.
    func following<Value>(_ trials: [RunningTraining], _ body: (_ onEpoch: ([EpochRecord?]) -> Void) throws -> Value) rethrows -> Value {
        let number = state.withLock { state in
            state.begun += 1
            for var trial in trials {
                trial.times = TrialTimes(started: Date().timeIntervalSince1970)
                state.running.append((state.begun, trial))
            }
            observer(.progress(progress(of: &state)))
            return state.begun
        }
        // The end of a training and the count of its trials are reported as one event.
        defer { state.withLock { $0.running.removeAll { $0.number == number } } }
        return try body { records in
            state.withLock { state in
                let places = state.running.indices.filter { state.running[$0].number == number }
                for (place, record) in zip(places, records) {
                    guard let record else { continue }
                    state.running[place].training.epochs.append(record)
                    state.running[place].training.times?.epochs.append(Date().timeIntervalSince1970)
                }
                for (place, record) in zip(places, records) where record != nil {
                    observer(.epoch(state.running[place].training, progress(of: &state)))
                }
            }
        }
    }

    /// - Parameter result: a trial's result; nil for a rehearsal.
    func finish(result: TrialResult?, isFailed: Bool, isRestored: Bool) {
        state.withLock { state in
            state.progress.finished += 1
            state.progress.failed += isFailed ? 1 : 0
            state.progress.restored += isRestored ? 1 : 0
            state.progress.finishedRehearsals += result == nil ? 1 : 0
            let progress = progress(of: &state)
            observer(result.map { .trial($0, progress) } ?? .progress(progress))
        }
    }

    /// A trial turned out not to be needed.
    func leaveOut() {
        state.withLock { state in
            state.progress.total -= 1
            observer(.progress(progress(of: &state)))
        }
    }

    private func progress(of state: inout State) -> StudyProgress {
        state.progress.elapsed = started.duration(to: .now) / .seconds(1)
        state.progress.running = state.running.map(\.training)
        return state.progress
    }

    /// The progress so far.
    var progress: StudyProgress { state.withLock(\.progress) }

    /// Whether an error has ended the study, so that running trials save and end too.
    var hasEnded: Bool { state.withLock { $0.error != nil } }

    /// Runs jobs on a pool. After an error no further job is started.
    ///
    /// - Throws: the first error.
    func run(_ jobs: [@Sendable () throws -> JobOutcome], on pool: WorkerPool, polling: Duration) throws {
        pool.run(
            jobs.map { job in
                {
                    guard !self.hasEnded else { return .done }
                    do {
                        return try job()
                    } catch {
                        self.state.withLock { $0.error = $0.error ?? error }
                        return .done
                    }
                }
            }, polling: polling)
        if let error = state.withLock(\.error) { throw error }
    }
}
