/// The shapes of one fused convolution, and what it does besides convolving.
struct FusedConvolutionPlan: Hashable, Sendable {
    /// The convolution itself.
    let convolution: ConvolutionPlan
    /// Whether the result is added to what the output already holds.
    let addsToOutput: Bool
    /// Whether negative results become 0, last of all.
    let appliesReLU: Bool
}

/// A convolution with fixed weights, for evaluation: the weights are laid out once as the processor's
/// kernels read them, and bias, addition and ReLU are computed while the outputs are still in
/// registers.
///
/// Nothing is recorded for gradients.
///
/// NaN is preserved. oneDNN's fused ReLU turns NaN into 0, so it is used only where no NaN can arise:
/// where the magnitudes of the inputs, times the largest Σ|w| of an output, stay far from overflow. The
/// resulting bound is kept with the outputs, so that in a chain of layers the inputs rarely have to be
/// searched for their largest magnitude. Our own loops keep NaN themselves, and search for no bound.
package struct FusedConvolution {
    /// `out × in/groups × kernel…`.
    private let weightShape: Shape
    /// The largest Σ|w| over the weights of one output, and the largest magnitude of a bias.
    private let gain, offset: Float
    /// One value for each spatial axis.
    private let stride, padding, dilation: [Int]
    /// The number of groups of channels.
    private let groups: Int
    /// One value for each output channel.
    private let bias: Tensor
    /// The weights as the kernel reads them.
    private let weights: Weights

    /// How the weights are kept.
    private enum Weights {
        /// In the order in which a kernel of oneDNN reads them.
        case ordered(Storage, reader: Kernel)
        /// Transformed for Winograd's algorithm.
        case transformed(Storage)
        /// In the order in which products over series read them.
        case series(Storage)
    }

    /// Lays out weights for inputs of the shape of `x`, and of every other shape for which
    /// ``fits(_:addsToOutput:appliesReLU:)`` holds.
    ///
    /// - Parameters:
    ///   - weight: `out × in/groups × kernel…`, in PyTorch's order.
    ///   - bias: `out`.
    ///   - stride, padding, dilation: one value for each spatial axis.
    ///   - addsToOutput, appliesReLU: how it will be used at first.
    package init(
        weight: Tensor, bias: Tensor, stride: [Int], padding: [Int], dilation: [Int], groups: Int = 1, for x: Tensor,
        addsToOutput: Bool, appliesReLU: Bool
    ) {
        weightShape = weight.shape
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        self.bias = bias.detached()
        let plan = FusedConvolutionPlan(
            convolution: x.convolutionPlan(weight.shape, stride, padding, dilation, groups: groups, hasBias: true),
            addsToOutput: addsToOutput, appliesReLU: appliesReLU)
        if let series = SeriesConvolution(plan.convolution) {
            (gain, offset, weights) = (.infinity, .infinity, .series(series.ordered(weight)))
            return
        }
        let width = weight.elementCount / max(weight.shape[0], 1)
        gain = withExtendedLifetime(weight) {
            (0..<weight.shape[0]).reduce(0) { largest, output in
                let sum = Tensor.sum(weight.pointer + output * width, count: width) { $0.magnitudes }
                // NaN has to come through, which `max` does not promise.
                return sum > largest || sum.isNaN ? sum : largest
            }
        }
        offset = withExtendedLifetime(bias) { Lanes.largestMagnitude(bias.pointer, count: bias.elementCount) }
        if let winograd = plan.convolution.winograd, winograd.pays {
            weights = .transformed(type(of: winograd).transformed(weight))
            return
        }
        let reader = Kernel.cached(.fusedConvolution(plan))
        let ordered = Storage(count: reader.floatCount(ofArgument: 1))
        withExtendedLifetime(weight) { Kernel.cached(.fusedWeightReorder(plan)).run(weight.pointer, ordered.base) }
        weights = .ordered(ordered, reader: reader)
    }

    /// Whether inputs of the shape of `x` can be convolved with the weights as they are stored here.
    package func fits(_ x: Tensor, addsToOutput: Bool, appliesReLU: Bool) -> Bool {
        let plan = plan(x, addsToOutput, appliesReLU)
        return switch weights {
        case .ordered(_, let reader): Kernel.cached(.fusedConvolution(plan)).sharesLayout(ofArgument: 1, with: reader)
        case .transformed: plan.convolution.winograd != nil
        case .series: SeriesConvolution(plan.convolution) != nil
        }
    }

    /// Convolves.
    ///
    /// - Parameters:
    ///   - x: `N × space… × in`, of a shape that fits.
    ///   - appliesReLU: whether negative outputs become 0.
    package func callAsFunction(_ x: Tensor, appliesReLU: Bool) -> Tensor {
        let plan = plan(x, false, appliesReLU)
        let result = Tensor(uninitialized: plan.convolution.output)
        run(plan, x, result)
        return result
    }

    /// Convolves pictures, applies a ReLU and takes the largest value of each 2×2 places: the numbers of ``callAsFunction(_:appliesReLU:)`` and
    /// ``Tensor/maxPooled(window:stride:padding:)`` one after the other.
    ///
    /// - Parameter x: `N×H×W×in`, of a shape that fits.
    /// - Returns: `N×⌊H'/2⌋×⌊W'/2⌋×out`, for a convolution to `H'×W'` places.
    package func halved(_ x: Tensor) -> Tensor {
        let convolution = plan(x, false, true).convolution
        let output = convolution.output
        guard case .transformed(let kernels) = weights, output.rank == 4, output[1] >= 2, output[2] >= 2, let plane = WinogradPlane(convolution)
        else { return self(x, appliesReLU: true).maxPooled(window: [2, 2]) }
        let result = Tensor(uninitialized: [output[0], output[1] / 2, output[2] / 2, output[3]])
        withExtendedLifetime((x, kernels, bias)) {
            plane.convolveAndHalve(x.pointer, kernels.base, into: result.pointer, bias: bias.pointer)
        }
        return result
    }

    /// `sum ← sum + convolution of x`; with `appliesReLU` negative results then become 0.
    ///
    /// Computed in place where no other tensor shares the memory of `sum`.
    package func add(_ x: Tensor, to sum: inout Tensor, appliesReLU: Bool) {
        let plan = plan(x, true, appliesReLU)
        let shape = plan.convolution.output
        require(shape == sum.shape, "a convolution's output of shape \(shape) cannot be added to \(sum.shape)")
        sum = sum.detached()
        let bound = sum.storage.bound
        sum.withUnsafeMutableValues { _ in }
        sum.storage.bound = bound
        run(plan, x, sum)
    }

    /// A number that no output exceeds in magnitude, with room for rounding; NaN or ∞ where there is
    /// none.
    private func outputBound(_ inputs: Float, _ present: Float) -> Float { 1.01 * (inputs * gain + offset + present) }

    /// Convolves into `result`, and keeps the bound of its outputs.
    private func run(_ plan: FusedConvolutionPlan, _ x: Tensor, _ result: Tensor) {
        let needsBound = if case .ordered = weights { true } else { false }
        guard needsBound || x.storage.bound != nil else {
            compute(plan, x, result, mayHoldNaN: true)
            result.storage.bound = nil
            return
        }
        // Far below the largest number, because partial sums and Winograd's transforms are larger than the results.
        let limit: Float = 1e34
        var bound = outputBound(x.storage.bound ?? .infinity, plan.addsToOutput ? result.storage.bound ?? .infinity : 0)
        if !(bound < limit) {
            bound = withExtendedLifetime((x, result)) {
                outputBound(
                    Lanes.largestMagnitude(x.pointer, count: x.elementCount),
                    plan.addsToOutput ? Lanes.largestMagnitude(result.pointer, count: result.elementCount) : 0)
            }
        }
        compute(plan, x, result, mayHoldNaN: !(bound < limit))
        result.storage.bound = bound < limit && result.elementCount == result.storage.count ? bound : nil
    }

    /// Convolves with the kernel that suits the plan.
    private func compute(_ plan: FusedConvolutionPlan, _ x: Tensor, _ result: Tensor, mayHoldNaN: Bool) {
        switch weights {
        case .ordered(let ordered, let reader):
            let kernel = Kernel.cached(.fusedConvolution(plan))
            require(
                kernel.sharesLayout(ofArgument: 1, with: reader), "a fused convolution's weights are not laid out for inputs of shape \(x.shape)")
            if plan.appliesReLU, mayHoldNaN { return computeKeepingNaN(plan, x, ordered, result) }
            withExtendedLifetime((x, ordered, result, bias)) { kernel.run(x.pointer, ordered.base, result.pointer, bias.pointer) }
        case .transformed(let kernels):
            guard let winograd = plan.convolution.winograd else {
                stop("a fused convolution's weights are not transformed for inputs of shape \(x.shape)")
            }
            withExtendedLifetime((x, kernels, result, bias)) {
                winograd.convolve(
                    x.pointer, kernels.base, into: result.pointer, bias: bias.pointer, addsToOutput: plan.addsToOutput,
                    appliesReLU: plan.appliesReLU)
            }
        case .series(let ordered):
            guard let series = SeriesConvolution(plan.convolution) else {
                stop("a fused convolution's weights are not ordered for inputs of shape \(x.shape)")
            }
            withExtendedLifetime((x, ordered, result, bias)) {
                series.convolve(
                    x.pointer, ordered.base, into: result.pointer, bias: bias.pointer, addsToOutput: plan.addsToOutput, appliesReLU: plan.appliesReLU)
            }
        }
    }

    /// Convolves without oneDNN's ReLU and then applies our own, for which NaN is not below 0.
    private func computeKeepingNaN(_ plan: FusedConvolutionPlan, _ x: Tensor, _ ordered: Storage, _ result: Tensor) {
        let plain = FusedConvolutionPlan(convolution: plan.convolution, addsToOutput: plan.addsToOutput, appliesReLU: false)
        let kernel = Kernel.cached(.fusedConvolution(plain))
        var weights = ordered
        if !kernel.sharesLayout(ofArgument: 1, with: Kernel.cached(.fusedConvolution(plan))) {
            weights = Storage(count: kernel.floatCount(ofArgument: 1))
            Kernel.cached(.fusedWeightExchange(from: plan, to: plain)).run(ordered.base, weights.base)
        }
        withExtendedLifetime((x, ordered, weights, result, bias)) {
            kernel.run(x.pointer, weights.base, result.pointer, bias.pointer)
            let output = result.pointer
            for index in 0..<result.elementCount { output[index] = output[index] < 0 ? 0 : output[index] }
        }
    }

    /// The plan of a call on `x`.
    private func plan(_ x: Tensor, _ addsToOutput: Bool, _ appliesReLU: Bool) -> FusedConvolutionPlan {
        let plan = x.convolutionPlan(weightShape, stride, padding, dilation, groups: groups, hasBias: true)
        return FusedConvolutionPlan(convolution: plan, addsToOutput: addsToOutput, appliesReLU: appliesReLU)
    }
}

extension Tensor {
    /// Whether an operation on these tensors would be recorded for gradients.
    package static func records(_ tensors: [Tensor]) -> Bool {
        Recording.isEnabled && tensors.contains(where: \.isTracked)
    }
}
