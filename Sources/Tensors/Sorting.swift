// Order along an axis: sorting, the largest few, running sums.

extension Tensor {
    /// The entries along one axis in rising order, or falling. NaN counts as larger than everything; equal entries keep their order.
    ///
    /// The gradient of each entry goes back to where it came from.
    ///
    /// - Parameters:
    ///   - axis: counted from the end where it is negative; the last by default.
    ///   - descending: whether the largest comes first, NaN before all.
    /// - Complexity: `O(E log E)` along an axis of extent `E`.
    public func sorted(axis: Int = -1, descending: Bool = false) -> Tensor {
        let axis = shape.resolve(axis)
        return taking(positions: argsorted(axis: axis, descending: descending), count: shape[axis], axis: axis)
    }

    /// Where along one axis each entry of ``sorted(axis:descending:)`` comes from, in the row-major order of its result.
    ///
    /// - Parameters:
    ///   - axis: counted from the end where it is negative; the last by default.
    ///   - descending: whether the largest comes first.
    /// - Returns: as many positions in `0..<E` as the tensor has entries.
    public func argsorted(axis: Int = -1, descending: Bool = false) -> [Int] {
        let axis = shape.resolve(axis)
        return positions(axis: axis, count: shape[axis], descending: descending)
    }

    /// The `count` largest entries along one axis, the largest first, and where along the axis each stands, in row-major order.
    ///
    /// NaN counts as larger than everything; of equal entries the first comes first.
    /// - Precondition: `count` is from 0 to the extent of the axis.
    ///
    /// The gradient of each value goes back to where it came from; all other entries have 0.
    ///
    /// - Parameters:
    ///   - count: how many along the axis.
    ///   - axis: counted from the end where it is negative; the last by default.
    public func largest(_ count: Int, axis: Int = -1) -> (values: Tensor, positions: [Int]) {
        let axis = shape.resolve(axis)
        require(count >= 0 && count <= shape[axis], "largest: axis \(axis) of shape \(shape) has no \(count) entries")
        let positions = positions(axis: axis, count: count, descending: true)
        return (taking(positions: positions, count: count, axis: axis), positions)
    }

    /// The sum of each entry along one axis and all before it; running sums are kept in double precision.
    ///
    /// Each is rounded once, so that errors do not add up along the axis. From a NaN on all sums are
    /// NaN.
    ///
    /// - Parameter axis: counted from the end where it is negative; the last by default.
    public func cumulativeSum(axis: Int = -1) -> Tensor {
        let axis = shape.resolve(axis)
        let result = runningSum(axis: axis, fromEnd: false)
        return result.recorded(self) { $0.runningSum(axis: axis, fromEnd: true) }
    }

    /// - Parameter fromEnd: whether sums run from the last entry to the first, as the gradient of a
    ///   running sum does.
    private func runningSum(axis: Int, fromEnd: Bool) -> Tensor {
        let view = AxisView(shape, axis: axis)
        return Tensor(shape: shape) { output in
            withUnsafeValues { input in
                for block in 0..<view.outer {
                    for index in 0..<view.inner {
                        var sum = 0.0
                        for step in 0..<view.extent {
                            let position = fromEnd ? view.extent - 1 - step : step
                            let place = (block * view.extent + position) * view.inner + index
                            sum += Double(input[place])
                            output[place] = Float(sum)
                        }
                    }
                }
            }
        }
    }

    /// The positions of the first `count` entries in order, `outer × count × inner`.
    ///
    /// - Parameter descending: whether the largest come first; NaN is larger than everything, and of
    ///   equal entries the first comes first either way.
    private func positions(axis: Int, count: Int, descending: Bool) -> [Int] {
        let view = AxisView(shape, axis: axis)
        var result = [Int](repeating: 0, count: view.outer * count * view.inner)
        withUnsafeValues { input in
            for block in 0..<view.outer {
                for index in 0..<view.inner {
                    func value(_ position: Int) -> Float { input[(block * view.extent + position) * view.inner + index] }
                    func isLess(_ a: Float, _ b: Float) -> Bool { a < b || (b.isNaN && !a.isNaN) }
                    let order = (0..<view.extent).sorted { one, other in
                        let (a, b) = (value(one), value(other))
                        if isLess(a, b) { return !descending }
                        if isLess(b, a) { return descending }
                        return one < other
                    }
                    for (slot, position) in order.prefix(count).enumerated() {
                        result[(block * count + slot) * view.inner + index] = position
                    }
                }
            }
        }
        return result
    }

    /// The entries at positions along an axis that are given for each place of the result, `outer × count × inner`.
    ///
    /// The gradient adds up where one entry was taken more than once.
    private func taking(positions: [Int], count: Int, axis: Int) -> Tensor {
        let view = AxisView(shape, axis: axis)
        let places = positions.enumerated().map { slot, position in
            let (block, rest) = slot.quotientAndRemainder(dividingBy: max(count * view.inner, 1))
            return (block * view.extent + position) * view.inner + rest % max(view.inner, 1)
        }
        let result = Tensor(shape: shape.replacing(axis, with: count)) { output in
            withUnsafeValues { input in for (slot, place) in places.enumerated() { output[slot] = input[place] } }
        }
        let shape = self.shape
        return result.recorded(self) { gradient in
            let scattered = Tensor.zeros(shape)
            for (slot, place) in places.enumerated() { scattered.pointer[place] += gradient.pointer[slot] }
            return scattered
        }
    }
}
