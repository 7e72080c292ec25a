internal import COpenBLAS
import Glibc

extension Tensor {
    /// The sign of det A and log |det A| of any square matrix, through its LU factorization in double precision.
    ///
    /// The gradient of the logarithm is A⁻ᵀ. A singular matrix has the sign 0 and the logarithm −∞, and its gradient is NaN;
    /// a matrix that is not finite has NaN for both.
    /// - Returns: the sign (1, −1 or 0), and the logarithm as a scalar.
    /// - Precondition: the shape is `N×N`.
    public func logAbsoluteDeterminant() -> (sign: Float, logarithm: Tensor) {
        let factors = LUFactors(self)
        let logarithm = Tensor(Float(factors.logAbsoluteDeterminant)).recorded(self) { gradient in
            factors.inverse.transposed.scaled(by: Double(gradient.item)).tensor
        }
        return (Float(factors.sign), logarithm)
    }
}

/// P A = L U of a square matrix in double precision, with rows exchanged for stability.
struct LUFactors {
    let order: Int
    /// Row-major: U on and above the diagonal, L below it without its unit diagonal; NaN throughout where the input is not finite.
    private var values: [Double]
    private var pivots: [Int32]

    init(_ matrix: Tensor) {
        require(matrix.rank == 2 && matrix.shape[0] == matrix.shape[1], "a matrix of shape \(matrix.shape) is not square")
        order = matrix.shape[0]
        values = matrix.withUnsafeValues { $0.map(Double.init) }
        pivots = [Int32](repeating: 0, count: order)
        guard order > 0 else { return }
        guard values.allSatisfy(\.isFinite) else {
            values = [Double](repeating: .nan, count: order * order)
            return
        }
        // A positive status means that U has a zero on its diagonal, which the determinant then shows.
        _ = LAPACKE_dgetrf(LAPACK_ROW_MAJOR, Int32(order), Int32(order), &values, Int32(order), &pivots)
    }

    private var diagonal: [Double] { (0..<order).map { values[$0 * (order + 1)] } }

    /// log |det A| = Σ log |U_ii|.
    var logAbsoluteDeterminant: Double { diagonal.reduce(0) { $0 + Glibc.log(abs($1)) } }

    /// 1, −1, or 0 for a singular matrix.
    var sign: Double {
        let exchanges = pivots.enumerated().count { Int($0.element) != $0.offset + 1 }
        return diagonal.reduce(exchanges.isMultiple(of: 2) ? 1 : -1) { sign, entry in
            entry.isNaN ? .nan : entry == 0 ? 0 : entry < 0 ? -sign : sign
        }
    }

    /// A⁻¹; NaN where there is none.
    var inverse: DoubleMatrix {
        let failed = DoubleMatrix(rows: order, columns: order, values: [Double](repeating: .nan, count: order * order))
        guard order > 0, logAbsoluteDeterminant.isFinite else { return failed }
        var result = DoubleMatrix(rows: order, columns: order, values: values)
        let status = LAPACKE_dgetri(LAPACK_ROW_MAJOR, Int32(order), &result.values, Int32(order), pivots)
        return status == 0 ? result : failed
    }
}
