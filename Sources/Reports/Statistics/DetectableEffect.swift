/// The smallest mean difference that a paired t test on this many pairs finds with a given probability.
///
/// From the noncentral t distribution, not its normal approximation, which promises too much for a handful of pairs.
package enum DetectableEffect {
    /// The smallest effect in standard deviations of the differences.
    ///
    /// - Returns: nil for fewer than two pairs.
    package static func standardized(pairs: Int, power: Double = 0.8, level: Double = 0.05) -> Double? {
        guard pairs > 1 else { return nil }
        let distribution = StudentDistribution(degrees: Double(pairs - 1))
        let critical = distribution.critical(twoSided: level)
        let noncentrality = Bisection.root(from: 1) { noncentrality in
            let missed =
                distribution.cumulative(critical, noncentrality: noncentrality)
                - distribution.cumulative(-critical, noncentrality: noncentrality)
            return 1 - missed - power
        }
        return noncentrality / Double(pairs).squareRoot()
    }

    /// The smallest effect in the unit of the differences, taking their spread as it was observed.
    package static func mean(of differences: [Double]) -> Double? {
        guard let deviation = Statistics.deviation(differences) else { return nil }
        return standardized(pairs: differences.count).map { $0 * deviation }
    }
}
