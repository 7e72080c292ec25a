import Foundation
import Persistence
import Processes
import Results
import Studies
import Synchronization
import Training

/// Keeps a file with a worker's progress up to date.
final class ProgressPublisher: Sendable {
    private final class Page: Sendable {
        private struct State {
            var progress: WorkerProgress
            var written: WorkerProgress?
        }

        private let state: Mutex<State>

        init(_ progress: WorkerProgress) { state = Mutex(State(progress: progress)) }

        func show(_ trainings: [RunningTraining]) { state.withLock { $0.progress.trainings = trainings } }

        func write(to path: String) {
            let news = state.withLock { state -> WorkerProgress? in
                guard state.progress != state.written else { return nil }
                state.written = state.progress
                return state.progress
            }
            guard let news, let data = try? ResultCoding.document(news) else { return }
            // A training goes on even where its progress cannot be written.
            try? AtomicFile.write(data, to: path, durability: .none)
        }
    }

    private let page: Page
    private let writing: PeriodicTask

    init(_ path: String, settings: RunSettings) {
        page = Page(WorkerProgress(machine: settings.machine, versions: settings.versions))
        // Written at fixed intervals and not at events, so that the last event before a long epoch is seen too.
        writing = PeriodicTask("regulus.progress", every: .seconds(2)) { [page] in page.write(to: path) }
    }

    func show(_ event: StudyEvent) { page.show(event.progress.running) }
}

/// Passes what workers elsewhere do on to a display, in the events that a study in this process would send.
final class FollowedProgress: Sendable {
    private struct State {
        var progress: StudyProgress
        var running: [RunningTraining] = []
    }

    private let state: Mutex<State>
    private let restored: Int
    private let started = ContinuousClock.now
    private let show: @Sendable (StudyEvent) -> Void

    /// - Parameters:
    ///   - before: what the folder held at the start.
    ///   - show: receives every event, one call at a time.
    init(after before: StudyProgress, show: @escaping @Sendable (StudyEvent) -> Void) {
        state = Mutex(State(progress: before))
        restored = before.finished
        self.show = show
    }

    var progress: StudyProgress { state.withLock(\.progress) }

    /// Passes on what was found in the folder.
    func take(_ event: StudyEvent) {
        state.withLock { state in
            switch event {
            case .progress(let progress), .epoch(_, let progress):
                state.progress = completed(progress, state.running)
                show(.progress(state.progress))
            case .trial(let result, let progress):
                state.running.removeAll { $0.key == result.key && !$0.isRehearsal }
                state.progress = completed(progress, state.running)
                show(.trial(result, state.progress))
            }
        }
    }

    /// - Parameter running: the trainings that workers do at the moment.
    func take(running: [RunningTraining]) {
        state.withLock { state in
            state.running = running
            state.progress = completed(state.progress, running)
            show(.progress(state.progress))
        }
    }

    private func completed(_ progress: StudyProgress, _ running: [RunningTraining]) -> StudyProgress {
        var progress = progress
        progress.running = running
        progress.elapsed = started.duration(to: .now) / .seconds(1)
        // Every result comes from the folder here; those that were there at the start took no time now.
        progress.restored = min(restored, progress.finished)
        return progress
    }
}
