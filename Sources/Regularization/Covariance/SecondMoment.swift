internal import COpenBLAS
import Glibc
import Tensors

/// `XᵀX/divisor` of an `N×D` matrix, held as the matrix of one side, in double precision.
package struct SecondMoment {
    package let side: CovarianceSide
    package let samples, features: Int

    /// The side's matrix, `S×S` row-major. Only the lower triangle is meaningful; the rest is zero.
    package let matrix: [Double]

    /// The number of rows of `matrix`.
    package var size: Int { side == .samples ? samples : features }

    /// - Parameter values: `X`, `N×D` row-major.
    package init(of values: [Double], samples: Int, features: Int, divisor: Double, side: CovarianceSide) {
        require(values.count == samples * features, "SecondMoment: \(values.count) values are not \(samples)×\(features)")
        self.side = side
        self.samples = samples
        self.features = features
        let size = side == .samples ? samples : features
        var matrix = [Double](repeating: 0, count: size * size)
        if !values.isEmpty {
            cblas_dsyrk(
                CblasRowMajor, CblasLower, side == .samples ? CblasNoTrans : CblasTrans, Int32(size),
                Int32(side == .samples ? features : samples), 1 / divisor, values, Int32(features), 0, &matrix, Int32(size))
        }
        self.matrix = matrix
    }

    /// The sum of the squares of all entries of `XᵀX/divisor`, which both sides share.
    package var squaredNorm: Double {
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
    package func logDeterminant(adding epsilon: Double) -> (value: Double, inverse: [Double]) {
        var factor = matrix
        for index in 0..<size { factor[index * size + index] += epsilon }
        // A row-major lower triangle is a column-major upper one: no transposition, and no scan for NaN, which shows in the result.
        let upper = CChar(UInt8(ascii: "U"))
        var status = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, upper, Int32(size), &factor, Int32(max(size, 1)))
        var value = 0.0
        for index in 0..<size { value += 2 * log(factor[index * size + index]) }
        if status == 0 {
            status = LAPACKE_dpotri_work(LAPACK_COL_MAJOR, upper, Int32(size), &factor, Int32(max(size, 1)))
        }
        guard status == 0, value.isFinite else {
            return (.nan, [Double](repeating: .nan, count: size * size))
        }
        if side == .samples { value += Double(features - samples) * log(epsilon) }
        return (value, factor)
    }

    /// `scale · A X` on the samples' side and `scale · X A` on the features' side, for a symmetric `A`.
    ///
    /// - Parameters:
    ///   - symmetric: the lower triangle of `A`, `S×S` row-major.
    ///   - values: `X`, `N×D` row-major.
    /// - Returns: `N×D` row-major.
    package static func product(
        _ symmetric: [Double], _ values: [Double], samples: Int, features: Int, side: CovarianceSide, scale: Double = 1
    ) -> [Double] {
        [Double](unsafeUninitializedCapacity: values.count) { result, count in
            count = values.count
            guard count > 0 else { return }
            cblas_dsymm(
                CblasRowMajor, side == .samples ? CblasLeft : CblasRight, CblasLower, Int32(samples), Int32(features), scale,
                symmetric, Int32(side == .samples ? samples : features), values, Int32(features), 0, result.baseAddress,
                Int32(features))
        }
    }
}
