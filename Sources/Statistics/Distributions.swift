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

/// The regularized incomplete beta function `I_x(a, b)`, which the distributions of t are made of.
enum IncompleteBeta {
    /// `I_x(a, b)` for positive `a` and `b`, by the continued fraction of DLMF 8.17.22, evaluated with Lentz's method.
    ///
    /// - Parameters:
    ///   - x: in `0...1`.
    ///   - complement: `1 − x`. The caller often has it without the rounding that a subtraction near 1 brings.
    static func regularized(_ a: Double, _ b: Double, x: Double, complement: Double) -> Double {
        if x <= 0 { return 0 }
        if complement <= 0 { return 1 }
        // The fraction converges fast below this point; above it, the symmetry leads there.
        return x > (a + 1) / (a + b + 2) ? 1 - lower(b, a, complement, x) : lower(a, b, x, complement)
    }

    private static func lower(_ a: Double, _ b: Double, _ x: Double, _ complement: Double) -> Double {
        let front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(complement)
        return exp(front) / (a * fraction(a, b, x))
    }

    private static func fraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
        // Stands for a zero in a denominator, as Lentz's method asks for.
        let tiny = 1e-300
        var c = 1.0
        var d = 0.0
        var value = 1.0
        for step in 1...10_000 {
            let m = Double(step / 2)
            let coefficient =
                step.isMultiple(of: 2)
                ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 + coefficient * d
            if abs(d) < tiny { d = tiny }
            d = 1 / d
            c = 1 + coefficient / c
            if abs(c) < tiny { c = tiny }
            value *= c * d
            if abs(c * d - 1) < 1e-16 { break }
        }
        return value
    }
}

/// Roots of rising functions.
enum Bisection {
    /// The positive argument at which a rising function crosses zero, to the last bit or two.
    ///
    /// - Parameter start: where the search for an upper end begins; positive.
    static func root(from start: Double, of function: (Double) -> Double) -> Double {
        var low = 0.0
        var high = start
        while function(high) < 0, high < 1e150 {
            low = high
            high *= 2
        }
        while true {
            let middle = (low + high) / 2
            if middle <= low || middle >= high { return middle }
            if function(middle) < 0 { low = middle } else { high = middle }
        }
    }
}

/// The χ² distribution.
package struct ChiSquaredDistribution: Hashable, Sendable {
    /// Degrees of freedom, positive.
    package let degrees: Double

    package init(degrees: Double) {
        self.degrees = degrees
    }

    /// `P(X ≥ x)`: the regularized incomplete gamma function `Q(degrees/2, x/2)`, by its series (DLMF 8.7.1) below the mean and by the
    /// continued fraction (DLMF 8.9.2), evaluated with Lentz's method, above it.
    package func above(_ x: Double) -> Double {
        guard x > 0 else { return 1 }
        guard x.isFinite else { return 0 }
        let (a, z) = (degrees / 2, x / 2)
        let front = exp(a * log(z) - z - lgamma(a))
        if z < a + 1 {
            var (term, sum, n) = (1 / a, 1 / a, a)
            while abs(term) > 1e-17 * abs(sum) {
                n += 1
                term *= z / n
                sum += term
            }
            return max(0, 1 - front * sum)
        }
        var b = z + 1 - a
        var c = 1e300
        var d = 1 / b
        var value = d
        for step in 1...10_000 {
            let coefficient = -Double(step) * (Double(step) - a)
            b += 2
            d = coefficient * d + b
            if abs(d) < 1e-300 { d = 1e-300 }
            c = b + coefficient / c
            if abs(c) < 1e-300 { c = 1e-300 }
            d = 1 / d
            value *= d * c
            if abs(d * c - 1) < 1e-16 { break }
        }
        return front * value
    }
}
