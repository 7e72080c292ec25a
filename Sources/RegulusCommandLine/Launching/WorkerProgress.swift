import Dispatch
import Foundation
import Persistence
import Results
import Studies
import Synchronization
import Training

/// What a worker shows to whoever follows the run.
struct WorkerProgress: Codable, Hashable {
    /// Processor and operating system.
    let machine: String
    /// What did the arithmetic.
    let versions: [String]
    var trainings: [RunningTraining] = []

    /// Nil where there is none, or none that can be read.
    static func read(_ path: String) -> WorkerProgress? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return try? ResultCoding.value(WorkerProgress.self, from: data)
    }
}

/// Keeps a file with a worker's progress up to date.
final class ProgressPublisher: Sendable {
    private struct State {
        var progress: WorkerProgress
        var written: WorkerProgress?
    }

    private let state: Mutex<State>
    private let path: String
    /// Unsafe only in name: it is set up once and then only cancelled, from the last owner.
    private nonisolated(unsafe) let timer: any DispatchSourceTimer

    init(_ path: String, settings: RunSettings) {
        self.path = path
        state = Mutex(State(progress: WorkerProgress(machine: settings.machine, versions: settings.versions)))
        // By a clock and not by events: the last event before a long epoch has to be seen too.
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "regulus.progress"))
        timer.schedule(deadline: .now(), repeating: .seconds(2))
        timer.setEventHandler { [weak self] in self?.write() }
        timer.resume()
    }

    deinit { timer.cancel() }

    func show(_ event: StudyEvent) {
        let running = event.progress.running
        state.withLock { $0.progress.trainings = running }
    }

    private func write() {
        let news = state.withLock { state -> WorkerProgress? in
            guard state.progress != state.written else { return nil }
            state.written = state.progress
            return state.progress
        }
        guard let news, let data = try? ResultCoding.document(news) else { return }
        // That nobody can see it is no reason to end a training.
        try? AtomicFile.write(data, to: path)
    }
}
