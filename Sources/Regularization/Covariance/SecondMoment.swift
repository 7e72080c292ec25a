import Glibc
import Tensors

/// `XᵀX/divisor` of an `N×D` matrix, held as the matrix of one side, in double precision.
public struct SecondMoment {
    /// Whose matrix is held.
    public let side: CovarianceSide
    /// `N`.
    public let samples: Int
    /// `D`.
    public let features: Int

    /// The side's matrix, `S×S` row-major. Only the lower triangle is meaningful; the rest is zero.
    public let matrix: [Double]

    /// The number of rows of `matrix`.
    public var size: Int { side == .samples ? samples : features }

    /// - Parameters:
    ///   - values: `X`, `N×D` row-major.
    ///   - divisor: `N − 1` for an unbiased covariance of centered values.
    public init(of values: [Double], samples: Int, features: Int, divisor: Double, side: CovarianceSide) {
        require(values.count == samples * features, "SecondMoment: \(values.count) values are not \(samples)×\(features)")
        self.side = side
        self.samples = samples
        self.features = features
        matrix =
            Matrix(rows: samples, columns: features, values: values)
            .lowerGram(transposing: side == .features, scale: 1 / divisor).values
    }

    /// The sum of the squares of all entries of `XᵀX/divisor`, which both sides share.
    public var squaredNorm: Double {
        var sum = 0.0
        for row in 0..<size {
            for column in 0..<row { sum += 2 * matrix[row * size + column] * matrix[row * size + column] }
            sum += matrix[row * size + row] * matrix[row * size + row]
        }
        return sum
    }

    /// `log det(XᵀX/divisor + ε I_D)` and the inverse of the side's own matrix plus `ε I_S` (lower triangle).
    ///
    /// NaN throughout where the sum is not positive definite or not finite.
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
