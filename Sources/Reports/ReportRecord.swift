import Results
import Statistics

/// One cell of a report as numbers: a line of the CSV file, an element of the JSON event.
///
/// Figures are as in the printed table, unrounded: fractions in percent, their differences in percentage points.
package struct ReportRecord: Hashable, Codable, Sendable {
    package enum Statistic: String, Codable, Sendable {
        /// Over seeds and repetitions, on one target.
        case cell
        /// Over seeds and repetitions, of the mean over targets.
        case average
        /// To the baseline row, paired.
        case difference
        /// A figure from elsewhere for a cell or, without target, for an average.
        case expected
        /// Of one regularizer, over all settings of the others; `row` names it.
        case mainEffect = "main-effect"
        /// Of several regularizers; `row` names them.
        case interaction
        /// Of one regularizer; `row` names it.
        case shapley
        /// To the baseline row, over the seeds at the look at which the study stopped; its interval is
        /// valid whatever made it stop.
        case differenceAtStop = "difference-at-stop"
    }

    /// What the tests say about a difference; see `RowComparison`. Interval and detectable difference in percentage points.
    package struct Comparison: Hashable, Codable, Sendable {
        package let intervalLow: Double?
        package let intervalHigh: Double?
        package let studentIntervalLow: Double?
        package let studentIntervalHigh: Double?
        package let tTest: Double?
        package let adjustedTTest: Double?
        package let signFlip: Double?
        package let adjustedSignFlip: Double?
        package let detectable: Double?
    }

    package let variant: [String: String]
    /// `oracle`, `last`, `source-validation`, or the name of a score on the target, such as `accuracy`.
    package let measure: String
    /// `percent`; empty for a number in a unit of its own.
    package let unit: String
    package let statistic: Statistic
    package let row: String
    /// Nil for figures over all targets.
    package let target: String?
    package let value: Double?
    package let deviation: Double?
    package let standardError: Double?
    /// Independent units that deviation and standard error are taken over.
    package let units: Int
    /// Values, or pairs, that went in.
    package let count: Int
    /// Values, or pairs, that were planned.
    package let planned: Int
    /// How many of those were lost to a failed trial.
    package let failed: Int
    /// How many of those were lost because a finished trial's figure is not a number.
    package var notFinite = 0
    /// Only for differences of the result.
    package var comparison: Comparison?
    /// Only for expected figures.
    package var verdict: ExpectationCheck.Verdict?
}

extension Report {
    /// Every figure of the report, by variant, measure and row; then expected figures and contributions.
    package var records: [ReportRecord] {
        variants.flatMap { variant in
            variant.tables.flatMap { Self.records(of: $0, comparisons: $0.measure == .score ? variant.comparisons : []) }
                + variant.expectations.map { Self.record(of: $0, variant) }
                + variant.measuredExpectations.map { Self.record(of: $0, variant) } + Self.records(of: variant.factorial, variant)
                + Self.records(of: variant.seedStop, variant)
        }
    }

    private static func records(of table: ReportTable, comparisons: [RowComparison]) -> [ReportRecord] {
        table.rows.flatMap { row in
            let cells = zip(table.targets, row.cells).map { target, cell in
                record(of: cell, in: table, row: row.name, statistic: .cell, target: target)
            }
            let average = record(of: row.average, in: table, row: row.name, statistic: .average, target: nil)
            return cells + [average]
                + (row.difference.map { difference in
                    var record = record(of: difference, in: table, row: row.name)
                    record.comparison = comparisons.first { $0.row == row.name }.map { Self.comparison($0, table.score) }
                    return [record]
                } ?? [])
        }
    }

    private static func record(
        of cell: ReportCell, in table: ReportTable, row: String, statistic: ReportRecord.Statistic, target: String?
    ) -> ReportRecord {
        ReportRecord(
            variant: table.variant, measure: table.measure.name(of: table.score), unit: table.score.unit, statistic: statistic, row: row,
            target: target, value: table.score.exported(cell.estimate?.mean), deviation: table.score.exported(cell.estimate?.deviation),
            standardError: table.score.exported(cell.estimate?.standardError),
            units: cell.count, count: cell.count, planned: cell.planned, failed: cell.failed, notFinite: cell.notFinite)
    }

    private static func record(of difference: ReportDifference, in table: ReportTable, row: String) -> ReportRecord {
        let estimate = difference.difference?.estimate
        return ReportRecord(
            variant: table.variant, measure: table.measure.name(of: table.score), unit: table.score.unit, statistic: .difference, row: row,
            target: nil, value: table.score.exported(estimate?.mean), deviation: table.score.exported(estimate?.deviation),
            standardError: table.score.exported(estimate?.standardError), units: estimate?.count ?? 0,
            count: difference.difference?.pairs ?? 0, planned: difference.planned, failed: difference.failed)
    }

    private static func comparison(_ comparison: RowComparison, _ score: ScoreDescription) -> ReportRecord.Comparison {
        ReportRecord.Comparison(
            intervalLow: score.exported(comparison.interval?.low), intervalHigh: score.exported(comparison.interval?.high),
            studentIntervalLow: score.exported(comparison.studentInterval?.low),
            studentIntervalHigh: score.exported(comparison.studentInterval?.high), tTest: comparison.test?.tTest.p,
            adjustedTTest: comparison.test?.adjustedTTest, signFlip: comparison.test?.signFlip.p,
            adjustedSignFlip: comparison.test?.adjustedSignFlip, detectable: score.exported(comparison.detectable))
    }

    private static func record(of check: ExpectationCheck, _ variant: VariantReport) -> ReportRecord {
        ReportRecord(
            variant: variant.variant, measure: variant.score.score.name, unit: variant.score.score.unit, statistic: .expected, row: check.row,
            target: check.column == ExpectedFigures.average ? nil : check.column, value: variant.score.score.exported(check.expected),
            deviation: nil, standardError: nil, units: 0, count: 0, planned: 0, failed: 0, verdict: check.verdict)
    }

    private static func record(of check: MeasuredExpectationCheck, _ variant: VariantReport) -> ReportRecord {
        ReportRecord(
            variant: variant.variant, measure: "\(check.expected.measurement): \(check.expected.quantity)", unit: "", statistic: .expected,
            row: check.expected.row, target: nil, value: check.expected.value, deviation: nil, standardError: nil, units: 0, count: 0, planned: 0,
            failed: 0, verdict: check.verdict)
    }

    private static func records(of stop: SeedStop?, _ variant: VariantReport) -> [ReportRecord] {
        let score = variant.score.score
        return (stop?.rows ?? []).map { row in
            var record = ReportRecord(
                variant: variant.variant, measure: score.name, unit: score.unit, statistic: .differenceAtStop, row: row.name, target: nil,
                value: score.exported(row.estimate?.mean), deviation: score.exported(row.estimate?.deviation),
                standardError: score.exported(row.estimate?.standardError), units: row.estimate?.count ?? 0, count: row.estimate?.count ?? 0,
                planned: stop?.seeds ?? 0, failed: 0)
            record.comparison = ReportRecord.Comparison(
                intervalLow: nil, intervalHigh: nil, studentIntervalLow: score.exported(row.interval?.low),
                studentIntervalHigh: score.exported(row.interval?.high), tTest: nil, adjustedTTest: nil, signFlip: nil, adjustedSignFlip: nil,
                detectable: nil)
            return record
        }
    }

    private static func records(of findings: FactorialFindings?, _ variant: VariantReport) -> [ReportRecord] {
        guard let findings else { return [] }
        func record(_ effect: FactorialFindings.Effect, _ statistic: ReportRecord.Statistic) -> ReportRecord {
            let (estimate, score) = (effect.estimate, variant.score.score)
            return ReportRecord(
                variant: variant.variant, measure: score.name, unit: score.unit, statistic: statistic,
                row: effect.regularizers.joined(separator: " × "), target: nil, value: score.exported(estimate.mean),
                deviation: score.exported(estimate.deviation), standardError: score.exported(estimate.standardError),
                units: estimate.count, count: estimate.count, planned: estimate.count, failed: 0)
        }
        return findings.effects.map { record($0, $0.regularizers.count == 1 ? .mainEffect : .interaction) }
            + findings.shapleyValues.map { record($0, .shapley) }
    }
}
