import Results

/// One cell of a report as numbers: a line of the CSV file, an element of the JSON event.
///
/// All figures are in percent (differences in percentage points), as in the printed table, unrounded.
package struct ReportRecord: Hashable, Codable, Sendable {
    package enum Statistic: String, Codable, Sendable {
        /// Over seeds and repetitions, on one target.
        case cell
        /// Over seeds and repetitions, of the mean over targets.
        case average
        /// To the baseline row, paired.
        case difference
    }

    package let variant: [String: String]
    package let measure: Measure
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
}

extension Report {
    /// Every figure of the report, by variant, measure and row.
    package var records: [ReportRecord] {
        variants.flatMap { $0.tables.flatMap(Self.records) }
    }

    private static func records(of table: ReportTable) -> [ReportRecord] {
        table.rows.flatMap { row in
            let cells = zip(table.targets, row.cells).map { target, cell in
                record(of: cell, in: table, row: row.name, statistic: .cell, target: target)
            }
            let average = record(of: row.average, in: table, row: row.name, statistic: .average, target: nil)
            return cells + [average] + (row.difference.map { [record(of: $0, in: table, row: row.name)] } ?? [])
        }
    }

    private static func record(
        of cell: ReportCell, in table: ReportTable, row: String, statistic: ReportRecord.Statistic, target: String?
    ) -> ReportRecord {
        ReportRecord(
            variant: table.variant, measure: table.measure, statistic: statistic, row: row, target: target,
            value: percent(cell.estimate?.mean), deviation: percent(cell.estimate?.deviation),
            standardError: percent(cell.estimate?.standardError),
            units: cell.count, count: cell.count, planned: cell.planned, failed: cell.failed)
    }

    private static func record(of difference: ReportDifference, in table: ReportTable, row: String) -> ReportRecord {
        let estimate = difference.difference?.estimate
        return ReportRecord(
            variant: table.variant, measure: table.measure, statistic: .difference, row: row, target: nil,
            value: percent(estimate?.mean), deviation: percent(estimate?.deviation),
            standardError: percent(estimate?.standardError), units: estimate?.count ?? 0,
            count: difference.difference?.pairs ?? 0, planned: difference.planned, failed: difference.failed)
    }

    private static func percent(_ fraction: Double?) -> Double? { fraction.map { $0 * 100 } }
}
