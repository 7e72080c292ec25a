import Experiments
import Foundation
import Reports
import Results
import Synchronization

/// Shows a run while it goes on: a live line on a terminal, plain lines in a log, JSON for a machine.
final class RunDisplay: Sendable {
    private enum Form { case terminal, log, json }

    private let form: Form
    private let lastDrawn = Mutex(ContinuousClock.Instant?.none)
    private let last = Mutex(RunProgress?.none)

    init(asJSON: Bool) {
        form = asJSON ? .json : StandardError.isTerminal ? .terminal : .log
    }

    func start(_ settings: RunSettings, folder: RunFolder) throws {
        switch form {
        case .json: try printLine(.started(settings, folder: folder.root))
        case .terminal, .log: StandardError.print("\(settings.recipe): \(settings.keys.count) trials into \(folder.root.path)")
        }
    }

    /// Shows one event; called from any thread, one call at a time.
    func show(_ event: StudyEvent) {
        let progress = RunProgress(event.progress)
        let result: TrialResult? = if case .trial(let result, _) = event { result } else { nil }
        last.withLock { $0 = progress }
        switch form {
        case .json: if let result { try? printLine(.trial(result, progress)) }
        case .log: if let result { StandardError.print(ProgressLine.plain(result, progress: progress)) }
        case .terminal:
            let isDue = lastDrawn.withLock { drawn in
                let now = ContinuousClock.now
                if let drawn, drawn.duration(to: now) < .milliseconds(100), progress.finished < progress.total { return false }
                drawn = now
                return true
            }
            if isDue { StandardError.write(ProgressLine.live(progress, width: terminalWidth)) }
        }
    }

    func finish(_ report: Report, folder: RunFolder) throws {
        switch form {
        case .json: try printLine(.report(report, folder: folder))
        case .terminal, .log:
            if form == .terminal { StandardError.write(ProgressLine.wipe) }
            if let progress = last.withLock(\.self) { StandardError.print(ProgressLine.summary(progress)) }
            try StandardOutput.print(report.document().terminalText())
            StandardError.print("written to \(folder.markdownReport.path) and \(folder.csvReport.path)")
        }
    }

    private func printLine(_ event: JSONEvent) throws {
        // Not buffered: a reader at the other end of a pipe wants each line when it happens.
        try StandardOutput.print(JSONEvents.line(for: event))
    }

    private var terminalWidth: Int {
        var size = winsize()
        guard ioctl(FileHandle.standardError.fileDescriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

extension RunProgress {
    init(_ progress: StudyProgress) {
        self.init(
            finished: progress.finished, total: progress.total,
            running: progress.running.map { RunningTrial(key: $0.key, fraction: $0.fraction) },
            elapsed: progress.elapsed, failed: progress.failed, restored: progress.restored)
    }
}
