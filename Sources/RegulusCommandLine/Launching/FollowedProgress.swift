import Results
import Studies
import Synchronization
import Training

/// Tells a display what workers elsewhere do, as a study in this process would tell it.
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
    ///   - before: what was in the folder when this began.
    ///   - show: told about everything, one call at a time.
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

    /// - Parameter running: the trainings that workers are at.
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
        // Everything comes from the folder here; what was there before is what took no time now.
        progress.restored = min(restored, progress.finished)
        return progress
    }
}
