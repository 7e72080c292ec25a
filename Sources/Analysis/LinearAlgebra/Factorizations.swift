internal import COpenBLAS
import Glibc
import Tensors

extension SampleMatrix {
    /// The `min(N, D)` singular values in descending order.
    ///
    /// A tall matrix is reduced to its triangular factor first, a block of rows at a time, so that no
    /// more than `2D` rows are worked on at once and small singular values keep their digits (those of
    /// `XᵀX` would lose half of them).
    ///
    /// - Throws: `Undefined` where the iteration does not converge.
    func singularValues() throws(Undefined) -> [Double] {
        let count = min(rows, columns)
        guard count > 0 else { return [] }
        var work = try rows > 2 * columns ? triangularFactor() : self
        var singular = [Double](repeating: 0, count: count)
        // Read column by column this is the transposed matrix, which has the same singular values.
        let status = lapack_singular_values(Int32(work.columns), Int32(work.rows), &work.values, &singular)
        guard status == 0 else { throw Undefined("the singular values did not converge") }
        return singular
    }

    /// The `D×D` factor R with XᵀX = RᵀR, of a matrix with at least as many rows as columns.
    ///
    /// Blocks of `max(D, 256)` rows are put under the factor so far and reduced together.
    ///
    /// - Throws: `Undefined` where there is no memory for it.
    private func triangularFactor() throws(Undefined) -> SampleMatrix {
        let block = max(columns, 256)
        var factor = SampleMatrix(rows: 0, columns: columns)
        var start = 0
        while start < rows {
            let end = min(rows, start + block)
            // LAPACK stores columns one after another.
            var stacked = SampleMatrix(
                rows: factor.rows + end - start, columns: columns, values: factor.values + values[start * columns..<end * columns]
            ).transposed
            guard lapack_triangular_factor(Int32(stacked.columns), Int32(columns), &stacked.values) == 0 else {
                throw Undefined("the samples could not be reduced to a triangular factor")
            }
            let kept = min(stacked.columns, columns)
            factor = SampleMatrix(rows: kept, columns: columns)
            for row in 0..<kept { for column in row..<columns { factor[row, column] = stacked[column, row] } }
            start = end
        }
        return factor
    }

    /// Eigenvalues in ascending order and eigenvectors (as columns) of a symmetric matrix, of which the
    /// lower triangle is read.
    ///
    /// - Throws: `Undefined` where the iteration does not converge.
    ///
    /// - Returns: `N` eigenvalues, and the `N×N` matrix whose column `k` belongs to eigenvalue `k`; a
    ///   column's sign is the library's choice.
    func symmetricEigen() throws(Undefined) -> (values: [Double], vectors: SampleMatrix) {
        // LAPACK stores columns one after another.
        var vectors = transposed
        var eigenvalues = [Double](repeating: 0, count: rows)
        let status = lapack_symmetric_spectrum(CChar(UInt8(ascii: "L")), Int32(rows), &vectors.values, &eigenvalues)
        guard status == 0 else { throw Undefined("the eigenvalues did not converge") }
        return (eigenvalues, vectors.transposed)
    }

    /// The lower triangular L with A = L Lᵀ of a symmetric matrix, or nil where A is not positive
    /// definite within rounding.
    ///
    /// A pivot whose square is below `N · 2⁻⁵⁰` of the largest one's counts as 0. The upper triangle of
    /// the result is 0.
    var cholesky: SampleMatrix? {
        var factor = self
        // A row-major lower triangle is a column-major upper one. NaN passes the factorization.
        guard !values.contains(where: \.isNaN), lapack_cholesky(Int32(rows), &factor.values) == 0 else { return nil }
        var (smallest, largest) = (Double.infinity, 0.0)
        for row in 0..<rows {
            for column in (row + 1)..<max(rows, row + 1) { factor[row, column] = 0 }
            smallest = min(smallest, factor[row, row])
            largest = max(largest, factor[row, row])
        }
        // A singular matrix often passes the factorization with a pivot of the size of rounding errors.
        return smallest * smallest > Double(rows) * 0x1p-50 * largest * largest ? factor : nil
    }

    /// `L⁻¹ B` or `L⁻ᵀ B`, where this is the lower triangular L.
    ///
    /// - Parameters:
    ///   - rightHandSide: `B`, with as many rows as `L`.
    ///   - transposed: whether `L` is transposed before it is inverted.
    func solvingLower(_ rightHandSide: SampleMatrix, transposed: Bool = false) -> SampleMatrix {
        var result = rightHandSide
        cblas_dtrsm(
            CblasRowMajor, CblasLeft, CblasLower, transposed ? CblasTrans : CblasNoTrans, CblasNonUnit, Int32(result.rows),
            Int32(result.columns), 1, values, Int32(columns), &result.values, Int32(result.columns))
        return result
    }

    /// `B L⁻ᵀ` of a lower triangular L.
    ///
    /// - Parameter factor: `L`, with as many rows as this has columns.
    func dividedByTransposed(_ factor: SampleMatrix) -> SampleMatrix {
        var result = self
        cblas_dtrsm(
            CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, Int32(rows), Int32(columns), 1, factor.values,
            Int32(factor.columns), &result.values, Int32(columns))
        return result
    }

    /// The transposed matrix, a copy.
    private var transposed: SampleMatrix {
        var result = SampleMatrix(rows: columns, columns: rows, values: values)
        for row in 0..<rows { for column in 0..<columns { result[column, row] = self[row, column] } }
        return result
    }

    /// The matrix with a number added to its diagonal.
    func addingToDiagonal(_ value: Double) -> SampleMatrix {
        var result = self
        for index in 0..<min(rows, columns) { result[index, index] += value }
        return result
    }
}
