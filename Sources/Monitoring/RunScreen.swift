import Foundation
import Reports
import Results

/// The screen of a run: a table of rows and domains that fills up, the curves of what is being trained,
/// and the time left.
///
/// For trials that have not ended it shows source validation only: whoever sees target scores while
/// decisions can still be made selects by the target.
package enum RunScreen {
    /// A terminal's size in characters.
    package struct Size: Hashable, Sendable {
        package var columns: Int
        package var rows: Int

        package init(columns: Int, rows: Int) {
            self.columns = columns
            self.rows = rows
        }
    }

    // On a smaller terminal the single live line says more.
    private static let fewestColumns = 40
    private static let fewestRows = 10
    private static let widestLabel = 36
    private static let widestCurve = 60

    /// The lines of the screen, each short enough not to wrap and all of them few enough not to scroll.
    ///
    /// Where not all rows fit it shows those around the rows that are being trained, and below them every row as one sign; where not all domains
    /// fit, their mean alone.
    ///
    /// - Parameter isColored: whether the text may change its color.
    /// - Returns: nil where the terminal is too small.
    package static func lines(_ view: RunView, size: Size, isColored: Bool) -> [String]? {
        let (width, height) = (size.columns - 1, size.rows - 1)
        guard size.columns >= fewestColumns, size.rows >= fewestRows else { return nil }
        let lines = view.lines
        let running = view.progress.trainings
        // Head, an empty line, the table's heading; with trainings, an empty line before them.
        let available = height - 3 - (running.isEmpty ? 0 : 1)
        let isDetailed = available - 3 * running.count >= min(lines.count, 5)
        let shown = isDetailed ? running.count : max(1, min(running.count, available - min(lines.count, 4)))
        let trainings = running.prefix(shown).flatMap { training($0.training, of: $0.keys, width: width, isDetailed: isDetailed, isColored) }
        let body = table(view, lines, height: available - trainings.count + 1, width: width, isColored)
        return [head(view, width: width)] + [""] + body + (trainings.isEmpty ? [] : [""] + trainings)
    }

    private static func head(_ view: RunView, width: Int) -> String {
        let line = String(ProgressLine.live(view.progress, width: width + 1, namesRunning: false).dropFirst(ProgressLine.wipe.count))
        let left = width - DisplayText.width(line) - 2
        guard left >= 8 else { return line }
        return line + "  " + DisplayText.truncated(DisplayText.singleLine(view.settings.recipe), to: left)
    }

    // MARK: The table

    private static func table(_ view: RunView, _ lines: [RunView.Line], height: Int, width: Int, _ isColored: Bool) -> [String] {
        let signs = signs(view, lines, height: height - 1, width: width, isColored)
        let (shown, note) = window(view, lines, height: height - 1 - signs.count)
        let labels = lines.map { label($0) }
        let labelWidth = min(labels.map(DisplayText.width).max() ?? 0, widestLabel, width / 2)
        let targets = view.settings.targets
        func texts(_ line: RunView.Line) -> [String] {
            targets.map { line.targets.contains($0) ? text(view.cell(line, $0), line) : "" } + [all(view, line)]
        }
        let heads = targets.map(DisplayText.singleLine) + ["all"]
        let cells = shown.map { texts(lines[$0]) }
        var columns = Array(heads.indices)
        func widths() -> [Int] { columns.map { column in ([heads] + cells).map { DisplayText.width($0[column]) }.reduce(0, max) } }
        if targets.count == 1 || labelWidth + 2 + widths().reduce(0, { $0 + 2 + $1 }) > width { columns = [heads.count - 1] }
        let columnWidths = widths()
        func line(_ label: String, _ cells: [String], _ style: (Int) -> Style) -> String {
            let start = DisplayText.padded(DisplayText.truncated(label, to: labelWidth + 2), to: labelWidth + 2)
            var rest = width - DisplayText.width(start)
            return zip(columns, columnWidths).reduce(start) { line, column in
                let text = DisplayText.truncated("  " + DisplayText.padded(cells[column.0], to: column.1, .right), to: rest)
                rest -= DisplayText.width(text)
                return line + style(column.0).applied(to: text, isColored)
            }
        }
        let body = zip(shown, cells).map { index, cells in
            line((view.isActive(lines[index]) ? "▶ " : "  ") + labels[index], cells) { column in
                guard column < targets.count else { return .plain }
                let cell = view.cell(lines[index], targets[column])
                if cell.failed > 0 { return .failed }
                return cell.ended == lines[index].trialsPerCell ? .done : view.isActive(lines[index], targets[column]) ? .active : .plain
            }
        }
        return [line("", heads) { _ in .faint }] + body + (note.map { [DisplayText.truncated("  " + $0, to: width)] } ?? []) + signs
    }

    private static func label(_ line: RunView.Line) -> String {
        DisplayText.singleLine(([line.row] + TrialKey.phrases(of: line.variant)).joined(separator: ", "))
    }

    private static func text(_ cell: RunView.Cell, _ line: RunView.Line) -> String {
        let failed = cell.failed > 0 ? " ✗\(cell.failed)" : ""
        return "\(cell.ended)/\(line.trialsPerCell)\(failed)" + DisplayText.padded(line.score.text(cell.mean), to: 6, .right)
    }

    /// The mean over domains of those that have one.
    private static func all(_ view: RunView, _ line: RunView.Line) -> String {
        let cells = line.targets.map { view.cell(line, $0) }
        let means = cells.compactMap(\.mean)
        let sum = cells.reduce(RunView.Cell(), +)
        let failed = sum.failed > 0 ? " ✗\(sum.failed)" : ""
        let mean = means.count == cells.count ? means.reduce(0, +) / Double(means.count) : nil
        return "\(sum.ended)/\(line.trialsPerCell * cells.count)\(failed)" + DisplayText.padded(line.score.text(mean), to: 6, .right)
    }

    /// The lines that fit: all, or those around the ones that are being trained, or else around the first that is not done.
    private static func window(_ view: RunView, _ lines: [RunView.Line], height: Int) -> (shown: Range<Int>, note: String?) {
        guard lines.count > height else { return (lines.indices, nil) }
        let count = max(1, height - 1)
        let active = lines.indices.filter { view.isActive(lines[$0]) }
        let isDone = { (line: RunView.Line) in line.targets.allSatisfy { view.cell(line, $0).ended == line.trialsPerCell } }
        let first = active.first ?? lines.firstIndex { !isDone($0) } ?? 0
        let last = active.last ?? first
        // One line of what came before where there is room for it, the first active one in any case.
        let start = max(0, min(last - first + 1 < count ? first - 1 : first, lines.count - count))
        let below = lines.count - start - count
        let parts = [start > 0 ? "\(start) above" : nil, below > 0 ? "\(below) below" : nil].compactMap(\.self)
        return (start..<start + count, "… " + parts.joined(separator: ", "))
    }

    /// Every line of a table that does not fit as one sign, in the table's order: `▶` where it is being trained, `✗` where a trial has failed, `·` where
    /// none has ended, `▁` to `▇` by the share of those that have, `█` where all have. Nothing where that would take more than a third of the height.
    private static func signs(_ view: RunView, _ lines: [RunView.Line], height: Int, width: Int, _ isColored: Bool) -> [String] {
        let room = width - 2
        let count = (lines.count + room - 1) / room
        guard lines.count > height, 3 * count <= height else { return [] }
        return (0..<count).map { part in
            lines[part * room..<min(lines.count, (part + 1) * room)].reduce(into: "  ") { text, line in
                let (sign, style) = sign(view, line)
                text += style.applied(to: sign, isColored)
            }
        }
    }

    private static func sign(_ view: RunView, _ line: RunView.Line) -> (String, Style) {
        if view.isActive(line) { return ("▶", .active) }
        let sum = line.targets.reduce(RunView.Cell()) { $0 + view.cell(line, $1) }
        if sum.failed > 0 { return ("✗", .failed) }
        if sum.ended == 0 { return ("·", .plain) }
        let trials = line.trialsPerCell * line.targets.count
        return sum.ended >= trials ? ("█", .done) : (String(Sparkline.steps[7 * sum.ended / trials]), .plain)
    }

    // MARK: What is being trained

    private static func training(_ trial: RunningTraining, of keys: [TrialKey], width: Int, isDetailed: Bool, _ isColored: Bool) -> [String] {
        let values = trial.values.map { "\($0.path) = \($0.value)" }.joined(separator: ", ")
        let purpose = trial.isRehearsal ? " (tuning\(values.isEmpty ? "" : ": " + values))" : values.isEmpty ? "" : " (\(values))"
        let name = "▶ " + DisplayText.singleLine(TrialKey.description(of: keys) + purpose)
        let epoch = "  epoch \(trial.epochs.count) of \(trial.epochCount)"
        let losses = trial.epochs.map(\.trainingLoss)
        let scores = trial.epochs.compactMap(\.sourceValidationScore)
        let loss = losses.last.map { $0.isFinite ? String(format: "%.4g", $0) : "not finite" }
        let score = scores.last.map(trial.score.textWithUnit)
        guard isDetailed else {
            let numbers = [loss.map { "loss \($0)" }, score.map { "validation \($0)" }].compactMap(\.self)
            let text = (["  \(trial.epochs.count)/\(trial.epochCount)"] + numbers).joined(separator: "  ")
            let title = DisplayText.truncated(name, to: max(16, width - DisplayText.width(text)))
            return [DisplayText.truncated(title + text, to: width)]
        }
        let title = DisplayText.truncated(name, to: max(16, width - DisplayText.width(epoch))) + epoch
        func curve(_ label: String, _ values: [Double], _ last: String?) -> String {
            let start = "  " + DisplayText.padded(label, to: "source validation".count) + "  "
            let end = last.map { "  " + $0 } ?? ""
            let room = max(1, min(widestCurve, trial.epochCount, width - DisplayText.width(start) - 14))
            let filled = max(1, Int((Double(room) * trial.fraction).rounded()))
            let line = DisplayText.padded(Sparkline.text(values, width: min(room, filled)), to: room)
            return DisplayText.truncated(start, to: width) + Style.curve.applied(to: line, isColored) + end
        }
        return [
            DisplayText.truncated(title, to: width), curve("loss", losses, loss), curve("source validation", scores, score),
        ]
    }

    // MARK: Color

    /// How a piece of text stands out.
    private enum Style: String {
        case plain = ""
        case faint = "2"
        case active = "1"
        case done = "32"
        case failed = "31"
        case curve = "36"

        func applied(to text: String, _ isColored: Bool) -> String {
            isColored && self != .plain ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
        }
    }
}

/// The text that draws lines in place of those drawn before.
///
/// After every frame the cursor is below the last line, at the left and visible, so that the shell
/// continues there however the program ends.
package enum ScreenFrame {
    private static let (hide, show) = ("\u{1B}[?25l", "\u{1B}[?25h")
    private static let (wipeRest, wipeBelow) = ("\u{1B}[K", "\u{1B}[J")
    private static let wipeScreen = "\u{1B}[H\u{1B}[2J"

    /// - Parameters:
    ///   - lines: what to draw, short enough not to wrap.
    ///   - drawn: how many lines the frame before had; nil where they have moved because the terminal's
    ///     size has changed: then everything that is visible is wiped.
    package static func text(_ lines: [String], replacing drawn: Int?) -> String {
        let start = drawn.map { $0 > 0 ? "\u{1B}[\($0)A\r" : "\r" } ?? wipeScreen
        // A line ends before the rest of its row is wiped, so that nothing flickers.
        return hide + start + lines.map { $0 + wipeRest + "\r\n" }.joined() + wipeBelow + show
    }
}

/// A curve as one line of text.
enum Sparkline {
    /// From the lowest to the highest.
    static let steps: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// One character per value, from the lowest to the highest of the values; more values than columns
    /// are averaged in groups. A value that is not a finite number is a dot.
    static func text(_ values: [Double], width: Int) -> String {
        guard !values.isEmpty, width > 0 else { return "" }
        let columns = min(width, values.count)
        let means = (0..<columns).map { column in
            let group = values[column * values.count / columns..<(column + 1) * values.count / columns]
            return group.reduce(0, +) / Double(group.count)
        }
        let finite = means.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max() else { return String(repeating: "·", count: columns) }
        return String(
            means.map { value -> Character in
                guard value.isFinite else { return "·" }
                // Of halves, because the range of numbers that a worker reports may be more than any number.
                let range = high / 2 - low / 2
                let height = range > 0 ? (value / 2 - low / 2) / range : 0.5
                return steps[min(steps.count - 1, Int(height * Double(steps.count)))]
            })
    }
}
