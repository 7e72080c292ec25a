import Foundation

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
