import Tensors

/// A convolution without a bias followed by batch normalization and, mostly, a ReLU: the unit of residual networks.
///
/// In evaluation without gradients it computes in one pass: the normalization is folded into the convolution's weights
/// (`w·γ/√(σ²+ε)`, bias `β − μ·γ/√(σ²+ε)`), and ReLU and a residual addition happen before the outputs leave the processor. The
/// folded weights are kept until the weights or the running statistics change.
///
/// Names as in mmcv's `ConvModule`: `conv`, `bn`. Where other names are needed, the parts are listed one by one.
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

    /// Makes both layers; see ``Convolution``.
    public convenience init(
        _ inputs: Int, _ outputs: Int, kernel: [Int], stride: [Int]? = nil, padding: [Int]? = nil, from initializer: Initializer
    ) {
        self.init(
            Convolution(inputs, outputs, kernel: kernel, stride: stride, padding: padding, bias: false, from: initializer["conv"]),
            BatchNormalization(outputs, from: initializer["bn"]))
    }

    /// Convolves, normalizes and rectifies.
    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor { self(x, pass, appliesReLU: true) }

    /// Convolves, normalizes and, when asked, rectifies.
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

    /// `sum ← max(0, sum + normalized convolution of x)`: the end of a residual block. Without gradients it is computed in place.
    public func addRectified(_ x: Tensor, to sum: inout Tensor, _ pass: Pass) {
        guard isFixed(x, pass), !Tensor.records([sum]) else {
            sum = .rectifiedSum(normalization(convolution(x), pass), sum)
            return
        }
        fused(for: x, adds: true, appliesReLU: true).add(x, to: &sum, appliesReLU: true)
    }

    /// Whether the result depends on nothing that changes within the pass: no batch statistics, no gradients.
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
