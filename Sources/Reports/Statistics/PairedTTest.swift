/// Student's t test of paired differences against zero, two-sided.
package struct PairedTTest: Hashable, Sendable {
    package let t: Double
    /// Degrees of freedom: pairs − 1.
    package let degrees: Int
    /// Probability of a `|t|` at least as large if the differences were normal with mean zero.
    package let p: Double

    /// Nil for fewer than two differences, and for differences that are all equal, which have no spread to compare with.
    package init?(_ differences: [Double]) {
        // Differences that are equal on paper differ by rounding.
        guard let estimate = Estimate(differences), let error = estimate.standardError, error > 1e-12 * abs(estimate.mean) else {
            return nil
        }
        t = estimate.mean / error
        degrees = differences.count - 1
        p = StudentDistribution(degrees: Double(degrees)).twoSided(t)
    }
}
