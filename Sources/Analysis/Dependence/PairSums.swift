import Glibc
import Tensors

/// The sums over all pairs of samples from which distance covariance and HSIC are made.
///
/// For two symmetric `N×N` matrices `a` and `b` of pairs (distances or kernels) both are the inner
/// product of the doubly centered matrices. It needs nothing but `Σ a_ij b_ij` and the row sums, which
/// are added up a block of rows at a time.
struct PairSums {
    /// What is made of a squared distance.
    enum Entry {
        /// The distance.
        case distance
        /// `exp(−d²/2s²)`.
        case gaussian(bandwidth: Double)

        /// The entry of the matrix for a squared distance.
        func callAsFunction(_ squared: Double) -> Double {
            switch self {
            case .distance: squared.squareRoot()
            case .gaussian(let bandwidth): exp(-0.5 / (bandwidth * bandwidth) * squared)
            }
        }
    }

    /// The number of samples `N`.
    let count: Int
    /// `Σ_ij a_ij b_ij`, and the same of each matrix with itself.
    private(set) var (xy, xx, yy) = (0.0, 0.0, 0.0)
    /// `Σ_j a_ij` for each row `i`.
    private(set) var rowsX, rowsY: [Double]
    /// What stands on both diagonals.
    private let diagonal: (x: Double, y: Double)

    /// - Parameters:
    ///   - x: the distances between the first sets of features.
    ///   - y: those between the second, of the same samples.
    ///   - entryX: what the first matrix holds.
    ///   - entryY: what the second one does.
    /// - Throws: `Undefined` where the two have different numbers of samples.
    /// - Complexity: `O(N²(D1 + D2))`; where distances are not held, in memory for a block of rows of both matrices.
    init(_ x: PairDistances, _ y: PairDistances, _ entryX: Entry, _ entryY: Entry) throws(Undefined) {
        guard x.count == y.count else { throw Undefined("\(x.count) and \(y.count) samples cannot be paired") }
        count = x.count
        rowsX = [Double](repeating: 0, count: x.count)
        rowsY = rowsX
        func onDiagonal(_ entry: Entry) -> Double { if case .gaussian = entry { 1 } else { 0 } }
        diagonal = (onDiagonal(entryX), onDiagonal(entryY))
        // Both matrices are symmetric: each pair is looked at once, and counts for both of its places.
        for rows in x.blocks {
            let columns = rows.lowerBound..<count
            x.withSquared(rows, columns) { x in y.withSquared(rows, columns) { y in add(rows, x, y, entryX, entryY) } }
        }
    }

    /// Adds a block of rows, each from its diagonal on.
    private mutating func add(_ rows: Range<Int>, _ x: PairDistances.Block, _ y: PairDistances.Block, _ entryX: Entry, _ entryY: Entry) {
        for i in rows {
            var (sumX, sumY, productXY, squareX, squareY) = (0.0, 0.0, 0.0, 0.0, 0.0)
            for j in (i + 1)..<max(count, i + 1) {
                let (own, other) = (entryX(x[i, j]), entryY(y[i, j]))
                sumX += own
                sumY += other
                productXY += own * other
                squareX += own * own
                squareY += other * other
                rowsX[j] += own
                rowsY[j] += other
            }
            let (own, other) = (entryX(x[i, i]), entryY(y[i, i]))
            rowsX[i] += sumX + own
            rowsY[i] += sumY + other
            (xy, xx, yy) = (xy + 2 * productXY + own * other, xx + 2 * squareX + own * own, yy + 2 * squareY + other * other)
        }
    }

    // MARK: Doubly centered: ⟨HaH, HbH⟩

    /// `⟨HaH, HbH⟩`, with `H = I − 1/N`: `N²` times the squared distance covariance, or the biased
    /// HSIC.
    var centeredXY: Double { centered(xy, rowsX, rowsY) }
    var centeredXX: Double { centered(xx, rowsX, rowsX) }
    var centeredYY: Double { centered(yy, rowsY, rowsY) }

    /// - Parameters:
    ///   - sum: `Σ_ij a_ij b_ij`.
    ///   - a: the row sums of the first matrix.
    ///   - b: the row sums of the second one.
    private func centered(_ sum: Double, _ a: [Double], _ b: [Double]) -> Double {
        let n = Double(count)
        let total = (a.reduce(0, +), b.reduce(0, +))
        return sum - 2 / n * dot(a, b) + total.0 * total.1 / (n * n)
    }

    // MARK: Without bias, from the matrices with zero diagonal (Song et al. 2007, Székely and Rizzo 2013); at least four samples

    /// Estimates without bias of the same over `N²`; NaN or infinite with fewer than four samples.
    var unbiasedXY: Double { unbiased(xy, rowsX, rowsY, diagonal.x, diagonal.y) }
    var unbiasedXX: Double { unbiased(xx, rowsX, rowsX, diagonal.x, diagonal.x) }
    var unbiasedYY: Double { unbiased(yy, rowsY, rowsY, diagonal.y, diagonal.y) }

    /// - Parameters:
    ///   - sum: `Σ_ij a_ij b_ij`, diagonal included.
    ///   - a: the row sums of the first matrix, diagonal included.
    ///   - b: those of the second one.
    ///   - diagonalA: what stands on the first diagonal, which is taken out.
    ///   - diagonalB: what stands on the second one.
    private func unbiased(_ sum: Double, _ a: [Double], _ b: [Double], _ diagonalA: Double, _ diagonalB: Double) -> Double {
        let n = Double(count)
        let (a, b) = (a.map { $0 - diagonalA }, b.map { $0 - diagonalB })
        let total = (a.reduce(0, +), b.reduce(0, +))
        let product = sum - n * diagonalA * diagonalB
        return (product + total.0 * total.1 / ((n - 1) * (n - 2)) - 2 / (n - 2) * dot(a, b)) / (n * (n - 3))
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}
