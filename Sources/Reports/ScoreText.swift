import Foundation
import Results
import Statistics

/// How a score is spelled: a fraction in percent with one decimal, any other number with three significant digits.
extension ScoreDescription {
    /// What figures are multiplied by where they are written or drawn.
    package var factor: Double { form == .percent ? 100 : 1 }

    /// A figure: `61.2`, `0.812`.
    package func text(_ figure: Double?) -> String {
        guard let figure else { return NumberText.nothing }
        guard figure.isFinite else { return NumberText.notFinite }
        return form == .percent ? NumberText.percent(figure) : NumberText.significant(figure)
    }

    /// A figure with its unit: `61.2 %`, `0.812`.
    package func textWithUnit(_ figure: Double) -> String { text(figure) + (form == .percent && figure.isFinite ? " %" : "") }

    /// A difference, always with its sign: `+1.2`, `−0.04`.
    package func signedText(_ difference: Double) -> String {
        guard difference.isFinite else { return NumberText.notFinite }
        return form == .percent ? NumberText.signedPercent(difference) : NumberText.signed(difference)
    }

    /// `61.2 ± 0.9`; `61.2 (one seed)` where there is no spread. See ``NumberText/figure(_:plusMinus:unit:note:)``.
    package func text(_ mean: Double, plusMinus spread: Double?, unit: String = "value", note: String = "") -> String {
        NumberText.figure(text(mean), plusMinus: spread.map { text($0) }, unit: unit, note: note)
    }

    /// `+1.2 ± 0.4`; `+1.2 (one pair)` where there is no spread.
    func signedText(_ difference: Double, plusMinus spread: Double?, note: String = "") -> String {
        NumberText.figure(signedText(difference), plusMinus: spread.map { text($0) }, unit: "pair", note: note)
    }

    /// The title as the beginning of a sentence.
    package var heading: String { title.prefix(1).uppercased() + title.dropFirst() }

    /// `Accuracy in percent`, `Mean absolute error (lower is better)`.
    package var subject: String { heading + (form == .percent ? " in percent" : "") + (isHigherBetter ? "" : " (lower is better)") }

    /// What an axis of figures says: `accuracy, %`.
    var axis: String { title + (form == .percent ? ", %" : "") }

    /// What differences are counted in.
    package var differenceUnit: String { form == .percent ? "percentage points" : "units of the \(title)" }

    /// The unit that files of values give.
    package var unit: String { form == .percent ? "percent" : "" }

    /// The figure as it stands in files of values.
    func exported(_ figure: Double?) -> Double? { figure.map { $0 * factor } }
}

/// How the cells of a report are spelled; a cell that rests on fewer trials than planned says so.
enum CellText {
    /// `61.2 ± 0.9`, `61.2 (one seed)`, `61.2 ± 0.9 (2 of 3)` when trials are missing, `100.0 ± 0.0 (saturated)` when no trial could have been better,
    /// `failed (0 of 3)` when all failed, `not finite (0 of 3)` when none gave a number, `– (0 of 3)` when none was run.
    ///
    /// - Parameter isAlone: whether every cell of the report has one seed, so that the text above the table says it for all of them: `61.2`.
    static func text(_ cell: ReportCell, _ score: ScoreDescription, isAlone: Bool = false) -> String {
        let lost = cell.notFinite > 0 && cell.estimate != nil ? ", \(cell.notFinite) not finite" : ""
        let share = cell.isComplete ? cell.count == 1 && !isAlone ? "one seed" : nil : "\(cell.count) of \(cell.planned)\(lost)"
        let notes = [share, cell.isSaturated ? "saturated" : nil].compactMap(\.self)
        let note = notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))"
        guard let estimate = cell.estimate else {
            if cell.planned > 0, cell.failed == cell.planned { return "failed" + note }
            return (cell.notFinite > 0 ? NumberText.notFinite : NumberText.nothing) + note
        }
        if isAlone, cell.isComplete, estimate.deviation == nil { return score.text(estimate.mean) + note }
        return score.text(estimate.mean, plusMinus: estimate.deviation, note: note)
    }

    /// `+1.2 ± 0.4`, `+1.2 (one pair)`, `+1.2 ± 0.4 (7 of 9)` when pairs are missing; empty for the baseline itself.
    static func text(_ difference: ReportDifference?, _ score: ScoreDescription) -> String {
        guard let difference else { return "" }
        let share = difference.isComplete ? "" : " (\(difference.difference?.pairs ?? 0) of \(difference.planned))"
        guard let estimate = difference.difference?.estimate else { return NumberText.nothing + share }
        return score.signedText(estimate.mean, plusMinus: estimate.standardError, note: share)
    }

    /// `[+0.3, +2.1]`, in the unit of differences.
    static func interval(_ interval: ConfidenceInterval?, _ score: ScoreDescription) -> String {
        guard let interval else { return NumberText.nothing }
        return "[\(score.signedText(interval.low)), \(score.signedText(interval.high))]"
    }
}
