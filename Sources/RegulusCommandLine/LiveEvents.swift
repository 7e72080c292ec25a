import Monitoring
import Results
import Studies
import Training

/// Keeps what TensorBoard reads up to date while trials are trained.
struct LiveEvents: Sendable {
    let folder: RunFolder

    /// Follows one event. A file that cannot be written now is no reason to end a training: the report writes it again, and says so.
    func show(_ event: StudyEvent) {
        switch event {
        case .epoch(let training, _) where !training.isRehearsal:
            try? EventFile.write(running: training, to: folder)
        case .trial(let result, _): try? EventFile.write(result, to: folder)
        case .epoch, .progress: break
        }
    }
}
