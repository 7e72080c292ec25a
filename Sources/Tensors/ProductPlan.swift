/// Many matrix products of one shape that oneDNN computes in one call: `batch` times `rows×inner · inner×columns`.
///
/// OpenBLAS takes them one by one, and each on several threads if it is large; oneDNN splits the batch instead.
struct ProductPlan: Hashable, Sendable {
    private let batch: Int
    private let rows: Int
    private let columns: Int
    private let inner: Int
    private let transposingLeft: Bool
    private let transposingRight: Bool
    private let repeatsLeft: Bool
    private let repeatsRight: Bool

    /// - Returns: nil where the products do not lie one behind the other, or are computed faster one by one.
    init?(
        _ plan: BroadcastPlan, rows: Int, columns: Int, inner: Int, transposingLeft: Bool, transposingRight: Bool, threads: Int
    ) {
        guard plan.extents.count == 1, let batch = plan.extents.last, let left = plan.leftStrides.last, let right = plan.rightStrides.last
        else { return nil }
        // Measured with AVX-512: one call for all pays where there is a batch to split; on one thread, where OpenBLAS is slow for
        // small matrices, which is with the right one transposed, and for large matrices.
        let multiplications = rows * columns * inner
        let pays =
            threads > 1
            ? batch * multiplications >= 1 << 20
            : multiplications >= 1 << 20 || (transposingRight && !transposingLeft && batch * multiplications >= 1 << 17)
        guard pays else { return nil }
        self.batch = batch
        self.rows = rows
        self.columns = columns
        self.inner = inner
        self.transposingLeft = transposingLeft
        self.transposingRight = transposingRight
        repeatsLeft = left == 0
        repeatsRight = right == 0
    }

    var leftLayout: KernelLayout { layout(repeatsLeft ? 1 : batch, rows, inner, isTransposed: transposingLeft) }

    var rightLayout: KernelLayout { layout(repeatsRight ? 1 : batch, inner, columns, isTransposed: transposingRight) }

    var productLayout: KernelLayout { layout(batch, rows, columns, isTransposed: false) }

    private func layout(_ batch: Int, _ rows: Int, _ columns: Int, isTransposed: Bool) -> KernelLayout {
        KernelLayout([batch, rows, columns], strides: isTransposed ? [rows * columns, 1, rows] : [rows * columns, columns, 1])
    }
}
