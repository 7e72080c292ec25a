extension Tensor {
    /// The same elements in row-major order under another shape, sharing memory.
    ///
    /// - Parameter dimensions: one of them may be −1; it is inferred from the number of elements.
    /// - Precondition: both shapes have the same number of elements.
    ///
    /// ```swift
    /// x.reshaped([-1, 4])          // rows of four
    /// ```
    public func reshaped(_ dimensions: [Int]) -> Tensor {
        var resolved = dimensions
        if let unknown = dimensions.firstIndex(of: -1) {
            let known = dimensions.enumerated().reduce(1) { $1.offset == unknown ? $0 : $0 * $1.element }
            require(known > 0 && elementCount % known == 0, "reshaped: \(dimensions) does not divide the shape \(shape)")
            resolved[unknown] = elementCount / known
        }
        return reshaped(Shape(resolved))
    }

    /// The same elements under another shape, sharing memory.
    /// - Precondition: both shapes have the same number of elements.
    ///
    /// ```swift
    /// tokens.reshaped([n * t, d])  // N×T×D as rows of D features
    /// ```
    public func reshaped(_ newShape: Shape) -> Tensor {
        require(newShape.elementCount == elementCount, "reshaped: shape \(shape) cannot become \(newShape)")
        let shape = self.shape
        return viewed(as: newShape).recorded(self) { $0.viewed(as: shape) }
    }

    /// The tensor without an axis of extent 1, sharing memory.
    ///
    /// - Precondition: the axis has extent 1.
    ///
    /// ```swift
    /// scores.squeezed(axis: 1)     // N×1 becomes N
    /// ```
    public func squeezed(axis: Int) -> Tensor {
        let axis = shape.resolve(axis)
        require(shape[axis] == 1, "squeezed: axis \(axis) of shape \(shape) has more than one element")
        return reshaped(shape.removing(at: axis))
    }

    /// The tensor with a new axis of extent 1, sharing memory.
    ///
    /// - Parameter axis: the position of the new axis in the result; negative ones count from the end,
    ///   so that −1 appends.
    ///
    /// ```swift
    /// weights.unsqueezed(axis: 1)  // N becomes N×1, to multiply each row of an N×D matrix
    /// ```
    public func unsqueezed(axis: Int) -> Tensor {
        let position = axis < 0 ? axis + rank + 1 : axis
        require(position >= 0 && position <= rank, "unsqueezed: shape \(shape) has no position \(axis)")
        return reshaped(shape.inserting(1, at: position))
    }

    /// The tensor with its last two axes exchanged, a copy: `…×N×M` becomes `…×M×N`.
    /// ``matmul(_:transposingLeft:transposingRight:)`` transposes without one.
    ///
    /// - Precondition: the rank is at least 2.
    public func transposed() -> Tensor { transposed(-2, -1) }

    /// The tensor with two axes exchanged, a copy; negative axes count from the end.
    ///
    /// - Precondition: both axes exist.
    public func transposed(_ first: Int, _ second: Int) -> Tensor {
        var axes = Array(0..<rank)
        axes.swapAt(shape.resolve(first), shape.resolve(second))
        return permuted(axes)
    }

    /// The axes in another order: axis `i` of the result is axis `axes[i]` of this tensor. The result
    /// is a copy.
    ///
    /// - Precondition: `axes` names every axis once.
    ///
    /// ```swift
    /// pictures.permuted([0, 2, 3, 1])     // N×C×H×W, as PyTorch stores it, to N×H×W×C
    /// ```
    public func permuted(_ axes: [Int]) -> Tensor {
        let order = axes.map(shape.resolve)
        require(order.sorted() == Array(0..<rank), "permuted: \(axes) does not name every axis of shape \(shape) once")
        var inverse = order
        for (position, axis) in order.enumerated() { inverse[axis] = position }
        return reordered(order).recorded(self) { $0.reordered(inverse) }
    }

    /// A copy with the axes in another order, without a record.
    private func reordered(_ order: [Int]) -> Tensor {
        let result = Tensor(uninitialized: Shape(order.map { shape[$0] }))
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        guard rank > 0, elementCount > 0 else { return viewed(as: result.shape) }
        let extents = order.map { shape[$0] }
        let steps = order.map { strides[$0] }
        let inner = extents[rank - 1]
        let innerStep = steps[rank - 1]
        var index = [Int](repeating: 0, count: rank)
        var source = 0
        let input = pointer
        var output = result.pointer
        withExtendedLifetime(self) {
            for _ in 0..<(elementCount / inner) {
                if innerStep == 1 {
                    output.update(from: input + source, count: inner)
                } else {
                    for position in 0..<inner { output[position] = input[source + position * innerStep] }
                }
                output += inner
                var axis = rank - 2
                while axis >= 0 {
                    index[axis] += 1
                    source += steps[axis]
                    if index[axis] < extents[axis] { break }
                    source -= steps[axis] * extents[axis]
                    index[axis] = 0
                    axis -= 1
                }
            }
        }
        return result
    }

    /// The tensor repeated along axes of extent 1 and along new leading axes, up to the given shape.
    /// The result is a copy; its gradient is summed over the repetitions.
    ///
    /// - Precondition: the shape broadcasts to `target`.
    ///
    /// ```swift
    /// mean.expanded(to: [n, d])    // D becomes N×D, with the same row N times
    /// ```
    ///
    /// Arithmetic broadcasts by itself and needs no copy; this is for functions that want equal shapes.
    public func expanded(to target: Shape) -> Tensor {
        if shape == target { return self }
        guard shape.broadcast(with: target) == target else {
            stop("expanded: shape \(shape) cannot be repeated to \(target)")
        }
        let result = Tensor(uninitialized: target)
        let plan = BroadcastPlan(left: shape, right: .scalar, result: target)
        let run = plan.extents.last ?? 1
        let isRepeated = plan.leftStrides.last ?? 0 == 0
        if target.elementCount > 0 {
            withExtendedLifetime(self) {
                plan.forEachRun { output, input, _ in
                    if isRepeated {
                        (result.pointer + output).update(repeating: pointer[input], count: run)
                    } else {
                        (result.pointer + output).update(from: pointer + input, count: run)
                    }
                }
            }
        }
        let shape = self.shape
        return result.recorded(self) { $0.reduced(to: shape) }
    }
}
