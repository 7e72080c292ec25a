import Tensors

/// A convolution (cross-correlation) over one, two or three axes, with channels last.
///
/// Parameters as in PyTorch, so that checkpoints fit: `weight` (outputs × inputs/groups × kernel…) and, unless it is
/// left out, `bias` (outputs), both drawn evenly from ±1/√fan-in with fan-in = inputs/groups·∏kernel.
public final class Convolution: Layer {
    /// The number of channels read and made.
    public let inputs, outputs: Int
    /// Sizes along each of the convolved axes.
    public let kernel, stride, padding, dilation: [Int]
    /// The number of groups of channels that are convolved apart.
    public let groups: Int
    /// `outputs × inputs/groups × kernel…`, as in PyTorch.
    public let weight: Parameter
    /// One for each output channel; nil without.
    public let bias: Parameter?

    public var parts: Parts { ["weight": weight, "bias": bias] }

    /// Makes a layer with initial values drawn from `initializer`.
    ///
    /// - Parameters:
    ///   - inputs: channels read; a multiple of `groups`.
    ///   - outputs: channels made; a multiple of `groups`.
    ///   - kernel: one size per convolved axis; one, two or three of them.
    ///   - stride: one per axis; 1 when left out.
    ///   - padding: zeros on both sides of each axis; 0 when left out.
    ///   - dilation: distance between the kernel's taps; 1 when left out.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: [Int], stride: [Int]? = nil, padding: [Int]? = nil,
        dilation: [Int]? = nil, groups: Int = 1, bias: Bool = true, from initializer: Initializer
    ) {
        let axes = kernel.count
        self.inputs = inputs
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride ?? Array(repeating: 1, count: axes)
        self.padding = padding ?? Array(repeating: 0, count: axes)
        self.dilation = dilation ?? Array(repeating: 1, count: axes)
        self.groups = groups
        require((1...3).contains(axes), "Convolution: a kernel of \(axes) sizes; 1, 2 or 3 are possible")
        require(
            self.stride.count == axes && self.padding.count == axes && self.dilation.count == axes,
            "Convolution: kernel \(kernel), stride \(self.stride), padding \(self.padding) and dilation "
                + "\(self.dilation) must have the same number of sizes")
        require(
            groups > 0 && inputs > 0 && outputs > 0 && inputs % groups == 0 && outputs % groups == 0,
            "Convolution: \(groups) groups must divide \(inputs) inputs and \(outputs) outputs")
        let fanIn = inputs / groups * kernel.reduce(1, *)
        weight = Parameter(
            initializer["weight"].kaimingUniform(Shape([outputs, inputs / groups] + kernel), fanIn: fanIn))
        self.bias = bias ? Parameter(initializer["bias"].kaimingUniform([outputs], fanIn: fanIn)) : nil
    }

    /// Applies the layer.
    ///
    /// - Parameter x: N×L×inputs, N×H×W×inputs or N×D×H×W×inputs, as the kernel has one, two or three sizes.
    /// - Returns: the same with `outputs` channels and (size + 2·padding − dilation·(kernel − 1) − 1)/stride + 1
    ///   places along each axis, rounded down.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.convolved(
            weight: weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation,
            groups: groups)
    }

    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor { self(x) }

    /// The real places that sequences of some lengths have after a convolution over one axis; 0 stays 0.
    ///
    /// Where the padding of the input is 0, these places hold what they would without any padding.
    public func lengths(after lengths: [Int]) -> [Int] {
        require(kernel.count == 1, "Convolution: lengths of sequences after a convolution over \(kernel.count) axes")
        return lengths.map { length in
            let room = length + 2 * padding[0] - dilation[0] * (kernel[0] - 1) - 1
            return length == 0 || room < 0 ? 0 : room / stride[0] + 1
        }
    }
}
