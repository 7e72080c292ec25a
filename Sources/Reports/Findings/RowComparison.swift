/// Whether a row differs from the baseline by more than chance.
///
/// The tests take the pairs (with repetitions, the draws) as independent of each other.
package struct RowComparison: Hashable, Sendable {
    package let row: String
    package let difference: PairedDifference
    /// Resampling fewer units than this gives intervals that are far too narrow, for it can only repeat what it has.
    package static let fewestResampled = 5

    /// 95 % bootstrap interval of the mean difference: bias-corrected where that is defined, else the percentile interval.
    /// Nil for fewer than `fewestResampled` units.
    package let interval: ConfidenceInterval?
    /// 95 % interval from Student's t, which agrees with the t test; nil for fewer than two units.
    package let studentInterval: ConfidenceInterval?
    package let tTest: PairedTTest?
    package let signFlip: SignFlipTest?
    /// The tests' p values, corrected by Holm over all rows that are compared.
    package let adjustedTTest: Double?
    package let adjustedSignFlip: Double?
    /// The smallest true difference that this number of units would have shown with 80 % probability at a level of 5 %,
    /// given the spread observed; uncorrected for the number of rows.
    package let detectable: Double?

    /// Compares every row that has a difference with the baseline; rows without a pair are passed over.
    package static func comparisons(in table: ReportTable) -> [RowComparison] {
        let found = table.rows.compactMap { row in row.difference?.difference.map { (row.name, $0) } }
        let tTests = found.map { PairedTTest($0.1.units) }
        let signFlips = found.map { SignFlipTest($0.1.units) }
        let adjustedTTests = HolmCorrection.adjusted(tTests.map { $0?.p })
        let adjustedSignFlips = HolmCorrection.adjusted(signFlips.map { $0?.p })
        return found.indices.map { index in
            let difference = found[index].1
            let bootstrap = difference.units.count < fewestResampled ? nil : Bootstrap(difference.units)
            return RowComparison(
                row: found[index].0, difference: difference,
                interval: bootstrap.map { $0.biasCorrected() ?? $0.percentile() },
                studentInterval: ConfidenceInterval.student(difference.units), tTest: tTests[index],
                signFlip: signFlips[index], adjustedTTest: adjustedTTests[index], adjustedSignFlip: adjustedSignFlips[index],
                detectable: DetectableEffect.mean(of: difference.units))
        }
    }
}
