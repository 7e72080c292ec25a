/// The shapes and steps of one pooling operation; two spatial axes at least.
struct PoolingPlan: Hashable, Sendable {
    enum Kind: Hashable, Sendable { case maximum, average, averageCountingPadding }

    let kind: Kind
    let input: Shape
    let output: Shape
    let window: [Int]
    let stride: [Int]
    let padding: [Int]
}

extension Tensor {
    /// The largest element of each window of a channels-last tensor (`N×L×C`, `N×H×W×C` or `N×D×H×W×C`).
    ///
    /// - Parameters:
    ///   - window: the window's extent along each spatial axis.
    ///   - stride: the window's step; the window itself by default.
    ///   - padding: elements added on both sides, which never win; none by default.
    public func maxPooled(window: [Int], stride: [Int]? = nil, padding: [Int]? = nil) -> Tensor {
        let plan = poolingPlan(.maximum, window, stride ?? window, padding ?? Array(repeating: 0, count: window.count))
        let kernel = Kernel.cached(.pooling(isBackward: false, plan))
        let result = Tensor(uninitialized: plan.output)
        let winners = Storage(count: kernel.floatCount(ofArgument: 2))
        withExtendedLifetime(self) { kernel.run(pointer, result.pointer, winners.base) }
        let shape = self.shape
        return result.recorded(self) { gradient in
            let spread = Tensor(uninitialized: shape)
            Kernel.cached(.pooling(isBackward: true, plan)).run(gradient.pointer, spread.pointer, winners.base)
            withExtendedLifetime((gradient, winners)) {}
            return spread
        }
    }

    /// The mean of each window of a channels-last tensor.
    ///
    /// - Parameter countingPadding: whether padded elements count as zeros in the mean (PyTorch's default) or not at all.
    public func averagePooled(window: [Int], stride: [Int]? = nil, padding: [Int]? = nil, countingPadding: Bool = true) -> Tensor {
        let kind: PoolingPlan.Kind = countingPadding ? .averageCountingPadding : .average
        let plan = poolingPlan(kind, window, stride ?? window, padding ?? Array(repeating: 0, count: window.count))
        let result = Tensor(uninitialized: plan.output)
        withExtendedLifetime(self) { Kernel.cached(.pooling(isBackward: false, plan)).run(pointer, result.pointer) }
        let shape = self.shape
        return result.recorded(self) { gradient in
            let spread = Tensor(uninitialized: shape)
            withExtendedLifetime(gradient) { Kernel.cached(.pooling(isBackward: true, plan)).run(gradient.pointer, spread.pointer) }
            return spread
        }
    }

    /// The mean over all positions of a channels-last tensor: `N × space… × C` becomes `N×C`.
    public func meanPooled() -> Tensor {
        require(rank >= 3, "meanPooled: a tensor of shape \(shape) has no positions")
        return reshaped([shape[0], shape.count(1..<(rank - 1)), shape[-1]]).mean(axis: 1)
    }

    private func poolingPlan(_ kind: PoolingPlan.Kind, _ window: [Int], _ stride: [Int], _ padding: [Int]) -> PoolingPlan {
        let spatial = rank - 2
        require(
            (1...3).contains(spatial) && window.count == spatial && stride.count == spatial && padding.count == spatial,
            "pooling: a window \(window) with stride \(stride) and padding \(padding) does not fit an input of shape \(shape)")
        var output = shape
        for axis in 0..<spatial {
            let room = shape[axis + 1] + 2 * padding[axis] - window[axis]
            require(room >= 0, "pooling: a window of \(window[axis]) does not fit axis \(axis + 1) of shape \(shape)")
            output[axis + 1] = room / stride[axis] + 1
        }
        let missing = max(0, 2 - spatial)
        let ones = [Int](repeating: 1, count: missing)
        return PoolingPlan(
            kind: kind, input: shape, output: output, window: ones + window, stride: ones + stride,
            padding: [Int](repeating: 0, count: missing) + padding)
    }
}
