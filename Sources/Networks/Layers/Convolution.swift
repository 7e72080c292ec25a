import Tensors

/// A convolution (cross-correlation) over one, two or three axes, with channels last.
///
/// Parameters as in PyTorch, so that checkpoints fit: `weight` (outputs × inputs/groups × kernel…) and,
/// unless it is left out, `bias` (outputs), both drawn evenly from ±1/√fan-in with fan-in =
/// inputs/groups·∏kernel.
public final class Convolution: Layer {
    /// The number of channels read and the number of channels made.
    public let inputs, outputs: Int
    /// Sizes along each of the convolved axes, in the order of the axes.
    public let kernel, stride, padding, dilation: [Int]
    /// The number of groups of channels that are convolved separately.
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
    /// - Parameter x: N×L×inputs, N×H×W×inputs or N×D×H×W×inputs, as the kernel has one, two or three
    ///   sizes.
    /// - Returns: the same with `outputs` channels and (size + 2·padding − dilation·(kernel − 1) −
    ///   1)/stride + 1 places along each axis, rounded down.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.convolved(
            weight: weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation,
            groups: groups)
    }

    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor { self(x) }

    /// The real places that sequences of some lengths have after a convolution over one axis; 0 stays
    /// 0.
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

/// A convolution without a bias followed by batch normalization and, mostly, a ReLU: the unit of
/// residual networks.
///
/// In evaluation without gradients it computes in one pass: the normalization is folded into the
/// convolution's weights (`w·γ/√(σ²+ε)`, bias `β − μ·γ/√(σ²+ε)`), and ReLU and a residual addition
/// happen before the outputs leave the processor. The folded weights are kept until the weights or the
/// running statistics change.
///
/// Names as in mmcv's `ConvModule`: `conv`, `bn`. Where other names are needed, the parts are listed
/// one by one.
public final class NormalizedConvolution: Layer {
    /// The convolution, without a bias of its own.
    public let convolution: Convolution
    /// The normalization that follows it.
    public let normalization: BatchNormalization
    private var folded: (weights: FusedConvolution, versions: [Int])?

    public var parts: Parts { ["conv": convolution, "bn": normalization] }

    /// Combines two layers.
    /// - Precondition: the normalization is as wide as the convolution's output.
    public init(_ convolution: Convolution, _ normalization: BatchNormalization) {
        require(
            convolution.outputs == normalization.width,
            "NormalizedConvolution: \(normalization.width) channels are normalized after a convolution to \(convolution.outputs)")
        self.convolution = convolution
        self.normalization = normalization
    }

    /// Makes both layers with initial values drawn from `initializer`, under the names `conv` and `bn`;
    /// see ``Convolution``.
    public convenience init(
        _ inputs: Int, _ outputs: Int, kernel: [Int], stride: [Int]? = nil, padding: [Int]? = nil, from initializer: Initializer
    ) {
        self.init(
            Convolution(inputs, outputs, kernel: kernel, stride: stride, padding: padding, bias: false, from: initializer["conv"]),
            BatchNormalization(outputs, from: initializer["bn"]))
    }

    /// Convolves, normalizes and applies a ReLU.
    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor { self(x, pass, appliesReLU: true) }

    /// Convolves, normalizes and, when asked, applies a ReLU.
    ///
    /// - Parameter x: N×…×inputs.
    /// - Returns: N×…×outputs.
    public func callAsFunction(_ x: Tensor, _ pass: Pass, appliesReLU: Bool) -> Tensor {
        guard isFixed(x, pass) else { return normalization(convolution(x), pass, appliesReLU: appliesReLU) }
        return fused(for: x, adds: false, appliesReLU: appliesReLU)(x, appliesReLU: appliesReLU)
    }

    /// The same over sequences that are padded with zeros at their ends.
    ///
    /// - Parameters:
    ///   - x: N×T×inputs.
    ///   - lengths: the real places of each sequence; nil where all are.
    /// - Returns: N×T'×outputs, again padded with zeros, and the lengths there.
    public func callAsFunction(
        _ x: Tensor, lengths: [Int]?, _ pass: Pass, appliesReLU: Bool = true
    ) -> (sequences: Tensor, lengths: [Int]?) {
        guard let lengths else { return (self(x, pass, appliesReLU: appliesReLU), nil) }
        let left = convolution.lengths(after: lengths)
        guard isFixed(x, pass) else { return (normalization(convolution(x), lengths: left, pass, appliesReLU: appliesReLU), left) }
        return (self(x, pass, appliesReLU: appliesReLU).clearingPadding(lengths: left), left)
    }

    /// Convolves pictures, normalizes, applies a ReLU and takes the largest value of each 2×2 places.
    ///
    /// - Parameter x: N×H×W×inputs.
    /// - Returns: N×⌊H'/2⌋×⌊W'/2⌋×outputs, for a convolution to H'×W' places.
    public func halved(_ x: Tensor, _ pass: Pass) -> Tensor {
        let isFixed = isFixed(x, pass)
        if isFixed || pass.isTraining, startsFromOneChannel(x) {
            return normalization.halved(x, convolvedBy: convolution.weight.value, pass)
        }
        return isFixed ? fused(for: x, adds: false, appliesReLU: true).halved(x) : normalization.halved(convolution(x), pass)
    }

    /// Whether the convolution, what follows it and the halving can be computed together, without the convolution's map.
    private func startsFromOneChannel(_ x: Tensor) -> Bool {
        convolution.bias == nil && convolution.stride == [1, 1] && convolution.padding == [1, 1] && convolution.dilation == [1, 1]
            && x.canBeConvolvedAndHalved(weight: convolution.weight.value.shape)
    }

    /// Adds the normalized convolution of `x` to `sum` and applies a ReLU: `sum ← max(0, sum +
    /// bn(conv(x)))`, the end of a residual block. Where no gradients are recorded it is computed in
    /// place.
    public func addRectified(_ x: Tensor, to sum: inout Tensor, _ pass: Pass) {
        guard isFixed(x, pass), !Tensor.records([sum]) else {
            sum = normalization.rectifiedSum(convolution(x), sum, pass)
            return
        }
        fused(for: x, adds: true, appliesReLU: true).add(x, to: &sum, appliesReLU: true)
    }

    /// Whether the result depends on nothing that changes within the pass: no batch statistics, no
    /// gradients.
    private func isFixed(_ x: Tensor, _ pass: Pass) -> Bool {
        let isFixed =
            !pass.isTraining
            && !Tensor.records([x, convolution.weight.value, normalization.weight.value, normalization.bias.value])
        // Weights that are trained change before they are used again.
        if !isFixed { folded = nil }
        return isFixed
    }

    private func fused(for x: Tensor, adds: Bool, appliesReLU: Bool) -> FusedConvolution {
        let versions = [
            convolution.weight.version, normalization.weight.version, normalization.bias.version, normalization.runningMean.version,
            normalization.runningVariance.version,
        ]
        if let folded, folded.versions == versions, folded.weights.fits(x, addsToOutput: adds, appliesReLU: appliesReLU) {
            return folded.weights
        }
        folded = nil
        let (weight, bias) = withoutGradients { foldedWeights() }
        let weights = FusedConvolution(
            weight: weight, bias: bias, stride: convolution.stride, padding: convolution.padding, dilation: convolution.dilation,
            groups: convolution.groups, for: x, addsToOutput: adds, appliesReLU: appliesReLU)
        folded = (weights, versions)
        return weights
    }

    private func foldedWeights() -> (weight: Tensor, bias: Tensor) {
        let scale = normalization.weight.value * (normalization.runningVariance.value + normalization.epsilon).sqrt().reciprocal()
        let weight = convolution.weight.value
        let outputs = [convolution.outputs] + Array(repeating: 1, count: weight.rank - 1)
        let shift = convolution.bias.map { $0.value - normalization.runningMean.value } ?? -normalization.runningMean.value
        return (weight * scale.reshaped(outputs), normalization.bias.value + shift * scale)
    }
}
