import Results
import Statistics

/// Whether a row differs from the baseline by more than chance.
///
/// The tests take the units (pairs of trainings, or draws where there are repetitions) as independent of each other.
package struct RowComparison: Hashable, Sendable {
    /// Resampling fewer units than this gives intervals that are far too narrow, because it can only
    /// repeat what it has.
    package static let fewestResampled = 5

    package let row: String
    package let difference: PairedDifference
    /// 95 % bootstrap interval of the mean difference: bias-corrected where that is defined, else the percentile interval.
    /// Nil for fewer than `fewestResampled` units and for differences without spread.
    package let interval: ConfidenceInterval?
    /// 95 % interval from Student's t, which agrees with the t test; nil for fewer than two units and for differences without spread.
    package let studentInterval: ConfidenceInterval?
    /// What the tests say, corrected over all rows that are tested; nil where there is nothing to test with.
    package let test: ComparisonFamily.Member?
    /// The smallest true difference that this number of units would have shown with 80 % probability at a level of 5 %,
    /// given the spread observed; uncorrected for the number of rows. Nil where no spread was observed.
    package let detectable: Double?

    /// Whether there are several units, all with the same difference: nothing can be told of their spread then.
    package var isConstant: Bool { difference.units.count > 1 && difference.units.isConstant }

    /// Compares every row that has a difference with the baseline; rows without a pair are passed over.
    package static func comparisons(in table: ReportTable) -> [RowComparison] {
        let found = table.rows.compactMap { row in row.difference?.difference.map { (row.name, $0) } }
        let family = ComparisonFamily(found.map(\.1.units))
        let effects = Dictionary(uniqueKeysWithValues: Set(found.map(\.1.units.count)).map { ($0, DetectableEffect.standardized(pairs: $0)) })
        return found.indices.map { index in
            let (row, difference) = found[index]
            let units = difference.units
            let bootstrap = units.count < fewestResampled || units.isConstant ? nil : Bootstrap(units)
            return RowComparison(
                row: row, difference: difference, interval: bootstrap.map { $0.biasCorrected() ?? $0.percentile() },
                studentInterval: ConfidenceInterval.student(units), test: family.members[index],
                detectable: DetectableEffect.mean(of: units, standardized: effects[units.count] ?? nil))
        }
    }
}

/// One figure from elsewhere beside ours.
package struct ExpectationCheck: Hashable, Sendable {
    package enum Verdict: String, Hashable, Codable, Sendable {
        /// The expected figure lies within two standard errors of our mean.
        case reproduced
        case notReproduced = "not reproduced"
        /// There is a mean but no standard error: it takes two seeds or repetitions to tell.
        case undecided
        /// No trial of the cell finished, or nothing of the kind was measured.
        case notRun = "not run"

        init(expected: Double, ours: Estimate?) {
            guard let ours else {
                self = .notRun
                return
            }
            self = ours.standardError.map { abs(expected - ours.mean) <= 2 * $0 ? .reproduced : .notReproduced } ?? .undecided
        }
    }

    package let row: String
    /// A target, or `average`.
    package let column: String
    /// As the score is recorded: a fraction where it is written in percent.
    package let expected: Double
    /// Nil when nothing finished.
    package let ours: Estimate?

    package var verdict: Verdict { Verdict(expected: expected, ours: ours) }

    /// One entry per expected figure, in the table's order; figures of rows and columns that the table
    /// lacks are passed over.
    ///
    /// - Parameter expected: as the table is written, by row and column.
    package static func checks(of expected: [String: [String: Double]], in table: ReportTable) -> [ExpectationCheck] {
        table.rows.flatMap { row -> [ExpectationCheck] in
            let figures = expected[row.name] ?? [:]
            let cells = zip(table.targets, row.cells) + [(ExpectedFigures.average, row.average)]
            return cells.compactMap { column, cell in
                figures[column].map {
                    ExpectationCheck(row: row.name, column: column, expected: $0 / table.score.factor, ours: cell.estimate)
                }
            }
        }
    }
}

/// One figure from elsewhere for something measured, beside ours.
package struct MeasuredExpectationCheck: Hashable, Sendable {
    package let expected: ExpectedFigures.Measured
    /// Over the row's trials; nil where none has such a number.
    package let ours: Estimate?

    package var verdict: ExpectationCheck.Verdict { ExpectationCheck.Verdict(expected: expected.value, ours: ours) }

    /// One entry per expected figure, in the recipe's order.
    ///
    /// - Parameter findings: all measurements of a variant. One is meant by its name in the recipe, whatever its options are.
    package static func checks(of expected: [ExpectedFigures.Measured], in findings: [MeasuredFindings]) -> [MeasuredExpectationCheck] {
        expected.map { figure in
            let entries = findings.filter { $0.title == figure.measurement || $0.title.hasPrefix(figure.measurement + " (") }.flatMap { $0.entries.joined() }
            let own = entries.first { $0.row == figure.row && $0.quantity.text == figure.quantity }
            return MeasuredExpectationCheck(expected: figure, ours: own?.estimate)
        }
    }
}
