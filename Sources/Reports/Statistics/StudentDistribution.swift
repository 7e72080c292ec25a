import Foundation

/// Student's t distribution.
package struct StudentDistribution: Hashable, Sendable {
    /// Degrees of freedom, positive.
    package let degrees: Double

    package init(degrees: Double) {
        self.degrees = degrees
    }

    /// `P(|T| ≥ |t|)`.
    package func twoSided(_ t: Double) -> Double {
        let square = t * t
        guard square.isFinite else { return 0 }
        let sum = degrees + square
        return IncompleteBeta.regularized(degrees / 2, 0.5, x: degrees / sum, complement: square / sum)
    }

    /// `P(T ≤ t)`.
    package func cumulative(_ t: Double) -> Double {
        t < 0 ? twoSided(t) / 2 : 1 - twoSided(t) / 2
    }

    /// The `t` with `P(|T| ≥ t) = p`, for `p` in `0 < p < 1`: 4.30 for 2 degrees and 0.05.
    package func critical(twoSided p: Double) -> Double {
        Bisection.root(from: 1) { p - twoSided($0) }
    }

    /// `P(T ≤ t)` for the noncentral distribution, by the series of Lenth (1989), algorithm AS 243.
    package func cumulative(_ t: Double, noncentrality: Double) -> Double {
        if t < 0 { return 1 - cumulative(-t, noncentrality: -noncentrality) }
        let square = t * t
        let x = square / (square + degrees)
        let complement = degrees / (square + degrees)
        let half = noncentrality * noncentrality / 2
        var sum = NormalDistribution.cumulative(-noncentrality)
        // The terms rise until `half` and fall from there on as those of a Poisson distribution.
        let last = Int(half + 20 * (half + 10).squareRoot())
        for term in 0...last {
            let j = Double(term)
            let logarithm = half > 0 ? j * log(half) : (term == 0 ? 0 : -Double.infinity)
            let p = exp(-half + logarithm - lgamma(j + 1))
            let q = noncentrality / 2.0.squareRoot() * exp(-half + logarithm - lgamma(j + 1.5))
            sum += p / 2 * IncompleteBeta.regularized(j + 0.5, degrees / 2, x: x, complement: complement)
            sum += q / 2 * IncompleteBeta.regularized(j + 1, degrees / 2, x: x, complement: complement)
        }
        return min(1, max(0, sum))
    }
}
