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

    /// The singular values of the matrix, and those of the matrix with its columns' means taken off, `min(N, D)` each in descending order.
    ///
    /// Both come from one reduction to bidiagonal form, which is what singular values cost. With the means `μ` the two differ by one row:
    ///
    /// ```
    /// X = Xc + 1μᵀ and Xcᵀ1 = 0   give   XᵀX = XcᵀXc + N μμᵀ,   the product of Xc with the row √N μᵀ below it
    /// ```
    ///
    /// Features are turned first so that this row is `(s, 0, 0, …)`. The bidiagonal form leaves the first axis as it is, so that the row can
    /// be put below it and rotated into it. A wide matrix is expressed in a basis of its rows' space before, a tall one reduced to its
    /// triangular factor; all of it keeps the digits of small singular values.
    ///
    /// - Returns: both; of one sample the centered ones are 0.
    /// - Throws: `Undefined` where an iteration does not converge.
    /// - Complexity: `O(N D min(N, D))`, one reduction to bidiagonal form of order `min(N + 1, D)`.
    func singularValuesPlainAndCentered() throws(Undefined) -> (plain: [Double], centered: [Double]) {
        let count = min(rows, columns)
        guard count > 0 else { return ([], []) }
        let root = Double(rows).squareRoot()
        let split = try centered.withRowBelow(columnMeans.map { $0 * root })
        let turned = split.matrix.reflecting(split.row)
        let order = turned.matrix.columns
        var (diagonal, beside) = ([Double](repeating: 0, count: order), [Double](repeating: 0, count: max(order - 1, 1)))
        // LAPACK stores columns one after another.
        var work = turned.matrix.transposed
        guard lapack_bidiagonal_form(Int32(work.columns), Int32(order), &work.values, &diagonal, &beside) == 0 else {
            throw Undefined("the samples could not be reduced to bidiagonal form")
        }
        var (plain, besidePlain) = (diagonal, beside)
        var below = turned.first
        for place in 0..<order {
            let length = (plain[place] * plain[place] + below * below).squareRoot()
            guard length > 0 else { continue }
            let (cosine, sine) = (plain[place] / length, below / length)
            plain[place] = length
            guard place + 1 < order else { break }
            below = -sine * besidePlain[place]
            besidePlain[place] *= cosine
        }
        guard lapack_bidiagonal_singular_values(Int32(order), &diagonal, &beside) == 0,
            lapack_bidiagonal_singular_values(Int32(order), &plain, &besidePlain) == 0
        else { throw Undefined("the singular values did not converge") }
        return (Array(plain.prefix(count)), Array(diagonal.prefix(count)))
    }

    /// The matrix and one more row in a basis in which the matrix has as many rows as columns or more, and not many more.
    ///
    /// - Parameter row: `D` numbers.
    /// - Returns: both in the new basis; a row of zeros is added where rows are lacking.
    /// - Throws: `Undefined` where there is no memory for it.
    private func withRowBelow(_ row: [Double]) throws(Undefined) -> (matrix: SampleMatrix, row: [Double]) {
        guard rows < columns else { return (try 4 * rows > 5 * columns ? triangularFactor() : self, row) }
        let all = try SampleMatrix(rows: rows + 1, columns: columns, values: values + row).lowerFactor()
        var matrix = all
        // Rows of zeros change no singular value.
        for column in 0..<all.columns { matrix[rows, column] = 0 }
        return (matrix, (0..<all.columns).map { all[rows, $0] })
    }

    /// The matrix with its columns reflected so that a row becomes `(first, 0, 0, …)`, by Householder's reflection.
    ///
    /// - Parameter row: `D` numbers; where all are 0 nothing is reflected.
    private func reflecting(_ row: [Double]) -> (matrix: SampleMatrix, first: Double) {
        let length = SampleMatrix(rows: 1, columns: columns, values: row).norm
        guard length > 0 else { return (self, 0) }
        var axis = row
        axis[0] += row[0] < 0 ? -length : length
        let direction = SampleMatrix(rows: 1, columns: columns, values: axis)
        let heights = times(direction, transposingRight: true)
        let scale = 2 / direction.dot(direction)
        var result = self
        for sample in 0..<rows {
            let height = scale * heights[sample, 0]
            for column in 0..<columns { result[sample, column] -= height * axis[column] }
        }
        return (result, row[0] < 0 ? length : -length)
    }

    /// The lower triangular `N×N` factor L with X = L Qᵀ and orthonormal columns of Q, of a matrix with no more rows than columns: the samples in
    /// a basis of the space that they span.
    ///
    /// - Throws: `Undefined` where there is no memory for it.
    func lowerFactor() throws(Undefined) -> SampleMatrix {
        var work = self
        // Read column by column this is the transposed matrix, whose upper triangular factor is the transpose of L.
        guard lapack_triangular_factor(Int32(columns), Int32(rows), &work.values) == 0 else {
            throw Undefined("the samples could not be reduced to a triangular factor")
        }
        var factor = SampleMatrix(rows: rows, columns: rows)
        for row in 0..<rows { for column in 0...row { factor[row, column] = work[row, column] } }
        return factor
    }

    /// The `D×D` factor R with XᵀX = RᵀR, of a matrix with at least as many rows as columns.
    ///
    /// Blocks of rows are put under the factor so far and reduced together, at most `2 max(D, 256)` rows at a time.
    ///
    /// - Throws: `Undefined` where there is no memory for it.
    private func triangularFactor() throws(Undefined) -> SampleMatrix {
        let most = 2 * max(columns, 256)
        var factor = SampleMatrix(rows: 0, columns: columns)
        var start = 0
        while start < rows {
            let end = min(rows, start + most - factor.rows)
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

    /// `B L⁻ᵀ` or `B L⁻¹` of a lower triangular L.
    ///
    /// - Parameters:
    ///   - factor: `L`, with as many rows as this has columns.
    ///   - transposed: whether `L` is transposed before it is inverted.
    func divided(by factor: SampleMatrix, transposed: Bool) -> SampleMatrix {
        var result = self
        cblas_dtrsm(
            CblasRowMajor, CblasRight, CblasLower, transposed ? CblasTrans : CblasNoTrans, CblasNonUnit, Int32(rows), Int32(columns), 1, factor.values,
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
