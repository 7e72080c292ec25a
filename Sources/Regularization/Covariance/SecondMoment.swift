import Glibc
import Tensors

/// The second moment `XᵀX/divisor` of an `N×D` matrix, or the Gram matrix `XXᵀ/divisor`, whichever side
/// was chosen, in double precision.
///
/// It is what variance, covariance and entropy terms compute their values and gradients from; see
/// ``CovarianceSide``.
public struct SecondMoment {
    /// Which of the two matrices is held.
    public let side: CovarianceSide
    /// `N`.
    public let samples: Int
    /// `D`.
    public let features: Int

    /// The matrix of the chosen side, `S×S` row-major. Only the lower triangle is meaningful; the rest
    /// is zero.
    public let matrix: [Double]

    /// The number of rows of ``matrix``: `N` or `D`.
    public var size: Int { side == .samples ? samples : features }

    /// Computes the matrix; `O(S·N·D)`.
    ///
    /// - Parameters:
    ///   - values: `X`, `N×D` row-major. It is not centered here.
    ///   - samples: `N`.
    ///   - features: `D`.
    ///   - divisor: `N − 1` for an unbiased covariance of centered values.
    ///   - side: the smaller one is the cheaper one.
    public init(of values: [Double], samples: Int, features: Int, divisor: Double, side: CovarianceSide) {
        require(values.count == samples * features, "SecondMoment: \(values.count) values are not \(samples)×\(features)")
        self.side = side
        self.samples = samples
        self.features = features
        matrix =
            Matrix(rows: samples, columns: features, values: values)
            .lowerGram(transposing: side == .features, scale: 1 / divisor).values
    }

    /// The sum of the squares of all entries of `XᵀX/divisor`, which is the same on both sides.
    public var squaredNorm: Double {
        var sum = 0.0
        for row in 0..<size {
            for column in 0..<row { sum += 2 * matrix[row * size + column] * matrix[row * size + column] }
            sum += matrix[row * size + row] * matrix[row * size + row]
        }
        return sum
    }

    /// `log det(XᵀX/divisor + ε I_D)`, and the inverse of the side's own matrix plus `ε I_S` (lower
    /// triangle, row-major).
    ///
    /// Both are NaN where the matrix is not positive definite or not finite. It costs a Cholesky
    /// factorization, `O(S³)`.
    public func logDeterminant(adding epsilon: Double) -> (value: Double, inverse: [Double]) {
        var sum = Matrix(rows: size, columns: size, values: matrix)
        for index in 0..<size { sum[index, index] += epsilon }
        guard let (value, inverse) = sum.positiveDefiniteInverse() else {
            return (.nan, [Double](repeating: .nan, count: size * size))
        }
        return (side == .samples ? value + Double(features - samples) * log(epsilon) : value, inverse.values)
    }

    /// `scale · A X` on the samples' side and `scale · X A` on the features' side, for a symmetric `A`.
    ///
    /// - Parameters:
    ///   - symmetric: the lower triangle of `A`, `S×S` row-major.
    ///   - values: `X`, `N×D` row-major.
    /// - Returns: `N×D` row-major.
    public static func product(
        _ symmetric: [Double], _ values: [Double], samples: Int, features: Int, side: CovarianceSide, scale: Double = 1
    ) -> [Double] {
        let size = side == .samples ? samples : features
        return Matrix(rows: size, columns: size, values: symmetric).symmetricProduct(
            with: Matrix(rows: samples, columns: features, values: values), onRight: side == .features, scale: scale
        ).values
    }
}

/// The side on which covariance-like terms are computed: the one place that chooses between `N×N` and
/// `D×D`.
///
/// For a matrix `X` of `N` samples and `D` features, the second moment `M = XᵀX/c` is `D×D`, and the
/// Gram matrix `XXᵀ/c` is `N×N`. They have the same non-zero eigenvalues, so a term that depends on
/// eigenvalues alone can use the smaller one:
///
///     log det(XᵀX/c + εI_D) = log det(XXᵀ/c + εI_N) + (D − N) log ε        ‖XᵀX‖²_F = ‖XXᵀ‖²_F
///
/// with gradients `2/c · (XXᵀ/c + εI_N)⁻¹ X` and `4/c² · (XXᵀ) X`. Both sides are exact. The cost on
/// the chosen side of size `S = min(N, D)` is `O(S·N·D + S³)`, where the `D×D` form costs `O(N·D² +
/// D³)`. Products and factorization use double precision: a single-precision Cholesky factorization of
/// a nearly singular matrix loses most digits of the gradient.
///
/// ```swift
/// let centered = z - z.mean(axis: 0, keepingAxis: true)
/// let side = CovarianceSide.cheaper(for: z.shape)
/// let spread = side.logDeterminant(of: centered, divisor: Double(n - 1), epsilon: 1e-4)
/// ```
public enum CovarianceSide: Sendable, Hashable {
    /// The Gram matrix of the samples, `N×N`.
    case samples
    /// The second moment of the features, `D×D`.
    case features

    /// The side with the smaller matrix for an `N×D` array.
    public static func cheaper(samples: Int, features: Int) -> CovarianceSide {
        samples < features ? .samples : .features
    }

    /// The side with the smaller matrix.
    /// - Precondition: the shape is `N×D`.
    public static func cheaper(for shape: Shape) -> CovarianceSide {
        require(shape.rank == 2, "CovarianceSide: the shape must be N×D, found \(shape)")
        return cheaper(samples: shape[0], features: shape[1])
    }

    /// `log det(xᵀx/divisor + ε I_D)` with its gradient.
    ///
    /// NaN, with a gradient of NaN, where `x` is not finite or the matrix is not positive definite.
    ///
    /// - Parameters:
    ///   - x: `N×D`. Not centered here: a covariance needs `x` minus its column means.
    ///   - divisor: `N − 1` for an unbiased covariance.
    ///   - epsilon: what is added to the diagonal; greater than 0.
    /// - Returns: a scalar.
    public func logDeterminant(of x: Tensor, divisor: Double, epsilon: Double) -> Tensor {
        let values = Self.doubles(of: x)
        let (value, inverse) = moment(of: values, shape: x.shape, divisor: divisor).logDeterminant(adding: epsilon)
        return Tensor.custom(Tensor(Float(value)), inputs: [x]) { [shape = x.shape] gradient in
            let scale = 2 / divisor * Double(gradient.item)
            return [Self.floats(of: product(inverse, values, shape: shape, scale: scale), shape: shape)]
        }
    }

    /// `‖xᵀx/divisor‖²_F`, the sum of the squares of all its entries, with its gradient.
    ///
    /// - Parameters:
    ///   - x: `N×D`. Not centered here.
    ///   - divisor: `N − 1` for an unbiased covariance.
    /// - Returns: a scalar.
    public func squaredNorm(of x: Tensor, divisor: Double) -> Tensor {
        let values = Self.doubles(of: x)
        let moment = moment(of: values, shape: x.shape, divisor: divisor)
        return Tensor.custom(Tensor(Float(moment.squaredNorm)), inputs: [x]) { [shape = x.shape] gradient in
            let scale = 4 / divisor * Double(gradient.item)
            return [Self.floats(of: product(moment.matrix, values, shape: shape, scale: scale), shape: shape)]
        }
    }

    private func moment(of values: [Double], shape: Shape, divisor: Double) -> SecondMoment {
        SecondMoment(of: values, samples: shape[0], features: shape[1], divisor: divisor, side: self)
    }

    private func product(_ symmetric: [Double], _ values: [Double], shape: Shape, scale: Double) -> [Double] {
        SecondMoment.product(symmetric, values, samples: shape[0], features: shape[1], side: self, scale: scale)
    }

    private static func doubles(of x: Tensor) -> [Double] {
        require(x.rank == 2, "CovarianceSide: x must be N×D, found \(x.shape)")
        return x.withUnsafeValues { $0.map(Double.init) }
    }

    private static func floats(of values: [Double], shape: Shape) -> Tensor {
        Tensor(shape: shape) { target in
            for index in values.indices { target[index] = Float(values[index]) }
        }
    }
}
