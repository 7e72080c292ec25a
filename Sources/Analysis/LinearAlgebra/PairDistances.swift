import Tensors

/// The distances between all pairs of samples.
///
/// Up to 2048 samples they are computed once, 32 MiB at most, for everybody who asks. Of more samples no `N×N` matrix is ever in
/// memory: they are computed a block of rows at a time, each time that somebody asks.
///
/// - Complexity: `O(N² D)`, for more samples for each who asks for all pairs; memory is then `O(N D)` and one block of
///   `B×N` numbers.
struct PairDistances {
    /// The samples with their mean taken off, `N×D`.
    let samples: SampleMatrix
    /// `‖x_i‖²` of the centered samples, `N`.
    private let squaredNorms: [Double]
    private let block: Int
    /// All of them, `N×N`, row-major; nil where the samples are too many.
    private var held: [Double]?

    /// The number of samples `N`.
    var count: Int { samples.rows }

    /// - Parameters:
    ///   - block: how many rows of the `N×N` matrix are worked on at once.
    ///   - most: how many samples there may be for the whole matrix to be held.
    init(_ samples: SampleMatrix, block: Int = 256, holdingUpTo most: Int = 2048) {
        // Distances do not change with the mean, and small vectors lose fewer digits.
        let centered = samples.centered
        self.samples = centered
        self.block = block
        squaredNorms = (0..<centered.rows).map { row in
            (0..<centered.columns).reduce(0) { $0 + centered[row, $1] * centered[row, $1] }
        }
        guard centered.rows <= most else { return }
        held = blocks.reduce(into: []) { all, rows in all += computed(rows, 0..<count) }
    }

    /// The blocks of rows that together are all.
    var blocks: [Range<Int>] {
        stride(from: 0, to: count, by: block).map { $0..<min(count, $0 + block) }
    }

    /// The squared distances between some rows and some columns, where they lie in memory.
    struct Block {
        /// The first of them, between the first row and the first column.
        fileprivate let base: UnsafePointer<Double>
        /// How far a row lies from the next.
        fileprivate let stride: Int
        /// The first row and the first column.
        fileprivate let row, column: Int

        /// `‖x_i − x_j‖²`, exactly 0 for equal samples; `i` and `j` count all samples and must be in the block.
        subscript(i: Int, j: Int) -> Double { base[(i - row) * stride + j - column] }
    }

    /// Shows `‖x_i − x_j‖²` for the rows `i` of a block and the columns `j` of a range, without a copy where they are held.
    ///
    /// - Parameters:
    ///   - rows: samples `i`, at most a block of them and one at least.
    ///   - columns: samples `j`.
    ///   - body: reads them, and keeps nothing of the block.
    func withSquared<Result>(_ rows: Range<Int>, _ columns: Range<Int>, _ body: (Block) -> Result) -> Result {
        func show(_ values: [Double], _ first: Int, _ stride: Int) -> Result {
            values.withUnsafeBufferPointer { values in
                guard let base = values.baseAddress else { stop("PairDistances: no distances between \(rows) and \(columns)") }
                return body(Block(base: base + first, stride: stride, row: rows.lowerBound, column: columns.lowerBound))
            }
        }
        return held.map { show($0, rows.lowerBound * count + columns.lowerBound, count) } ?? show(computed(rows, columns), 0, columns.count)
    }

    /// - Complexity: one `B×D` by `D×M` product; where `‖x_i‖² + ‖x_j‖² − 2 x_i·x_j` loses more than
    ///   six digits, the differences are summed instead.
    private func computed(_ rows: Range<Int>, _ columns: Range<Int>) -> [Double] {
        var result = samples.innerProducts(rows, columns)
        result.withUnsafeMutableBufferPointer { result in
            squaredNorms.withUnsafeBufferPointer { norms in
                for i in rows {
                    let start = (i - rows.lowerBound) * columns.count - columns.lowerBound
                    for j in columns {
                        let sum = norms[i] + norms[j]
                        let distance = sum - 2 * result[start + j]
                        // Where nearly everything cancels, the differences themselves are summed.
                        result[start + j] = distance < 1e-6 * sum ? summed(i, j) : distance
                    }
                }
            }
        }
        return result
    }

    /// `‖x_i − x_j‖²` from the differences.
    private func summed(_ i: Int, _ j: Int) -> Double {
        let width = samples.columns
        return samples.values.withUnsafeBufferPointer { x in
            (0..<width).reduce(0) { sum, column in
                let difference = x[i * width + column] - x[j * width + column]
                return sum + difference * difference
            }
        }
    }

    /// The median of the squared distances: of all `N(N−1)/2` pairs, or of all `N²` with the zeros of
    /// the diagonal. An even number of them averages the two in the middle.
    ///
    /// Up to 2²² pairs are held and the middle is selected. More are counted by the leading bits of their binary form, in two
    /// passes over the blocks, which finds the median to a relative 10⁻⁹.
    func medianSquared(includingDiagonal: Bool) -> Double {
        let middle = middleSquared(includingDiagonal: includingDiagonal)
        return (middle[0] + middle[1]) / 2
    }

    /// The median of the distances of all pairs.
    ///
    /// Of an even number of pairs the mean of the two in the middle, which is not the root of
    /// ``medianSquared(includingDiagonal:)``. 0 for one sample.
    var medianDistance: Double {
        let middle = middleSquared(includingDiagonal: false)
        return (middle[0].squareRoot() + middle[1].squareRoot()) / 2
    }

    /// The two squared distances in the middle, which are one where their number is odd.
    private func middleSquared(includingDiagonal: Bool) -> [Double] {
        let pairs = count * (count - 1) / 2
        // Each pair counts twice among all N², and the zeros of the diagonal come before them.
        let total = includingDiagonal ? count * count : pairs
        guard total > 0 else { return [0, 0] }
        let ranks = [(total - 1) / 2, total / 2].map { includingDiagonal ? ($0 < count ? -1 : ($0 - count) / 2) : $0 }
        return pairs <= 1 << 22 ? selected(ranks) : counted(ranks)
    }

    /// Calls `body` with the squared distance of every pair `i < j`, in the order of the rows.
    private func forEachPair(_ body: (Double) -> Void) {
        for rows in blocks {
            withSquared(rows, rows.lowerBound..<count) { squared in
                for i in rows { for j in (i + 1)..<max(count, i + 1) { body(squared[i, j]) } }
            }
        }
    }

    /// The squared distances of some rising ranks, by selection among all of them. A rank below 0 stands for a zero of the diagonal.
    private func selected(_ ranks: [Int]) -> [Double] {
        var all: [Double] = []
        all.reserveCapacity(count * (count - 1) / 2)
        forEachPair { all.append($0) }
        return all.withUnsafeMutableBufferPointer { all in
            // What is below a selected rank is not larger, so the next one is looked for among the rest.
            var found = 0
            return ranks.map { rank in
                guard rank >= 0 else { return 0 }
                Self.select(rank, of: all, from: found)
                found = rank
                return all[rank]
            }
        }
    }

    /// Brings the value of a rank to its place, with none that is larger before it and none that is smaller behind it (Hoare 1961).
    ///
    /// - Parameter start: what is before it is not larger than anything from there on.
    private static func select(_ rank: Int, of values: UnsafeMutableBufferPointer<Double>, from start: Int) {
        var (low, high) = (start, values.count - 1)
        while low < high {
            let three = [values[low], values[low + (high - low) / 2], values[high]].sorted()
            let pivot = three[1]
            var (i, j) = (low, high)
            while i <= j {
                while values[i] < pivot { i += 1 }
                while pivot < values[j] { j -= 1 }
                guard i <= j else { break }
                values.swapAt(i, j)
                (i, j) = (i + 1, j - 1)
            }
            if rank <= j { high = j } else if rank >= i { low = i } else { return }
        }
    }

    /// The squared distances of some ranks by counting, in memory that does not grow with the pairs.
    ///
    /// A first pass counts by the 22 leading bits, a second one by the next 21 within the bins of the
    /// ranks. The result is the lower end of a bin, a relative 2⁻³¹ wide.
    private func counted(_ ranks: [Int]) -> [Double] {
        // The bits of a number that is not negative order as it does.
        let (first, second) = (42, 21)
        var coarse = [Int](repeating: 0, count: 1 << 22)
        forEachPair { coarse[Int($0.bitPattern >> UInt64(first))] += 1 }
        let places = ranks.map { Self.place(of: $0, in: coarse) }
        var fine = places.map { _ in [Int](repeating: 0, count: 1 << (first - second)) }
        forEachPair { distance in
            let bits = distance.bitPattern
            for (index, place) in places.enumerated() where Int(bits >> UInt64(first)) == place.bin {
                fine[index][Int(bits >> UInt64(second)) & ((1 << (first - second)) - 1)] += 1
            }
        }
        return zip(ranks, zip(places, fine)).map { rank, found in
            guard rank >= 0 else { return 0 }
            let inner = Self.place(of: found.0.rest, in: found.1)
            return Double(bitPattern: UInt64(found.0.bin) << UInt64(first) | UInt64(inner.bin) << UInt64(second))
        }
    }

    /// The bin in which the number of a rank lies, and its rank inside.
    private static func place(of rank: Int, in counts: [Int]) -> (bin: Int, rest: Int) {
        var rest = max(rank, 0)
        for (bin, count) in counts.enumerated() {
            if rest < count { return (bin, rest) }
            rest -= count
        }
        return (counts.count - 1, 0)
    }
}
