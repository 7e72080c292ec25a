internal import COpenBLAS
import Glibc

/// A matrix in double precision, row-major, without gradients: for the inside of an operation that has
/// a gradient of its own, as `Tensor.custom` takes it.
///
/// Factorizations run in double precision because the log-determinant of a nearly singular covariance
/// loses most of its digits in single precision, and because these matrices are small beside the batch
/// they come from. Products are computed by OpenBLAS, factorizations by LAPACK.
///
/// ```swift
/// let z = Matrix(centered)                                   // N×D
/// let covariance = z.lowerGram(transposing: true, scale: 1 / Double(n - 1))
/// guard let (logDeterminant, inverse) = covariance.positiveDefiniteInverse() else { … }
/// ```
public struct Matrix: Sendable, Hashable {
    /// The number of rows.
    public let rows: Int
    /// The number of columns.
    public let columns: Int
    /// The entries, row after row: entry (i, j) is `values[i * columns + j]`.
    public var values: [Double]

    /// A matrix of the given entries.
    ///
    /// - Precondition: `values` has `rows · columns` entries.
    public init(rows: Int, columns: Int, values: [Double]) {
        require(values.count == rows * columns, "Matrix: \(values.count) values are not \(rows)×\(columns)")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// A matrix with every entry the same.
    public init(rows: Int, columns: Int, repeating value: Double) {
        self.init(rows: rows, columns: columns, values: [Double](repeating: value, count: rows * columns))
    }

    /// The values of a tensor of rank 2, in double precision.
    ///
    /// - Precondition: the tensor has rank 2.
    public init(_ tensor: Tensor) {
        require(tensor.rank == 2, "Matrix: a tensor of shape \(tensor.shape) is not a matrix")
        self.init(rows: tensor.shape[0], columns: tensor.shape[1], values: tensor.withUnsafeValues { $0.map(Double.init) })
    }

    /// Ones on the diagonal of an `order×order` matrix, zeros elsewhere.
    public static func identity(_ order: Int) -> Matrix {
        var matrix = Matrix(rows: order, columns: order, repeating: 0)
        for index in 0..<order { matrix[index, index] = 1 }
        return matrix
    }

    /// The entry at a row and a column.
    public subscript(row: Int, column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    /// The entries as a tensor in single precision, without a record.
    public var tensor: Tensor { Tensor(values.map(Float.init), shape: [rows, columns]) }

    /// The transposed matrix, a copy.
    public var transposed: Matrix {
        var result = Matrix(rows: columns, columns: rows, values: values)
        for row in 0..<rows { for column in 0..<columns { result[column, row] = self[row, column] } }
        return result
    }

    /// The matrix with every entry multiplied by a factor.
    public func scaled(by factor: Double) -> Matrix { Matrix(rows: rows, columns: columns, values: values.map { $0 * factor }) }

    // MARK: Products

    /// `scale · A B`, with either one transposed where asked for, plus another matrix.
    ///
    /// - Parameters:
    ///   - other: B.
    ///   - transposing: whether A is transposed.
    ///   - transposingOther: whether B is transposed.
    ///   - scale: the factor of the product.
    ///   - sum: a matrix that is added to the product; nil for none.
    /// - Precondition: the shapes fit.
    public func multiplied(
        by other: Matrix, transposing: Bool = false, transposingOther: Bool = false, scale: Double = 1, adding sum: Matrix? = nil
    ) -> Matrix {
        let (height, inner) = transposing ? (columns, rows) : (rows, columns)
        let (otherInner, width) = transposingOther ? (other.columns, other.rows) : (other.rows, other.columns)
        require(inner == otherInner, "Matrix: \(height)×\(inner) cannot be multiplied by \(otherInner)×\(width)")
        require(sum.map { $0.rows == height && $0.columns == width } ?? true, "Matrix: the sum must be \(height)×\(width)")
        var result = sum ?? Matrix(rows: height, columns: width, repeating: 0)
        guard height > 0, width > 0, inner > 0 else { return result }
        cblas_dgemm(
            CblasRowMajor, transposing ? CblasTrans : CblasNoTrans, transposingOther ? CblasTrans : CblasNoTrans, Int32(height), Int32(width),
            Int32(inner), scale, values, Int32(columns), other.values, Int32(other.columns), sum == nil ? 0 : 1, &result.values, Int32(width))
        return result
    }

    /// `scale · A Aᵀ`, or `scale · Aᵀ A` where `transposing`. The result is symmetric; only its lower
    /// triangle is filled, and the rest is 0. This takes half the work of a general product.
    public func lowerGram(transposing: Bool = false, scale: Double = 1) -> Matrix {
        let order = transposing ? columns : rows
        var result = Matrix(rows: order, columns: order, repeating: 0)
        guard !values.isEmpty else { return result }
        cblas_dsyrk(
            CblasRowMajor, CblasLower, transposing ? CblasTrans : CblasNoTrans, Int32(order), Int32(transposing ? rows : columns), scale, values,
            Int32(columns), 0, &result.values, Int32(order))
        return result
    }

    /// `scale · S X`, or `scale · X S` where `onRight`, for a symmetric `S` of which this matrix is the
    /// lower triangle.
    public func symmetricProduct(with x: Matrix, onRight: Bool = false, scale: Double = 1) -> Matrix {
        require(rows == columns && rows == (onRight ? x.columns : x.rows), "Matrix: \(rows)×\(columns) does not fit \(x.rows)×\(x.columns)")
        let values = [Double](unsafeUninitializedCapacity: x.values.count) { result, count in
            count = x.values.count
            guard count > 0 else { return }
            cblas_dsymm(
                CblasRowMajor, onRight ? CblasRight : CblasLeft, CblasLower, Int32(x.rows), Int32(x.columns), scale, self.values, Int32(rows),
                x.values, Int32(x.columns), 0, result.baseAddress, Int32(x.columns))
        }
        return Matrix(rows: x.rows, columns: x.columns, values: values)
    }

    // MARK: Factorizations

    /// `log det S` and the lower triangle of `S⁻¹` for a symmetric positive definite `S` of which this
    /// matrix is the lower triangle, by a Cholesky factorization.
    ///
    /// - Returns: nil where S is not positive definite or not finite.
    ///
    /// ```swift
    /// if let (logDeterminant, inverse) = covariance.positiveDefiniteInverse() { … }       // inverse holds the lower triangle
    /// ```
    public func positiveDefiniteInverse() -> (logDeterminant: Double, inverse: Matrix)? {
        require(rows == columns, "Matrix: \(rows)×\(columns) is not square")
        var factor = self
        // A row-major lower triangle is a column-major upper one: no transposition, and no scan for NaN, which shows in the result.
        var status = lapack_cholesky(Int32(rows), &factor.values)
        var logarithm = 0.0
        for index in 0..<rows { logarithm += 2 * log(factor[index, index]) }
        if status == 0 { status = lapack_cholesky_inverse(Int32(rows), &factor.values) }
        return status == 0 && logarithm.isFinite ? (logarithm, factor) : nil
    }

    /// The eigenvalues in ascending order, and the eigenvectors as rows in the same order, of a
    /// symmetric matrix of which this is the lower triangle.
    ///
    /// - Returns: nil where the matrix is not finite.
    ///
    /// ```swift
    /// let entropy = -(spectrum.values.filter { $0 > 0 }.reduce(0) { $0 + $1 * log($1) })      // of eigenvalues that sum to 1
    /// ```
    public func symmetricSpectrum() -> (values: [Double], vectors: Matrix)? {
        require(rows == columns, "Matrix: \(rows)×\(columns) is not square")
        var vectors = self
        var eigenvalues = [Double](repeating: 0, count: rows)
        // The solver need not stop on NaN.
        guard values.allSatisfy(\.isFinite) else { return nil }
        // A row-major lower triangle is a column-major upper one; each eigenvector comes out as a row.
        let status = lapack_symmetric_spectrum(CChar(UInt8(ascii: "U")), Int32(rows), &vectors.values, &eigenvalues)
        return status == 0 ? (eigenvalues, vectors) : nil
    }

    /// The factors of `P A = L U` of any square matrix, with rows exchanged for stability.
    ///
    /// - Precondition: the matrix is square.
    ///
    /// ```swift
    /// let factors = matrix.luFactors()
    /// factors.sign, factors.logAbsoluteDeterminant, factors.solve(b)
    /// ```
    public func luFactors() -> LUFactors { LUFactors(self) }
}

/// The factorization `P A = L U` of a square matrix in double precision; see ``Matrix/luFactors()``.
public struct LUFactors: Sendable {
    private let order: Int
    /// The transpose of what holds U on and above the diagonal and L below it without its unit diagonal, which is how LAPACK stores
    /// matrices; NaN throughout where the input is not finite.
    private var factors: Matrix
    private var pivots: [Int32]

    init(_ matrix: Matrix) {
        require(matrix.rows == matrix.columns, "a matrix of shape \(matrix.rows)×\(matrix.columns) is not square")
        order = matrix.rows
        factors = matrix.transposed
        pivots = [Int32](repeating: 0, count: order)
        guard order > 0 else { return }
        guard matrix.values.allSatisfy(\.isFinite) else {
            factors = Matrix(rows: order, columns: order, repeating: .nan)
            return
        }
        // A positive status means that U has a zero on its diagonal, which the determinant then shows.
        _ = lapack_lu(Int32(order), &factors.values, &pivots)
    }

    private var diagonal: [Double] { (0..<order).map { factors[$0, $0] } }

    /// log |det A|: −∞ for a singular matrix, NaN for one that is not finite.
    public var logAbsoluteDeterminant: Double { diagonal.reduce(0) { $0 + Glibc.log(abs($1)) } }

    /// The sign of det A: 1, −1, or 0 for a singular matrix.
    public var sign: Double {
        let exchanges = pivots.enumerated().count { Int($0.element) != $0.offset + 1 }
        return diagonal.reduce(exchanges.isMultiple(of: 2) ? 1 : -1) { sign, entry in
            entry.isNaN ? .nan : entry == 0 ? 0 : entry < 0 ? -sign : sign
        }
    }

    /// A⁻¹; NaN throughout where A is singular or not finite.
    public var inverse: Matrix {
        let failed = Matrix(rows: order, columns: order, repeating: .nan)
        guard order > 0, logAbsoluteDeterminant.isFinite else { return failed }
        var result = factors
        return lapack_lu_inverse(Int32(order), &result.values, pivots) == 0 ? result.transposed : failed
    }

    /// A⁻¹ B; NaN where A is singular.
    ///
    /// - Precondition: `B` has as many rows as `A`.
    public func solve(_ rightHandSide: Matrix) -> Matrix {
        require(rightHandSide.rows == order, "Matrix: \(order)×\(order) does not fit a right-hand side of \(rightHandSide.rows) rows")
        guard order > 0, rightHandSide.columns > 0 else { return rightHandSide }
        var result = rightHandSide.transposed
        guard logAbsoluteDeterminant.isFinite,
            lapack_lu_solve(Int32(order), factors.values, pivots, Int32(rightHandSide.columns), &result.values) == 0
        else { return Matrix(rows: order, columns: rightHandSide.columns, repeating: .nan) }
        return result.transposed
    }
}
