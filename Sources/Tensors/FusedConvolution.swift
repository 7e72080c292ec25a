/// The shapes of one fused convolution, and what it does beside convolving.
struct FusedConvolutionPlan: Hashable, Sendable {
    let convolution: ConvolutionPlan
    let addsToOutput: Bool
    let appliesReLU: Bool
}

/// A convolution whose weights stay as they are: laid out once as the processor's kernels read them, with its bias, an addition
/// and a ReLU computed while the outputs are still in registers.
///
/// Nothing is recorded for gradients.
package struct FusedConvolution {
    private let weightShape: Shape
    private let stride, padding, dilation: [Int]
    private let groups: Int
    private let bias: Tensor
    private let ordered: Storage
    /// A kernel that reads the weights in the order in which they are stored.
    private let reader: Kernel

    /// Lays out weights for inputs of the shape of `x`, and of every other shape for which ``fits(_:addsToOutput:appliesReLU:)`` holds.
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
        reader = Kernel.cached(.fusedConvolution(plan))
        ordered = Storage(count: reader.floatCount(ofArgument: 1))
        withExtendedLifetime(weight) { Kernel.cached(.fusedWeightReorder(plan)).run(weight.pointer, ordered.base) }
    }

    /// Whether the kernel for inputs of the shape of `x` reads weights in the order in which they are stored here.
    package func fits(_ x: Tensor, addsToOutput: Bool, appliesReLU: Bool) -> Bool {
        kernel(x, addsToOutput, appliesReLU).kernel.sharesLayout(ofArgument: 1, with: reader)
    }

    /// Convolves.
    ///
    /// - Parameters:
    ///   - x: `N × space… × in`, of a shape that fits.
    ///   - appliesReLU: whether negative outputs become 0.
    package func callAsFunction(_ x: Tensor, appliesReLU: Bool) -> Tensor {
        let (kernel, shape) = kernel(x, false, appliesReLU)
        let result = Tensor(uninitialized: shape)
        run(kernel, x, result)
        return result
    }

    /// `sum ← sum + convolution of x`, with negative results set to 0 where `appliesReLU` says so.
    ///
    /// Computed in place where nothing else holds the memory of `sum`.
    package func add(_ x: Tensor, to sum: inout Tensor, appliesReLU: Bool) {
        let (kernel, shape) = kernel(x, true, appliesReLU)
        require(shape == sum.shape, "a convolution's output of shape \(shape) cannot be added to \(sum.shape)")
        sum = sum.detached()
        sum.withUnsafeMutableValues { _ in }
        run(kernel, x, sum)
    }

    private func run(_ kernel: Kernel, _ x: Tensor, _ result: Tensor) {
        require(
            kernel.sharesLayout(ofArgument: 1, with: reader), "a fused convolution's weights are not laid out for inputs of shape \(x.shape)")
        withExtendedLifetime((x, ordered, result, bias)) { kernel.run(x.pointer, ordered.base, result.pointer, bias.pointer) }
    }

    private func kernel(_ x: Tensor, _ addsToOutput: Bool, _ appliesReLU: Bool) -> (kernel: Kernel, output: Shape) {
        let plan = x.convolutionPlan(weightShape, stride, padding, dilation, groups: groups, hasBias: true)
        let fused = FusedConvolutionPlan(convolution: plan, addsToOutput: addsToOutput, appliesReLU: appliesReLU)
        return (Kernel.cached(.fusedConvolution(fused)), plan.output)
    }
}

extension Tensor {
    /// Whether an operation on these tensors would be recorded for gradients.
    package static func records(_ tensors: [Tensor]) -> Bool {
        Recording.isEnabled && tensors.contains(where: \.isTracked)
    }
}
