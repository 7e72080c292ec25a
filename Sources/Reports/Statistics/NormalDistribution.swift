import Foundation

/// The standard normal distribution.
package enum NormalDistribution {
    /// `P(Z ≤ z)`.
    package static func cumulative(_ z: Double) -> Double {
        erfc(-z / 2.0.squareRoot()) / 2
    }

    /// The `z` with `P(Z ≤ z) = p`; infinite for 0 and 1.
    package static func quantile(_ p: Double) -> Double {
        if p <= 0 { return -.infinity }
        if p >= 1 { return .infinity }
        if p == 0.5 { return 0 }
        let tail = min(p, 1 - p)
        let size = Bisection.root(from: 1) { tail - cumulative(-$0) }
        return p < 0.5 ? -size : size
    }
}
