internal import COpenBLAS
import Tensors

/// `N` samples of `D` features in double precision, row-major: what measures of embeddings start from.
struct SampleMatrix: Sendable, Hashable {
    /// The number of samples `N`.
    let rows: Int
    /// The number of features `D`.
    let columns: Int
    /// Row-major, `N·D` numbers.
    var values: [Double]

    /// - Precondition: there are `rows · columns` values, which is not checked.
    init(rows: Int, columns: Int, values: [Double]) {
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// Every entry the same.
    init(rows: Int, columns: Int, repeating value: Double = 0) {
        self.init(rows: rows, columns: columns, values: [Double](repeating: value, count: rows * columns))
    }

    /// The samples of a tensor `N×D`.
    ///
    /// - Parameters:
    ///   - name: what the samples are, for the reason.
    ///   - minimum: the smallest number of samples for which the measure is defined.
    /// - Throws: `Undefined` where there are fewer samples, no features, or a value that is not finite.
    init(_ tensor: Tensor, _ name: String = "the embeddings", minimum: Int = 1) throws(Undefined) {
        guard tensor.rank == 2 else { throw Undefined("\(name) have the shape \(tensor.shape), which is not N×D") }
        guard tensor.shape[0] >= minimum else {
            throw Undefined("it needs at least \(minimum) \(minimum == 1 ? "sample" : "samples"), and \(name) have \(tensor.shape[0])")
        }
        guard tensor.shape[1] > 0 else { throw Undefined("\(name) have no features") }
        let values = tensor.withUnsafeValues { single in
            [Double](unsafeUninitializedCapacity: single.count) { values, count in
                for index in single.indices { values[index] = Double(single[index]) }
                count = single.count
            }
        }
        self.init(rows: tensor.shape[0], columns: tensor.shape[1], values: values)
        if let place = values.firstIndex(where: { !$0.isFinite }) {
            throw Undefined("\(name) hold a value that is not finite (row \(place / columns + 1), column \(place % columns + 1))")
        }
    }

    /// The entry of a sample's feature, both counted from 0.
    subscript(row: Int, column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    /// Some rows, in the given order.
    func selecting(rows chosen: [Int]) -> SampleMatrix {
        var result = [Double]()
        result.reserveCapacity(chosen.count * columns)
        for row in chosen { result += values[row * columns..<(row + 1) * columns] }
        return SampleMatrix(rows: chosen.count, columns: columns, values: result)
    }

    // MARK: Statistics of the columns

    /// The mean of each column, `D`.
    ///
    /// NaN without rows. Summed in double precision in the order of the rows, so a constant column's
    /// mean may differ from its value by rounding.
    var columnMeans: [Double] {
        columnSums { $0 }.map { $0 / Double(rows) }
    }

    /// The sum over the rows of a function of each entry, `D`; added up in the order of the rows.
    ///
    /// - Parameter function: inlined, so that the loop runs over whole vectors of columns.
    private func columnSums(_ function: (Double) -> Double) -> [Double] {
        var sums = [Double](repeating: 0, count: columns)
        values.withUnsafeBufferPointer { values in
            sums.withUnsafeMutableBufferPointer { sums in
                for row in 0..<rows { for column in 0..<columns { sums[column] += function(values[row * columns + column]) } }
            }
        }
        return sums
    }

    /// Each entry with its column's number put through a function.
    ///
    /// - Parameters:
    ///   - numbers: one for each column.
    ///   - function: of an entry and its column's number.
    private func combining(_ numbers: [Double], _ function: (_ entry: Double, _ number: Double) -> Double) -> SampleMatrix {
        var result = self
        result.values.withUnsafeMutableBufferPointer { values in
            numbers.withUnsafeBufferPointer { numbers in
                for row in 0..<rows {
                    for column in 0..<columns { values[row * columns + column] = function(values[row * columns + column], numbers[column]) }
                }
            }
        }
        return result
    }

    /// The columns minus given means.
    ///
    /// - Parameter means: one number for each column.
    func subtracting(_ means: [Double]) -> SampleMatrix {
        combining(means, -)
    }

    /// The columns minus their means. A constant column becomes exactly 0.
    var centered: SampleMatrix { centeredWithMeans.centered }

    /// The mean of each column, and ``centered``, for those who need both.
    var centeredWithMeans: (means: [Double], centered: SampleMatrix) {
        let means = columnMeans
        var result = subtracting(means)
        for column in constantColumns { for row in 0..<rows { result[row, column] = 0 } }
        return (means, result)
    }

    /// The columns that hold one value throughout, whose deviation may differ from 0 by rounding.
    var constantColumns: [Int] {
        (0..<columns).filter { column in (1..<max(1, rows)).allSatisfy { values[$0 * columns + column] == values[column] } }
    }

    /// The population standard deviation of each column; exactly 0 where it is constant.
    var deviations: [Double] { centered.deviationsFromZero }

    /// The same of columns whose mean is 0.
    var deviationsFromZero: [Double] { columnSums { $0 * $0 }.map { ($0 / Double(rows)).squareRoot() } }

    /// The columns with each one divided by its divisor, and 0 where that is 0.
    ///
    /// - Parameter divisors: one number for each column.
    func dividing(by divisors: [Double]) -> SampleMatrix {
        combining(divisors) { $1 == 0 ? 0 : $0 / $1 }
    }

    /// The root of the sum of all squares.
    ///
    /// The Frobenius norm. 0 exactly where every entry is.
    var norm: Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

    /// The sum of the products of equal entries, `⟨A, B⟩`.
    ///
    /// - Precondition: both have the same shape.
    func dot(_ other: SampleMatrix) -> Double {
        zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 }
    }

    // MARK: Products

    /// `op(A) · op(B)`.
    ///
    /// - Parameters:
    ///   - right: `B`, whose rows are as many as the columns of `op(A)`; others are a programmer's
    ///     error and stop the program with both shapes.
    ///   - transposingLeft: whether `op(A)` is `Aᵀ`.
    ///   - transposingRight: whether `op(B)` is `Bᵀ`.
    /// - Returns: `M×N`; all 0 where the inner extent is 0.
    func times(_ right: SampleMatrix, transposingLeft: Bool = false, transposingRight: Bool = false) -> SampleMatrix {
        let (m, k) = transposingLeft ? (columns, rows) : (rows, columns)
        let (inner, n) = transposingRight ? (right.columns, right.rows) : (right.rows, right.columns)
        require(k == inner, "a \(m)×\(k) matrix cannot be multiplied by a \(inner)×\(n) one")
        var result = SampleMatrix(rows: m, columns: n)
        guard m > 0, n > 0, k > 0 else { return result }
        cblas_dgemm(
            CblasRowMajor, transposingLeft ? CblasTrans : CblasNoTrans, transposingRight ? CblasTrans : CblasNoTrans, Int32(m), Int32(n),
            Int32(k), 1, values, Int32(columns), right.values, Int32(right.columns), 0, &result.values, Int32(n))
        return result
    }

    /// `x_i · x_j` for the rows `i` of one range and `j` of another, row-major. Neither range is copied.
    func innerProducts(_ left: Range<Int>, _ right: Range<Int>) -> [Double] {
        var result = [Double](repeating: 0, count: left.count * right.count)
        values.withUnsafeBufferPointer { x in
            guard let start = x.baseAddress, !result.isEmpty, columns > 0 else { return }
            cblas_dgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, Int32(left.count), Int32(right.count), Int32(columns), 1,
                start + left.lowerBound * columns, Int32(columns), start + right.lowerBound * columns, Int32(columns), 0, &result, Int32(right.count))
        }
        return result
    }

    /// `XᵀX` (`D×D`), or `XXᵀ` (`N×N`) of the samples' side; both triangles are filled.
    func gram(ofSamples: Bool) -> SampleMatrix {
        let size = ofSamples ? rows : columns
        var result = SampleMatrix(rows: size, columns: size)
        cblas_dsyrk(
            CblasRowMajor, CblasLower, ofSamples ? CblasNoTrans : CblasTrans, Int32(size), Int32(ofSamples ? columns : rows), 1, values,
            Int32(columns), 0, &result.values, Int32(size))
        for row in 0..<size { for column in 0..<row { result[column, row] = result[row, column] } }
        return result
    }
}
