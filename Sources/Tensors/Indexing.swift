extension Tensor {
    /// The elements of a range of positions along one axis.
    ///
    /// Where only axes of extent 1 precede the axis, the result shares memory; otherwise it is copied.
    /// The gradient outside the range is 0.
    ///
    /// - Precondition: the range lies within the axis.
    ///
    /// ```swift
    /// x.slice(axis: 1, 0..<2)      // the first two columns of an N×K matrix: N×2
    /// ```
    public func slice(axis: Int, _ range: Range<Int>) -> Tensor {
        let axis = shape.resolve(axis)
        require(
            range.lowerBound >= 0 && range.upperBound <= shape[axis],
            "slice: \(range) lies outside axis \(axis) of shape \(shape)")
        let sliced = shape.replacing(axis, with: range.count)
        let view = AxisView(shape, axis: axis)
        let run = range.count * view.inner
        let start = range.lowerBound * view.inner
        let step = view.extent * view.inner
        let shape = self.shape
        var result: Tensor
        if view.outer == 1 {
            result = Tensor(storage: storage, offset: offset + start, shape: sliced)
        } else {
            result = Tensor(uninitialized: sliced)
            withExtendedLifetime(self) {
                for block in 0..<view.outer { (result.pointer + block * run).update(from: pointer + block * step + start, count: run) }
            }
        }
        return result.recorded(self) { gradient in
            let padded = Tensor.zeros(shape)
            for block in 0..<view.outer { (padded.pointer + block * step + start).update(from: gradient.pointer + block * run, count: run) }
            return padded
        }
    }

    /// A range of the first axis, sharing memory: `x[0..<8]`.
    public subscript(range: Range<Int>) -> Tensor { slice(axis: 0, range) }

    /// Positions of the first axis, in the given order; one may be repeated. The result is a copy.
    ///
    /// ```swift
    /// let x = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
    /// x.gathering(rows: [2, 0, 2])             // 5, 6, 1, 2, 5, 6
    /// ```
    public func gathering(rows: [Int]) -> Tensor { gathering(axis: 0, rows) }

    /// Positions of one axis, in the given order; one may be repeated, and its gradient is then the sum
    /// over the repetitions.
    ///
    /// - Precondition: every position lies within the axis.
    public func gathering(axis: Int, _ positions: [Int]) -> Tensor {
        let axis = shape.resolve(axis)
        let view = AxisView(shape, axis: axis)
        for position in positions {
            require(position >= 0 && position < view.extent, "gathering: no position \(position) in axis \(axis) of shape \(shape)")
        }
        let result = Tensor(uninitialized: shape.replacing(axis, with: positions.count))
        withExtendedLifetime(self) {
            for block in 0..<view.outer {
                for (slot, position) in positions.enumerated() {
                    (result.pointer + (block * positions.count + slot) * view.inner)
                        .update(from: pointer + (block * view.extent + position) * view.inner, count: view.inner)
                }
            }
        }
        let shape = self.shape
        return result.recorded(self) { gradient in
            let scattered = Tensor.zeros(shape)
            for block in 0..<view.outer {
                for (slot, position) in positions.enumerated() {
                    let target = scattered.pointer + (block * view.extent + position) * view.inner
                    let source = gradient.pointer + (block * positions.count + slot) * view.inner
                    for index in 0..<view.inner { target[index] += source[index] }
                }
            }
            return scattered
        }
    }

    /// Every `factor`-th position along one axis, beginning with the first: what nearest-neighbor
    /// interpolation by the scale 1/factor selects.
    ///
    /// An axis of extent L becomes ⌊L/factor⌋ long. The gradient at positions that are left out is 0.
    ///
    /// - Precondition: `factor` is at least 1.
    public func subsampled(axis: Int, by factor: Int) -> Tensor {
        require(factor >= 1, "subsampled: a factor of \(factor) is not positive")
        return gathering(axis: axis, (0..<shape[axis] / factor).map { $0 * factor })
    }

    /// One element of each row of an `N×K` matrix, such as the log-probability of each sample's class:
    /// `N`.
    ///
    /// - Parameter columns: for each row the column that is taken.
    /// - Precondition: one column for each row, each in `0..<K`.
    ///
    /// ```swift
    /// let losses = -logits.logSoftmax().picking(labels)      // the cross-entropy of each sample, N
    /// ```
    public func picking(_ columns: [Int]) -> Tensor {
        require(rank == 2 && shape[0] == columns.count, "picking: \(columns.count) columns do not fit a tensor of shape \(shape)")
        let width = shape[1]
        for column in columns { require(column >= 0 && column < width, "picking: no column \(column) in shape \(shape)") }
        let result = Tensor(shape: [columns.count]) { output in
            for (row, column) in columns.enumerated() { output[row] = pointer[row * width + column] }
        }
        let shape = self.shape
        return result.recorded(self) { gradient in
            let scattered = Tensor.zeros(shape)
            for (row, column) in columns.enumerated() { scattered.pointer[row * width + column] = gradient.pointer[row] }
            return scattered
        }
    }

    /// Tensors joined along an existing axis, in order.
    ///
    /// - Precondition: at least one tensor; all shapes are equal except along the axis.
    ///
    /// ```swift
    /// Tensor.concatenated([audio, video], axis: 1)           // N×D1 and N×D2 side by side: N×(D1 + D2)
    /// ```
    public static func concatenated(_ tensors: [Tensor], axis: Int) -> Tensor {
        guard let first = tensors.first else { stop("concatenated: there is nothing to join") }
        let axis = first.shape.resolve(axis)
        let extents = tensors.map { tensor in
            require(
                tensor.rank == first.rank && tensor.shape.replacing(axis, with: first.shape[axis]) == first.shape,
                "concatenated: shapes \(first.shape) and \(tensor.shape) differ beside axis \(axis)")
            return tensor.shape[axis]
        }
        let joined = first.shape.replacing(axis, with: extents.reduce(0, +))
        let view = AxisView(joined, axis: axis)
        let result = Tensor(uninitialized: joined)
        var start = 0
        for (tensor, extent) in zip(tensors, extents) {
            let run = extent * view.inner
            withExtendedLifetime(tensor) {
                for block in 0..<view.outer {
                    (result.pointer + (block * view.extent + start) * view.inner).update(from: tensor.pointer + block * run, count: run)
                }
            }
            start += extent
        }
        return custom(result, inputs: tensors) { gradient in
            var start = 0
            return extents.map { extent in
                defer { start += extent }
                return gradient.slice(axis: axis, start..<(start + extent))
            }
        }
    }

    /// Tensors of the same shape joined along a new axis, which is the first by default.
    ///
    /// ```swift
    /// Tensor.stacked([first, second])                        // two scalars: a vector of 2
    /// ```
    public static func stacked(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
        concatenated(tensors.map { $0.unsqueezed(axis: axis) }, axis: axis)
    }
}
