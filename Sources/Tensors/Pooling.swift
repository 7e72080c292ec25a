internal import CLanes

/// The shapes and steps of one average pooling, with two spatial axes at least. Equal plans share a
/// compiled kernel.
struct PoolingPlan: Hashable, Sendable {
    /// Channels last: `N × space… × C`.
    let input: Shape
    /// Channels last: `N × space… × C`, with the number of windows along each axis.
    let output: Shape
    /// The window's extent along each spatial axis.
    let window: [Int]
    /// The window's step along each spatial axis.
    let stride: [Int]
    /// Positions added on both sides of each spatial axis.
    let padding: [Int]
    /// Whether added positions count as zeros in the mean.
    var countsPadding = false
}

extension Tensor {
    /// The largest element of each window of a channels-last tensor (`N×L×C`, `N×H×W×C` or
    /// `N×D×H×W×C`); NaN where the window holds one.
    ///
    /// The first of several equal elements receives the gradient.
    ///
    /// - Parameters:
    ///   - window: the window's extent along each spatial axis.
    ///   - stride: the window's step along each axis; the window itself by default.
    ///   - padding: positions added on both sides, which are never chosen; none by default.
    /// - Returns: `floor((L + 2·padding − window) / stride) + 1` along each axis.
    ///
    /// ```swift
    /// x.maxPooled(window: [3, 3], stride: [2, 2], padding: [1, 1])       // N×32×32×C: N×16×16×C
    /// ```
    public func maxPooled(window: [Int], stride: [Int]? = nil, padding: [Int]? = nil) -> Tensor {
        let plan = poolingPlan(window, stride ?? window, padding ?? Array(repeating: 0, count: window.count))
        let (shape, pointer) = (shape, pointer)
        let (inputs, outputs) = (shape.elementCount / max(shape[0], 1), plan.output.elementCount / max(shape[0], 1))
        require(inputs <= Int(Int32.max), "maxPooled: a sample of shape \(shape) has more places than can be numbered")
        let windows = regulus_windows(plan)
        let result = Tensor(uninitialized: plan.output)
        // The place that won each window.
        let winners = Storage(count: plan.output.elementCount)
        withExtendedLifetime((self, winners)) {
            Threads.split(shape[0]) { samples in
                for sample in samples {
                    regulus_maxima(pointer + sample * inputs, result.pointer + sample * outputs, winners.places + sample * outputs, windows)
                }
            }
        }
        // No maximum exceeds what no input exceeds; a window of nothing but padding would.
        if plan.padding.allSatisfy({ $0 == 0 }) { result.storage.bound = storage.bound }
        return result.recorded(self) { gradient in
            let spread = Tensor(uninitialized: shape)
            withExtendedLifetime((gradient, winners)) {
                Threads.split(shape[0]) { samples in
                    for sample in samples {
                        regulus_maxima_gradient(
                            gradient.pointer + sample * outputs, winners.places + sample * outputs, spread.pointer + sample * inputs, windows)
                    }
                }
            }
            return spread
        }
    }

    /// The mean of each window of a channels-last tensor; NaN where the window holds one.
    ///
    /// - Parameters:
    ///   - window: the window's extent along each spatial axis.
    ///   - stride: the window's step along each axis; the window itself by default.
    ///   - padding: positions added on both sides; none by default.
    ///   - countingPadding: whether added positions count as zeros in the mean, which is PyTorch's
    ///     default, or not at all.
    /// - Returns: `floor((L + 2·padding − window) / stride) + 1` along each axis.
    /// - Precondition: the window fits into the padded input, and there is one number for each spatial
    ///   axis.
    ///
    /// ```swift
    /// x.averagePooled(window: [2, 2])                 // N×32×32×C: N×16×16×C
    /// ```
    public func averagePooled(window: [Int], stride: [Int]? = nil, padding: [Int]? = nil, countingPadding: Bool = true) -> Tensor {
        var plan = poolingPlan(window, stride ?? window, padding ?? Array(repeating: 0, count: window.count))
        plan.countsPadding = countingPadding
        let result = Tensor(uninitialized: plan.output)
        withExtendedLifetime(self) { Kernel.cached(.pooling(isBackward: false, plan)).run(pointer, result.pointer) }
        let shape = self.shape
        return result.recorded(self) { gradient in
            let spread = Tensor(uninitialized: shape)
            withExtendedLifetime(gradient) { Kernel.cached(.pooling(isBackward: true, plan)).run(gradient.pointer, spread.pointer) }
            return spread
        }
    }

    /// The mean over all positions of a channels-last tensor: `N × space… × C` becomes `N×C`, with the
    /// error bound of ``sum()``.
    ///
    /// - Precondition: the rank is at least 3.
    ///
    /// ```swift
    /// series.meanPooled()                             // N×T×C: N×C, the mean over time
    /// ```
    public func meanPooled() -> Tensor {
        require(rank >= 3, "meanPooled: a tensor of shape \(shape) has no positions")
        return reshaped([shape[0], shape.count(1..<(rank - 1)), shape[-1]]).mean(axis: 1)
    }

    /// The plan for this tensor; one spatial axis is planned as two, the first of extent 1.
    private func poolingPlan(_ window: [Int], _ stride: [Int], _ padding: [Int]) -> PoolingPlan {
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
            input: shape, output: output, window: ones + window, stride: ones + stride,
            padding: [Int](repeating: 0, count: missing) + padding)
    }
}

extension regulus_windows {
    /// The windows over one sample of a plan; axes that it lacks have the extent 1.
    fileprivate init(_ plan: PoolingPlan) {
        func three(_ sizes: [Int], _ filler: Int) -> (Int, Int, Int) {
            let all = [Int](repeating: filler, count: 3 - sizes.count) + sizes
            return (all[0], all[1], all[2])
        }
        self.init(
            extent: three(KernelLayout.space(plan.input), 1), cells: three(KernelLayout.space(plan.output), 1), window: three(plan.window, 1),
            stride: three(plan.stride, 1), padding: three(plan.padding, 0), channels: plan.input[-1])
    }
}

extension Tensor {
    /// The mean of each cell of a grid laid over the positions of a channels-last tensor (adaptive
    /// average pooling).
    ///
    /// Along an axis of extent L, cell i of O covers the positions from ⌊iL/O⌋ up to but not including
    /// ⌈(i+1)L/O⌉, as in PyTorch. Where O does not divide L, neighboring cells share a position.
    ///
    /// - Parameter output: the number of cells along each spatial axis.
    /// - Returns: `N × output… × C` for an input `N × space… × C`.
    /// - Precondition: one number for each spatial axis, each at least 1.
    ///
    /// ```swift
    /// x.averagePooled(to: [1, 1])                 // N×H×W×C: N×1×1×C, the mean over all places
    /// ```
    public func averagePooled(to output: [Int]) -> Tensor {
        require(
            rank >= 3 && output.count == rank - 2 && output.allSatisfy { $0 >= 1 },
            "averagePooled: cells \(output) do not fit an input of shape \(shape)")
        // A mean over a box is the mean of means along its sides, as all rows of a box are equally long.
        var result = self
        for (index, cells) in output.enumerated() where shape[index + 1] != cells { result = result.averaged(axis: index + 1, cells: cells) }
        return result
    }

    /// The means of the cells along one axis, whose extent becomes `cells`.
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
