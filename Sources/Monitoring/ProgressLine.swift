import Reports
import Results

/// The text that tells how far a run has come. When it is printed, and where, is up to the caller.
package enum ProgressLine {
    /// Erases the live line, to make room for other output.
    package static let wipe = "\r\u{1B}[K"

    private static let barWidth = 20
    private static let full: Character = "█"
    private static let empty: Character = "░"

    /// A line that redraws itself on a terminal: bar, counts, time left, and what is running.
    ///
    /// It starts with a carriage return, erases what was there, and has no line end. It is one column
    /// shorter than the width, because a full line makes many terminals wrap. What does not fit is left
    /// out: first the running trials, then the bar.
    ///
    /// - Parameters:
    ///   - progress: how far the study has come.
    ///   - width: the terminal's columns.
    ///   - namesRunning: whether to name what is running.
    package static func live(_ progress: StudyProgress, width: Int, namesRunning: Bool = true) -> String {
        let room = max(0, width - 1)
        let counts = counts(progress)
        var line = counts
        let bar = bar(progress.fraction) + "  "
        if DisplayText.width(bar + line) <= room { line = bar + line }
        let running = progress.trainings.map { "\(TrialKey.description(of: $0.keys)) (\(percent($0.training.fraction)))" }.joined(separator: " | ")
        let left = room - DisplayText.width(line) - 2
        if namesRunning, !running.isEmpty, left >= 10 {
            line += "  " + DisplayText.truncated(DisplayText.singleLine(running), to: left)
        }
        return wipe + DisplayText.truncated(line, to: room)
    }

    /// One plain line for a trial that has just ended, for logs and pipes; without line end.
    package static func plain(_ result: TrialOutline, progress: StudyProgress) -> String {
        let outcome =
            switch result.status {
            case .finished:
                result.targetScore.map { $0.isFinite ? result.score.textWithUnit($0) : "\(result.score.title) is \(NumberText.notFinite)" }
                    ?? NumberText.nothing
            case .failed(let term, let step, let message):
                "failed in \(term) at step \(step): \(message)"
            }
        let digits = String(progress.total).count
        let count = DisplayText.padded(String(progress.finished), to: digits, .right)
        return DisplayText.singleLine(
            "\(count) of \(progress.total)  \(result.key): \(outcome)  "
                + "(\(NumberText.duration(result.seconds)); \(timeLeft(progress)))")
    }

    /// A plain line for the trainings for tuning, for logs and pipes: at most twenty over all of them, so that a log of thousands can be read.
    ///
    /// - Parameter before: how many had ended when this was last asked.
    /// - Returns: the line, without line end; nil while the share that has ended is in the same twentieth as before.
    package static func tuning(_ progress: StudyProgress, before: Int) -> String? {
        let (lines, now) = (20, progress.finishedRehearsals)
        guard now > before, progress.rehearsals > 0, now * lines / progress.rehearsals > before * lines / progress.rehearsals else { return nil }
        return "\(now) of \(NumberText.count(progress.rehearsals, "training")) for tuning  (\(timeLeft(progress)))"
    }

    /// The last line of a run; without line end.
    package static func summary(_ progress: StudyProgress) -> String {
        let trials = progress.total - progress.rehearsals
        var parts = ["\(progress.finished - progress.finishedRehearsals) of \(NumberText.count(trials, "trial"))"]
        if progress.rehearsals > 0 { parts.append("\(progress.finishedRehearsals) of \(NumberText.count(progress.rehearsals, "training")) for tuning") }
        if progress.failed > 0 { parts.append("\(progress.failed) failed") }
        if progress.restored > 0 { parts.append("\(progress.restored) taken from the run folder") }
        return parts.joined(separator: ", ") + " in " + NumberText.duration(progress.elapsed)
    }

    private static func counts(_ progress: StudyProgress) -> String {
        let trials = "\(progress.finished - progress.finishedRehearsals)/\(progress.total - progress.rehearsals)"
        let tuning = progress.rehearsals > 0 ? "tuning \(progress.finishedRehearsals)/\(progress.rehearsals)  trials " : ""
        var parts = [tuning + trials, percent(progress.fraction)]
        if progress.failed > 0 { parts.append("\(progress.failed) failed") }
        parts.append(timeLeft(progress))
        return parts.joined(separator: "  ")
    }

    private static func timeLeft(_ progress: StudyProgress) -> String {
        guard let seconds = progress.secondsLeft else { return "time left –" }
        return seconds == 0 ? "done" : "\(NumberText.duration(seconds)) left"
    }

    private static func bar(_ fraction: Double) -> String {
        let done = Int(fraction * Double(barWidth))
        return String(repeating: full, count: done) + String(repeating: empty, count: barWidth - done)
    }

    // Rounded down, so that 100 % means done.
    private static func percent(_ fraction: Double) -> String {
        "\(Int(min(1, max(0, fraction)) * 100)) %"
    }
}
