internal import COpenBLAS
import Glibc

// The operations of tensors that are factorizations inside, with their gradients; see ``Matrix`` for the precision.

extension Tensor {
    /// The lower triangular L with A = L Lᵀ of a symmetric positive definite `N×N` matrix, computed in
    /// double precision; `O(N³)`.
    ///
    /// Only the lower triangle of A is read. A matrix that is not positive definite gives NaN
    /// throughout. The gradient is symmetric.
    ///
    /// ```swift
    /// let l = covariance.cholesky()
    /// let sample = mean + l.matmul(noise)         // normally distributed with that covariance
    /// ```
    public func cholesky() -> Tensor {
        let factor = CholeskyFactor(self)
        let n = factor.order
        return factor.lower.recorded(self) { gradient in
            // With Φ taking the lower triangle and halving the diagonal: Ā = ½ L⁻ᵀ (Φ(Lᵀ L̄) + Φ(Lᵀ L̄)ᵀ) L⁻¹.
            var inner = Matrix(gradient).multipliedOnLeft(by: factor, transposed: true)
            for row in 0..<n {
                for column in 0..<n {
                    inner[row, column] = column > row ? 0 : row == column ? inner[row, row] / 2 : inner[row, column]
                }
            }
            for row in 0..<n { for column in (row + 1)..<max(n, row + 1) { inner[row, column] = inner[column, row] } }
            for index in 0..<n { inner[index, index] *= 2 }
            let half = factor.solvedTriangular(inner, transposed: true)
            return factor.solvedTriangular(half.transposed, transposed: true).scaled(by: 0.5).tensor
        }
    }

    /// log det A of a symmetric positive definite `N×N` matrix, a scalar; NaN where it is not positive
    /// definite. Its gradient is A⁻¹.
    ///
    /// ```swift
    /// (covariance + .identity(d) * 1e-4).logDeterminant()       // of a covariance that may be singular
    /// ```
    ///
    /// - Precondition: the matrix is square.
    public func logDeterminant() -> Tensor {
        let factor = CholeskyFactor(self)
        return Tensor(Float(factor.logDeterminant)).recorded(self) { gradient in
            factor.inverse.tensor * gradient.item
        }
    }

    /// A⁻¹ of a symmetric positive definite `N×N` matrix; NaN where it is not positive definite. The
    /// gradient is symmetric.
    ///
    /// Multiplying by it is less exact than ``solve(_:)`` and no faster for a single right-hand side.
    ///
    /// - Precondition: the matrix is square.
    public func inverse() -> Tensor {
        let inverse = CholeskyFactor(self).inverse.tensor
        return inverse.recorded(self) { -inverse.matmul($0).matmul(inverse).symmetricPart }
    }

    /// A⁻¹ B for a symmetric positive definite `N×N` matrix A and an `N×M` right-hand side B. Both
    /// receive gradients; that of A is symmetric.
    ///
    /// ```swift
    /// let weights = (z.matmul(z, transposingLeft: true) + .identity(d)).solve(z.transposed().matmul(y))      // ridge regression
    /// ```
    ///
    /// The result is NaN throughout where A is not positive definite.
    ///
    /// - Precondition: A is square, and B has as many rows.
    public func solve(_ rightHandSide: Tensor) -> Tensor {
        let factor = CholeskyFactor(self)
        require(
            rightHandSide.rank == 2 && rightHandSide.shape[0] == factor.order,
            "solve: a matrix of shape \(shape) does not fit a right-hand side of shape \(rightHandSide.shape)")
        let solution = factor.solved(Matrix(rightHandSide)).tensor
        return solution.recorded(
            self, { -factor.solved(Matrix($0)).tensor.matmul(solution, transposingRight: true).symmetricPart },
            rightHandSide, { factor.solved(Matrix($0)).tensor })
    }

    /// The eigenvalues `N`, rising, and the eigenvectors, the columns of an `N×N` matrix, of a symmetric `N×N` matrix.
    ///
    /// Only the lower triangle is read; NaN where the input is not finite. The gradient is symmetric. Where two eigenvalues are equal the
    /// eigenvectors have no gradient, and it is NaN; that of the eigenvalues is sound everywhere.
    public func symmetricEigenvectors() -> (values: Tensor, vectors: Tensor) {
        require(rank == 2 && shape[0] == shape[1], "symmetricEigenvectors: a matrix of shape \(shape) is not square")
        let n = shape[0]
        guard let spectrum = Matrix(self).symmetricSpectrum() else { return (.full(.nan, [n]), .full(.nan, [n, n])) }
        let (values, rows) = (spectrum.values, spectrum.vectors)
        let vectors = rows.transposed
        let eigenvalues = Tensor(values.map(Float.init), shape: [n]).recorded(self) { gradient in
            // Ā = V diag(λ̄) Vᵀ
            var scaled = rows
            for (row, slope) in gradient.values.enumerated() { for column in 0..<n { scaled[row, column] *= Double(slope) } }
            return vectors.multiplied(by: scaled).tensor
        }
        let eigenvectors = vectors.tensor.recorded(self) { gradient in
            // Ā = V (F ∘ VᵀV̄) Vᵀ with F_ij = 1 / (λ_j − λ_i)
            var inner = rows.multiplied(by: Matrix(gradient))
            for row in 0..<n {
                for column in 0..<n {
                    let gap = values[column] - values[row]
                    inner[row, column] = row == column ? 0 : gap == 0 ? .nan : inner[row, column] / gap
                }
            }
            return vectors.multiplied(by: inner).multiplied(by: rows).tensor.symmetricPart
        }
        return (eigenvalues, eigenvectors)
    }

    /// ½ (A + Aᵀ): the gradient of a function whose argument is known to be symmetric.
    private var symmetricPart: Tensor { (self + transposed()) * 0.5 }

    /// The min(N, M) singular values of an `N×M` matrix in descending order, without a gradient; NaN
    /// where the input is not finite.
    ///
    /// A cheap measure of collapse: an `N×D` batch of embeddings whose later values are near 0 spans
    /// few dimensions.
    ///
    /// - Precondition: the rank is 2.
    ///
    /// ```swift
    /// let spectrum = (z - z.mean(axis: 0, keepingAxis: true)).singularValues()
    /// ```
    public func singularValues() -> Tensor {
        require(rank == 2, "singularValues: a tensor of shape \(shape) is not a matrix")
        let (rows, columns) = (shape[0], shape[1])
        let count = min(rows, columns)
        var matrix = withUnsafeValues { $0.map(Double.init) }
        guard count > 0 else { return Tensor.zeros([0]) }
        guard matrix.allSatisfy(\.isFinite) else { return Tensor.full(.nan, [count]) }
        var singular = [Double](repeating: 0, count: count)
        // Read column by column this is the transposed matrix, which has the same singular values.
        let status = lapack_singular_values(Int32(columns), Int32(rows), &matrix, &singular)
        return status == 0 ? Tensor(singular.map(Float.init), shape: [count]) : Tensor.full(.nan, [count])
    }
}

extension Matrix {
    /// L · self, or Lᵀ · self.
    fileprivate func multipliedOnLeft(by factor: CholeskyFactor, transposed: Bool) -> Matrix {
        var result = self
        cblas_dtrmm(
            CblasRowMajor, CblasLeft, CblasLower, transposed ? CblasTrans : CblasNoTrans, CblasNonUnit,
            Int32(rows), Int32(columns), 1, factor.values, Int32(factor.order), &result.values, Int32(columns))
        return result
    }
}

/// The Cholesky factor of a symmetric positive definite matrix in double precision; NaN throughout
/// where the matrix is not positive definite.
struct CholeskyFactor {
    /// The number of rows.
    let order: Int
    /// Row-major, zero above the diagonal.
    private(set) var values: [Double]

    /// Factorizes a square matrix, of which the lower triangle is read.
    init(_ matrix: Tensor) {
        require(
            matrix.rank == 2 && matrix.shape[0] == matrix.shape[1], "a matrix of shape \(matrix.shape) is not square")
        order = matrix.shape[0]
        values = matrix.withUnsafeValues { $0.map(Double.init) }
        // A row-major lower triangle is a column-major upper one.
        let status = lapack_cholesky(Int32(order), &values)
        if status != 0 || values.contains(where: \.isNaN) { values = [Double](repeating: .nan, count: order * order) }
        for row in 0..<order { for column in (row + 1)..<max(order, row + 1) { values[row * order + column] = 0 } }
    }

    /// L in single precision.
    var lower: Tensor { Tensor(values.map(Float.init), shape: [order, order]) }

    /// log det A = 2 Σ log L_ii.
    var logDeterminant: Double { (0..<order).reduce(0) { $0 + 2 * Glibc.log(values[$1 * (order + 1)]) } }

    /// A⁻¹, both triangles filled.
    var inverse: Matrix {
        var identity = Matrix(rows: order, columns: order, values: [Double](repeating: 0, count: order * order))
        for index in 0..<order { identity[index, index] = 1 }
        return solved(identity)
    }

    /// A⁻¹ B.
    func solved(_ rightHandSide: Matrix) -> Matrix {
        solvedTriangular(solvedTriangular(rightHandSide, transposed: false), transposed: true)
    }

    /// L⁻¹ B, or L⁻ᵀ B where `transposed`.
    func solvedTriangular(_ rightHandSide: Matrix, transposed: Bool) -> Matrix {
        var result = rightHandSide
        cblas_dtrsm(
            CblasRowMajor, CblasLeft, CblasLower, transposed ? CblasTrans : CblasNoTrans, CblasNonUnit,
            Int32(order), Int32(result.columns), 1, values, Int32(order), &result.values, Int32(result.columns))
        return result
    }
}

extension Tensor {
    /// The sign of det A and log |det A| of any `N×N` matrix, by an LU factorization in double
    /// precision.
    ///
    /// The gradient of the logarithm is A⁻ᵀ. A singular matrix has the sign 0 and the logarithm −∞, and
    /// its gradient is NaN; for a matrix that is not finite both are NaN.
    ///
    /// - Returns: the sign (1, −1 or 0) and the logarithm, a scalar.
    /// - Precondition: the matrix is square.
    public func logAbsoluteDeterminant() -> (sign: Float, logarithm: Tensor) {
        let factors = Matrix(self).luFactors()
        let logarithm = Tensor(Float(factors.logAbsoluteDeterminant)).recorded(self) { gradient in
            factors.inverse.transposed.scaled(by: Double(gradient.item)).tensor
        }
        return (Float(factors.sign), logarithm)
    }
}
