import Tensors

/// An `N×D` batch minus its column means, with its column statistics, in double precision: what
/// variance and covariance terms start from.
///
/// Means and sums of squares are accumulated in double precision in two passes, so that a large common
/// offset costs no digits.
public struct CenteredBatch {
    /// `N`.
    public let samples: Int

    /// `D`.
    public let features: Int

    /// The column means, `D`.
    public let mean: [Double]

    /// `Σ_n x²` of each centered column, `D`.
    public let sumOfSquares: [Double]

    /// The centered values, `N×D` row-major, each column times its scale.
    public let values: [Double]

    /// The factor of each column of `values`, `D`.
    public let scales: [Double]

    private let source: Tensor

    /// Centers a batch, and scales its columns where asked; `O(N·D)`.
    ///
    /// - Parameters:
    ///   - z: `N×D`.
    ///   - scale: the factor of a column, computed from its mean and the sum of squares of its centered
    ///     values; 1 by default.
    /// - Precondition: `N ≥ 2`.
    public init(_ z: Tensor, scale: (_ mean: Double, _ sumOfSquares: Double) -> Double = { _, _ in 1 }) {
        require(z.rank == 2 && z.shape[0] >= 2, "a covariance needs an array N×D of at least two samples, found \(z.shape)")
        let samples = z.shape[0]
        let features = z.shape[1]
        var mean = [Double](repeating: 0, count: features)
        var sumOfSquares = mean
        var scales = mean
        values = [Double](unsafeUninitializedCapacity: samples * features) { values, count in
            count = samples * features
            z.withUnsafeValues { z in
                guard let z = z.baseAddress, let x = values.baseAddress else { return }
                center(z, samples, features, x, &mean, &sumOfSquares, &scales, scale)
            }
        }
        self.samples = samples
        self.features = features
        self.mean = mean
        self.sumOfSquares = sumOfSquares
        self.scales = scales
        source = z.detached()
    }

    /// The unbiased variance of each column, `D` numbers; 0 for a constant column.
    public var variance: [Double] { sumOfSquares.map { $0 / Double(samples - 1) } }

    /// How far the standard deviations stay below a target: `(1/D) Σ_d max(0, γ − σ_d)` with `σ_d =
    /// √(variance_d + ε)` (the variance term of VICReg, Bardes et al. 2022).
    ///
    /// The gradient in the centered column `x_d` is `slopes[d] · x_d`, and 0 at the kink. A variance of
    /// NaN gives NaN.
    ///
    /// - Parameters:
    ///   - gamma: the target γ of the standard deviations.
    ///   - epsilon: ε, added to each variance; above 0, so that a constant column has a finite slope.
    public func deviationHinge(target gamma: Double, epsilon: Double) -> (value: Double, slopes: [Double]) {
        var sum = 0.0
        let scale = -1 / (Double(features) * Double(samples - 1))
        let slopes = variance.map { variance in
            let deviation = (variance + epsilon).squareRoot()
            // Written so that NaN, which compares false with everything, passes on to the sum and the slope.
            if deviation >= gamma { return 0.0 }
            sum += gamma - deviation
            return scale / deviation
        }
        return (sum / Double(features), slopes)
    }

    /// `Σ_n g·v` and `Σ_n g` of each column, for an `N×D` array `g` and ``values`` `v`.
    public func columnProducts(with g: [Double]) -> (products: [Double], sums: [Double]) {
        require(g.count == values.count, "columnProducts: \(g.count) values for \(samples)×\(features)")
        var products = [Double](repeating: 0, count: features)
        var sums = products
        addProducts(g, values, samples, features, &products, &sums)
        return (products, sums)
    }

    /// A gradient with respect to the batch: `a_d · g + b_d · x + c_d` in each column, where `x` is the
    /// centered batch before scaling.
    ///
    /// - Parameters:
    ///   - g: `N×D` row-major.
    ///   - a: `D` factors of `g`.
    ///   - b: `D` factors of the centered batch.
    ///   - c: `D` constants.
    /// - Returns: `N×D`.
    public func gradient(_ g: [Double], times a: [Double], centeredTimes b: [Double], plus c: [Double]) -> Tensor {
        require(g.count == values.count, "gradient: \(g.count) values for \(samples)×\(features)")
        return Tensor(shape: source.shape) { target in
            source.withUnsafeValues { z in
                guard let z = z.baseAddress, let target = target.baseAddress else { return }
                combine(g, a, z, mean, b, c, samples, features, into: target)
            }
        }
    }
}

// The loops below run over raw memory: beside the matrix products a covariance term spends most of its time here. Each one takes the
// columns in blocks so narrow that a block of all rows stays in the fastest cache from one pass over it to the next.

private func center(
    _ z: UnsafePointer<Float>, _ samples: Int, _ features: Int, _ x: UnsafeMutablePointer<Double>,
    _ mean: UnsafeMutablePointer<Double>, _ squares: UnsafeMutablePointer<Double>, _ scales: UnsafeMutablePointer<Double>,
    _ scale: (Double, Double) -> Double
) {
    let divisor = Double(samples)
    forEachBlock(of: features) { columns in
        for row in 0..<samples {
            let z = z + row * features
            for column in columns { mean[column] += Double(z[column]) }
        }
        for column in columns { mean[column] /= divisor }
        for row in 0..<samples {
            let (z, x) = (z + row * features, x + row * features)
            for column in columns {
                let centered = Double(z[column]) - mean[column]
                x[column] = centered
                squares[column] += centered * centered
            }
        }
        var isScaled = false
        for column in columns {
            scales[column] = scale(mean[column], squares[column])
            if scales[column] != 1 { isScaled = true }
        }
        guard isScaled else { return }
        for row in 0..<samples {
            let x = x + row * features
            for column in columns { x[column] *= scales[column] }
        }
    }
}

private func addProducts(
    _ g: UnsafePointer<Double>, _ x: UnsafePointer<Double>, _ samples: Int, _ features: Int,
    _ products: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>
) {
    forEachBlock(of: features) { columns in
        for row in 0..<samples {
            let (g, x) = (g + row * features, x + row * features)
            for column in columns {
                products[column] += g[column] * x[column]
                sums[column] += g[column]
            }
        }
    }
}

private func combine(
    _ g: UnsafePointer<Double>, _ a: UnsafePointer<Double>, _ z: UnsafePointer<Float>, _ mean: UnsafePointer<Double>,
    _ b: UnsafePointer<Double>, _ c: UnsafePointer<Double>, _ samples: Int, _ features: Int,
    into target: UnsafeMutablePointer<Float>
) {
    for row in 0..<samples {
        let (g, z, target) = (g + row * features, z + row * features, target + row * features)
        for column in 0..<features {
            target[column] = Float(a[column] * g[column] + b[column] * (Double(z[column]) - mean[column]) + c[column])
        }
    }
}

private func forEachBlock(of features: Int, _ body: (Range<Int>) -> Void) {
    let width = 64
    var start = 0
    while start < features {
        let end = min(start + width, features)
        body(start..<end)
        start = end
    }
}
