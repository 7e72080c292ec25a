import Foundation
import Results
import Synchronization

/// What happens while a study runs.
package enum StudyEvent: Sendable {
    /// A trial or rehearsal went on by an epoch or ended.
    case progress(StudyProgress)
    /// A trial ended, or was found in the run folder.
    case trial(TrialResult, StudyProgress)
}

/// How far a study has come; rehearsals count as trials here.
package struct StudyProgress: Sendable, Hashable {
    package var finished = 0
    package var total: Int
    package var failed = 0
    package var restored = 0
    /// Trials that are being trained, with the share of their epochs that is done.
    package var running: [TrialKey: Double] = [:]
    /// Seconds since the study started.
    package var elapsed = 0.0
}

/// Keeps count of a study's jobs over all threads, and the first error that ends it.
final class StudyJournal: Sendable {
    private struct State {
        var progress: StudyProgress
        var error: (any Error)?
    }

    private let state: Mutex<State>
    private let started = ContinuousClock.now
    private let observer: @Sendable (StudyEvent) -> Void

    init(total: Int, observer: @escaping @Sendable (StudyEvent) -> Void) {
        state = Mutex(State(progress: StudyProgress(total: total)))
        self.observer = observer
    }

    func advance(_ key: TrialKey, to epoch: Int, of epochs: Int) {
        update { progress in
            progress.running[key] = Double(epoch) / Double(epochs)
            return nil
        }
    }

    /// - Parameter result: a trial's result; nil for a rehearsal.
    func finish(_ key: TrialKey, result: TrialResult?, isFailed: Bool, isRestored: Bool) {
        update { progress in
            progress.running[key] = nil
            progress.finished += 1
            progress.failed += isFailed ? 1 : 0
            progress.restored += isRestored ? 1 : 0
            return result
        }
    }

    private func update(_ body: (inout StudyProgress) -> TrialResult?) {
        state.withLock { state in
            let result = body(&state.progress)
            state.progress.elapsed = started.duration(to: .now) / .seconds(1)
            observer(result.map { .trial($0, state.progress) } ?? .progress(state.progress))
        }
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

/// Values that many threads put into their places.
final class Slots<Value: Sendable>: Sendable {
    private let values: Mutex<[Value?]>

    init(count: Int) { values = Mutex(Array(repeating: nil, count: count)) }

    func set(_ value: Value, at index: Int) { values.withLock { $0[index] = value } }

    /// All values; nil while one is missing.
    var complete: [Value]? {
        let present = values.withLock { $0 }
        let values = present.compactMap(\.self)
        return values.count == present.count ? values : nil
    }
}
