internal import CLanes
internal import COneDNN
internal import COpenBLAS

/// A batch of matrix products of one shape that oneDNN computes in one call: `batch` times `rows×inner
/// · inner×columns`.
///
/// OpenBLAS computes them one by one; oneDNN splits the batch over threads.
struct ProductPlan: Hashable, Sendable {
    /// The number of products.
    private let batch: Int
    /// The rows of each product.
    private let rows: Int
    /// The columns of each product.
    private let columns: Int
    /// The extent that is summed over.
    private let inner: Int
    /// Whether left matrices are stored as `inner×rows`.
    private let transposingLeft: Bool
    /// Whether right matrices are stored as `columns×inner`.
    private let transposingRight: Bool
    /// Whether all products share the left operand.
    private let repeatsLeft: Bool
    /// Whether all products share the right operand.
    private let repeatsRight: Bool

    /// The plan of a broadcast product; nil where the products do not lie one behind the other, or are
    /// computed faster one by one.
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

    /// Products of matrices that lie one behind the other, whatever their size.
    init(batch: Int, rows: Int, columns: Int, inner: Int, transposingRight: Bool) {
        (self.batch, self.rows, self.columns, self.inner) = (batch, rows, columns, inner)
        (transposingLeft, self.transposingRight) = (false, transposingRight)
        (repeatsLeft, repeatsRight) = (false, false)
    }

    /// The layout of the left operands; a single matrix where all products share it.
    var leftLayout: KernelLayout { layout(repeatsLeft ? 1 : batch, rows, inner, isTransposed: transposingLeft) }

    /// The layout of the right operands; a single matrix where all products share it.
    var rightLayout: KernelLayout { layout(repeatsRight ? 1 : batch, inner, columns, isTransposed: transposingRight) }

    /// The layout of the products.
    var productLayout: KernelLayout { layout(batch, rows, columns, isTransposed: false) }

    /// The layout of matrices one behind the other, of which each may be stored transposed.
    private func layout(_ batch: Int, _ rows: Int, _ columns: Int, isTransposed: Bool) -> KernelLayout {
        KernelLayout([batch, rows, columns], strides: isTransposed ? [rows * columns, 1, rows] : [rows * columns, columns, 1])
    }
}

extension Tensor {
    /// The matrix product over the last two axes, with the leading axes broadcast: `…×M×K · …×K×N →
    /// …×M×N`.
    ///
    /// A right operand of rank 1 is a vector: `M×K · K → M`. Sums are in single precision in the order
    /// of the library, so that equal results to the bit need the same processor type and number of
    /// threads.
    ///
    /// - Parameters:
    ///   - right: the right operand.
    ///   - transposingLeft: uses the left operand with its last two axes exchanged, without copying it.
    ///   - transposingRight: the same for the right operand.
    /// - Precondition: the inner extents agree and the leading axes can be broadcast.
    ///
    /// ```swift
    /// z.matmul(z, transposingLeft: true)          // N×D: zᵀz, D×D
    /// queries.matmul(keys, transposingRight: true)      // N×h×Q×E and N×h×K×E: N×h×Q×K
    /// ```
    ///
    /// The gradients are `g·rightᵀ` and `leftᵀ·g`, each summed over the axes along which the operand
    /// was broadcast.
    public func matmul(_ right: Tensor, transposingLeft: Bool = false, transposingRight: Bool = false) -> Tensor {
        if right.rank == 1 {
            require(!transposingRight, "matmul: a vector cannot be transposed")
            return matmul(right.unsqueezed(axis: 1), transposingLeft: transposingLeft).squeezed(axis: -1)
        }
        let left = self
        return Tensor.product(left, right, transposingLeft, transposingRight).recorded(
            left,
            { gradient in
                let product =
                    transposingLeft
                    ? Tensor.product(right, gradient, transposingRight, true)
                    : Tensor.product(gradient, right, false, !transposingRight)
                return product.reduced(to: left.shape)
            },
            right,
            { gradient in
                let product =
                    transposingRight
                    ? Tensor.product(gradient, left, true, transposingLeft)
                    : Tensor.product(left, gradient, !transposingLeft, false)
                return product.reduced(to: right.shape)
            })
    }

    /// The product without a record: in one call of oneDNN where ``ProductPlan`` finds that faster, and
    /// otherwise one by one.
    private static func product(_ left: Tensor, _ right: Tensor, _ transposingLeft: Bool, _ transposingRight: Bool) -> Tensor {
        require(left.rank >= 2 && right.rank >= 2, "matmul: shapes \(left.shape) and \(right.shape) are not matrices")
        let (rows, inner) = transposingLeft ? (left.shape[-1], left.shape[-2]) : (left.shape[-2], left.shape[-1])
        let (innerRight, columns) = transposingRight ? (right.shape[-1], right.shape[-2]) : (right.shape[-2], right.shape[-1])
        require(inner == innerRight, "matmul: shapes \(left.shape) and \(right.shape) differ in the summed axis")
        let leftBatch = Shape(left.shape.dimensions.dropLast(2))
        let rightBatch = Shape(right.shape.dimensions.dropLast(2))
        guard var shape = leftBatch.broadcast(with: rightBatch) else {
            stop("matmul: the leading axes of \(left.shape) and \(right.shape) cannot be broadcast together")
        }
        let plan = BroadcastPlan(left: leftBatch, right: rightBatch, result: shape)
        shape.append(rows)
        shape.append(columns)
        let result = Tensor(uninitialized: shape)
        if inner == 0 { return zeros(shape) }
        if result.elementCount == 0 { return result }
        let run = plan.extents.last ?? 1
        let leftStep = plan.leftStrides.last ?? 0
        let rightStep = plan.rightStrides.last ?? 0
        if let products = ProductPlan(
            plan, rows: rows, columns: columns, inner: inner, transposingLeft: transposingLeft, transposingRight: transposingRight,
            threads: Threads.current)
        {
            withExtendedLifetime((left, right)) { Kernel.cached(.products(products)).run(left.pointer, right.pointer, result.pointer) }
            return result
        }
        withExtendedLifetime((left, right)) {
            plan.forEachRun { output, leftStart, rightStart in
                for position in 0..<run {
                    multiply(
                        left.pointer + (leftStart + position * leftStep) * rows * inner, transposingLeft,
                        right.pointer + (rightStart + position * rightStep) * inner * columns, transposingRight,
                        into: result.pointer + (output + position) * rows * columns, rows, columns, inner)
                }
            }
        }
        return result
    }

    /// `output = op(left) · op(right)` for row-major matrices: `rows×inner` times `inner×columns`.
    ///
    /// Products of matrices that stay in the nearer caches are those of ``SmallProduct``. Of the others, oneDNN computes the larger ones on processors with
    /// 512-bit vectors, where OpenBLAS copies both operands first and takes up to 1.7 times as long, and on any processor where several threads may share one.
    /// OpenBLAS computes the rest, among them products so narrow that oneDNN is slower.
    ///
    /// - Parameters:
    ///   - adds: whether the product is added to what the output holds.
    ///   - splits: whether other threads than the calling one may take part.
    static func multiply(
        _ left: UnsafePointer<Float>, _ transposingLeft: Bool, _ right: UnsafePointer<Float>, _ transposingRight: Bool,
        into output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int, _ inner: Int, adds: Bool = false, splits: Bool = true
    ) {
        let threads = splits ? Threads.current : 1
        if let product = SmallProduct(left, transposingLeft, right, transposingRight, rows, columns, inner, adds: adds) {
            return product.compute(into: output, threads: threads)
        }
        // OpenBLAS is slow for small matrices of which the right one alone is transposed.
        let least = threads == 1 && transposingRight && !transposingLeft && columns >= 24 ? 1 << 18 : 1 << 20
        if rows * columns * inner >= least, threads > 1 || ProcessorKernels.hasWideVectors {
            let (yes, no) = (CChar(UInt8(ascii: "T")), CChar(UInt8(ascii: "N")))
            let status = dnnl_sgemm(
                transposingLeft ? yes : no, transposingRight ? yes : no, dnnl_dim_t(rows), dnnl_dim_t(columns), dnnl_dim_t(inner), 1,
                left, dnnl_dim_t(transposingLeft ? rows : inner), right, dnnl_dim_t(transposingRight ? inner : columns), adds ? 1 : 0,
                output, dnnl_dim_t(columns))
            require(status == dnnl_success, "oneDNN failed in a matrix product (status \(status.rawValue))")
            return
        }
        cblas_sgemm(
            CblasRowMajor, transposingLeft ? CblasTrans : CblasNoTrans, transposingRight ? CblasTrans : CblasNoTrans,
            Int32(rows), Int32(columns), Int32(inner), 1, left, Int32(transposingLeft ? rows : inner),
            right, Int32(transposingRight ? inner : columns), adds ? 1 : 0, output, Int32(columns))
    }

    /// An affine map of the last axis, `x Wᵀ + b`, for input of any rank.
    ///
    /// - Parameters:
    ///   - weight: `out×in`.
    ///   - bias: `out`; nil for none.
    ///   - appliesReLU: whether negative outputs become 0, in the pass that adds the bias: the bits of ``relu()`` afterwards.
    /// - Returns: the shape of this tensor with the last extent `out`.
    /// - Precondition: the last extent is `in`.
    ///
    /// ```swift
    /// x.linear(weight: w, bias: b)                // x N×T×in, w out×in, b out: N×T×out
    /// ```
    public func linear(weight: Tensor, bias: Tensor? = nil, appliesReLU: Bool = false) -> Tensor {
        require(
            weight.rank == 2 && rank >= 1 && shape[-1] == weight.shape[1],
            "linear: an input of shape \(shape) does not fit a weight of shape \(weight.shape)")
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        if let bias { require(bias.shape == [outputs], "linear: a bias of shape \(bias.shape) does not fit \(outputs) outputs") }
        let rows = elementCount / max(inputs, 1)
        let result = Tensor(uninitialized: shape.replacing(rank - 1, with: outputs))
        withExtendedLifetime((self, weight)) {
            Tensor.multiply(pointer, false, weight.pointer, true, into: result.pointer, rows, outputs, inputs)
        }
        if let bias {
            withExtendedLifetime(bias) { regulus_shift_rows(result.pointer, bias.pointer, rows, outputs, appliesReLU ? 1 : 0) }
        } else if appliesReLU {
            for index in 0..<result.elementCount where result.pointer[index] < 0 { result.pointer[index] = 0 }
        }
        let input = self
        return Tensor.custom(result, inputs: [input, weight] + (bias.map { [$0] } ?? [])) { gradient in
            let flat = (appliesReLU ? gradient.passed(byReLU: result) : gradient).viewed(as: [rows, outputs])
            let flatInput = input.viewed(as: [rows, inputs])
            return [
                input.isTracked ? Tensor.product(flat, weight, false, false).viewed(as: input.shape) : nil,
                weight.isTracked ? Tensor.product(flat, flatInput, true, false) : nil,
                bias.map { _ in flat.sum(axis: 0) },
            ]
        }
    }
}
