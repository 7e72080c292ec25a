import Foundation
import Monitoring
import Persistence
import Reports
import Results
import Studies
import Synchronization
import Training

/// Shows a run while it goes on: a screen on a terminal, plain lines in a log, JSON for a machine.
final class RunDisplay: Sendable {
    private enum Form { case screen, log, json, silent }

    private let form: Form
    private let screen = Mutex(LiveScreen?.none)
    private let last = Mutex(StudyProgress?.none)

    /// - Parameter isSilent: whether another process shows what this one does.
    init(asJSON: Bool, isSilent: Bool = false) {
        form = isSilent ? .silent : asJSON ? .json : LiveScreen.isPossible ? .screen : .log
    }

    /// - Parameter trials: how many of the study's trials are to be done now.
    func start(_ settings: RunSettings, trials: Int, folder: RunFolder) throws {
        switch form {
        case .json: try printLine(.started(settings, folder: folder.root))
        case .screen, .log:
            let count = trials == settings.trialCount ? "\(trials)" : "\(trials) of \(settings.trialCount)"
            StandardError.print("\(DisplayText.singleLine(settings.recipe)): \(count) trials into \(folder.root.path)")
            for notice in settings.notices { StandardError.print("note: \(DisplayText.singleLine(notice))") }
        case .silent: break
        }
        guard form == .screen else { return }
        let view = RunView(settings: settings, progress: StudyProgress(finished: 0, total: trials))
        screen.withLock { $0 = LiveScreen(view) }
    }

    /// Shows one event; called from any thread, one call at a time.
    func show(_ event: StudyEvent) {
        let progress = event.progress
        let result: TrialResult? = if case .trial(let result, _) = event { result } else { nil }
        let before = last.withLock { last in
            defer {
                last = progress
                // Whoever keeps an array of epochs makes the training copy it in order to add one.
                last?.running = []
            }
            return last?.finishedRehearsals ?? 0
        }
        switch form {
        case .silent: break
        case .json: if let result { try? printLine(.trial(result, progress)) }
        case .log:
            if let result {
                StandardError.print(ProgressLine.plain(result.outline, progress: progress))
            }
            // While a grid is tried, which may take hours, this is all that a log shows.
            if let line = ProgressLine.tuning(progress, before: before) { StandardError.print(line) }
        case .screen:
            screen.withLock(\.self)?.update { view in
                view.progress = progress
                if let result { view.add(result.outline) }
            }
        }
    }

    /// Shows a message to people between two events, on standard error.
    func note(_ text: String) {
        guard let screen = screen.withLock(\.self) else { return StandardError.print(text) }
        screen.note(text)
    }

    /// Ends the display of a process that only helped with a run of others.
    func finish() {
        close(keepingScreen: false)
        if form == .screen || form == .log, let progress = last.withLock(\.self) { StandardError.print(ProgressLine.summary(progress)) }
    }

    func finish(_ report: Report, folder: RunFolder) throws {
        close(keepingScreen: false)
        switch form {
        case .silent: break
        case .json: try printLine(.report(report, folder: folder))
        case .screen, .log:
            if let progress = last.withLock(\.self) { StandardError.print(ProgressLine.summary(progress)) }
            try StandardOutput.print(report.terminalText(width: form == .screen ? min(100, LiveScreen.terminalSize.columns) : 100))
            StandardError.print("written to \(folder.markdownReport.path) and \(folder.csvReport.path)")
            for warning in report.warnings { StandardError.print("warning: \(DisplayText.singleLine(warning))") }
            if !report.stray.isEmpty {
                StandardError.print(
                    "note: the folder also holds \(NumberText.count(report.stray.count, "result")) of trials that this recipe does not plan: "
                        + ReportFault.list(report.stray, separator: ", "))
            }
        }
    }

    /// Gives the terminal back. It has to be called in any case, and may be called again.
    func close(keepingScreen: Bool = true) {
        let screen = screen.withLock { screen in
            defer { screen = nil }
            return screen
        }
        screen?.end(keeping: keepingScreen)
    }

    private func printLine(_ event: JSONEvent) throws {
        // Not buffered: a reader at the other end of a pipe wants each line when it happens.
        try StandardOutput.print(event.line)
    }
}

/// Keeps what TensorBoard and `regulus status` read up to date while trials are trained.
final class LiveEvents: Sendable {
    /// The files of one running trial.
    private struct Files {
        var curve: LiveCurve
        var running: RunningFile
    }

    private let folder: RunFolder
    private let open = Mutex<[TrialKey: Files]>([:])
    private let written = Mutex<Set<TrialKey>>([])

    init(folder: RunFolder) { self.folder = folder }

    /// Writes the curves of those results that have not been written yet.
    ///
    /// - Throws: `FileFault`.
    func complete(_ results: [TrialResult]) throws {
        let known = written.withLock(\.self)
        for result in results where !known.contains(result.key) { try EventFile.write(result, to: folder) }
    }

    /// Follows one event. A file that cannot be written now is no reason to end a training: `complete` writes it again, and says so.
    func show(_ event: StudyEvent) {
        switch event {
        case .epoch(let training, _) where !training.isRehearsal:
            open.withLock { open in
                do {
                    let known = open.removeValue(forKey: training.key).flatMap { $0.curve.precedes(training) ? $0 : nil }
                    var files = try known ?? Files(curve: LiveCurve(of: training, in: folder), running: RunningFile(of: training, in: folder))
                    try files.curve.follow(training)
                    try files.running.follow(training)
                    open[training.key] = files
                } catch {
                    // After the next epoch both are begun anew.
                }
            }
        case .trial(let result, _):
            open.withLock { _ = $0.removeValue(forKey: result.key) }
            unlink(folder.progress(result.key).path)
            if (try? EventFile.write(result, to: folder)) != nil { written.withLock { _ = $0.insert(result.key) } }
        case .epoch, .progress: break
        }
    }
}
