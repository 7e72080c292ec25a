internal import CLanes

/// A product of matrices that stay in the nearer caches, in the loops of `CLanes`: `rows×inner` times `inner×columns`.
///
/// A library is not faster there, and oneDNN spends 30 to 60 ms on making its kernels for the first of these products, which is as long as a thousand of them
/// take. The bits depend neither on the number of threads nor on that of rows.
struct SmallProduct {
    /// The operands.
    private let left, right: UnsafePointer<Float>
    /// Whether the left operand is stored as `inner×rows`, and the right one as `columns×inner`.
    private let transposingLeft, transposingRight: Bool
    /// The extents of the product, and the extent that is summed over.
    private let rows, columns, inner: Int
    /// Whether the product is added to what the output holds.
    private let adds: Bool

    /// The most numbers of a matrix that stays in the nearer caches.
    private static let most = 1 << 18
    /// The most numbers of a row that is summed over where the right operand has to be turned: 64 of them at a time stay in the nearer caches.
    private static let mostTurned = 1 << 12

    /// The product; nil where a library is faster, or the loops are not made for it.
    init?(
        _ left: UnsafePointer<Float>, _ transposingLeft: Bool, _ right: UnsafePointer<Float>, _ transposingRight: Bool, _ rows: Int, _ columns: Int,
        _ inner: Int, adds: Bool
    ) {
        guard ProcessorKernels.hasFusedVectors, rows * inner <= Self.most else { return nil }
        if transposingRight {
            // Turning a matrix has to pay, and columns are made sixteen at a time.
            guard !transposingLeft, !adds, rows >= 16, columns >= 24, inner <= Self.mostTurned else { return nil }
        } else {
            guard transposingLeft || !adds, columns >= 16, max(rows, inner) * columns <= Self.most else { return nil }
        }
        (self.left, self.transposingLeft, self.right, self.transposingRight) = (left, transposingLeft, right, transposingRight)
        (self.rows, self.columns, self.inner, self.adds) = (rows, columns, inner, adds)
    }

    /// Computes the product.
    ///
    /// - Parameters:
    ///   - output: `rows×columns`.
    ///   - threads: how many threads may take part.
    func compute(into output: UnsafeMutablePointer<Float>, threads: Int) {
        // Threads share columns where the right operand is turned, so that none is turned twice.
        let parts = transposingRight ? (columns + 63) / 64 : rows
        // Handing a smaller product over takes longer than computing it.
        if threads > 1, rows * columns * inner >= 1 << 20 {
            Threads.split(parts) { compute($0, into: output) }
        } else {
            compute(0..<parts, into: output)
        }
    }

    /// Computes some rows, or some of the columns, counted in groups of 64.
    private func compute(_ part: Range<Int>, into output: UnsafeMutablePointer<Float>) {
        let scratch = transposingRight || columns % 16 != 0 ? Storage(count: inner * (transposingRight ? 64 : 16)) : nil
        defer { withExtendedLifetime(scratch) {} }
        let first = part.lowerBound
        if transposingRight {
            regulus_small_products_by_transposed(left, right, output, scratch?.base, rows, inner, 64 * first, min(64 * part.upperBound, columns), columns)
        } else if transposingLeft {
            regulus_small_products_of_transposed(
                left + first, right, output + first * columns, scratch?.base, 1, 0, 0, rows, part.count, inner, columns, adds ? 1 : 0)
        } else {
            regulus_small_products(left + first * inner, right, output + first * columns, scratch?.base, 1, part.count, inner, columns)
        }
    }
}
