extension Tensor {
    /// The mean of each cell of a grid laid over the positions of a channels-last tensor.
    ///
    /// Along an axis of extent L, cell i of O covers positions ⌊iL/O⌋ up to and without ⌈(i+1)L/O⌉: neighboring cells share a
    /// position where O does not divide L (PyTorch's adaptive average pooling).
    ///
    /// - Parameter output: the number of cells along each spatial axis.
    /// - Returns: `N × output… × C` for an input `N × space… × C`.
    /// - Precondition: one extent for each spatial axis, each at least 1.
    public func averagePooled(to output: [Int]) -> Tensor {
        require(
            rank >= 3 && output.count == rank - 2 && output.allSatisfy { $0 >= 1 },
            "averagePooled: cells \(output) do not fit an input of shape \(shape)")
        // A mean over a box is the mean of means along its sides, as all rows of a box are equally long.
        var result = self
        for (index, cells) in output.enumerated() where shape[index + 1] != cells { result = result.averaged(axis: index + 1, cells: cells) }
        return result
    }

    private func averaged(axis: Int, cells: Int) -> Tensor {
        let view = AxisView(shape, axis: axis)
        let ranges = (0..<cells).map { $0 * view.extent / cells..<(($0 + 1) * view.extent + cells - 1) / cells }
        let result = Tensor.zeros(shape.replacing(axis, with: cells))
        withExtendedLifetime(self) {
            for block in 0..<view.outer {
                for (cell, range) in ranges.enumerated() {
                    let target = result.pointer + (block * cells + cell) * view.inner
                    for position in range {
                        let source = pointer + (block * view.extent + position) * view.inner
                        for index in 0..<view.inner { target[index] += source[index] }
                    }
                    let share = 1 / Float(range.count)
                    for index in 0..<view.inner { target[index] *= share }
                }
            }
        }
        let shape = self.shape
        return result.recorded(self) { gradient in
            let spread = Tensor.zeros(shape)
            for block in 0..<view.outer {
                for (cell, range) in ranges.enumerated() {
                    let source = gradient.pointer + (block * cells + cell) * view.inner
                    let share = 1 / Float(range.count)
                    for position in range {
                        let target = spread.pointer + (block * view.extent + position) * view.inner
                        for index in 0..<view.inner { target[index] += source[index] * share }
                    }
                }
            }
            return spread
        }
    }
}
