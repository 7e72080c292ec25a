import Results

/// One figure from elsewhere beside ours.
package struct ExpectationCheck: Hashable, Sendable {
    package enum Verdict: String, Hashable, Codable, Sendable {
        /// The expected figure lies within two standard errors of our mean.
        case reproduced
        case notReproduced = "not reproduced"
        /// There is a mean but no standard error: it takes two seeds or repetitions to tell.
        case undecided
        /// No trial of the cell finished.
        case notRun = "not run"
    }

    package let row: String
    /// A target, or `average`.
    package let column: String
    /// As a fraction.
    package let expected: Double
    /// Nil when nothing finished.
    package let ours: Estimate?

    package var verdict: Verdict {
        guard let ours else { return .notRun }
        guard let error = ours.standardError else { return .undecided }
        return abs(expected - ours.mean) <= 2 * error ? .reproduced : .notReproduced
    }

    /// One entry an expected figure, in the table's order; figures of rows and columns that the table lacks are passed over.
    ///
    /// - Parameter expected: in percent, by row and column.
    package static func checks(of expected: [String: [String: Double]], in table: ReportTable) -> [ExpectationCheck] {
        table.rows.flatMap { row -> [ExpectationCheck] in
            let figures = expected[row.name] ?? [:]
            let cells = zip(table.targets, row.cells) + [(ExpectedFigures.average, row.average)]
            return cells.compactMap { column, cell in
                figures[column].map {
                    ExpectationCheck(row: row.name, column: column, expected: $0 / 100, ours: cell.estimate)
                }
            }
        }
    }
}
