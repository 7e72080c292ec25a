/// How the cells of a report are spelled, with what they do not rest on said in the cell itself.
enum CellText {
    /// `61.2 ± 0.9`, `61.2 ± 0.9 (2 of 3)` when trials are missing, `failed (0 of 3)` when all failed,
    /// `– (0 of 3)` when none was run.
    static func text(_ cell: ReportCell) -> String {
        let share = cell.isComplete ? "" : " (\(cell.count) of \(cell.planned))"
        guard let estimate = cell.estimate else {
            return (cell.failed > 0 && cell.failed == cell.planned ? "failed" : NumberText.nothing) + share
        }
        return NumberText.percent(estimate.mean, plusMinus: estimate.deviation) + share
    }

    /// `+1.2 ± 0.4`, `+1.2 ± 0.4 (7 of 9)` when pairs are missing; empty for the baseline itself.
    static func text(_ difference: ReportDifference?) -> String {
        guard let difference else { return "" }
        let share = difference.isComplete ? "" : " (\(difference.difference?.pairs ?? 0) of \(difference.planned))"
        guard let estimate = difference.difference?.estimate else { return NumberText.nothing + share }
        let error = NumberText.percent(estimate.standardError)
        return "\(NumberText.signedPercent(estimate.mean)) ± \(error)\(share)"
    }

    /// `[+0.3, +2.1]` in percentage points.
    static func interval(_ interval: ConfidenceInterval?) -> String {
        guard let interval else { return NumberText.nothing }
        return "[\(NumberText.signedPercent(interval.low)), \(NumberText.signedPercent(interval.high))]"
    }
}
