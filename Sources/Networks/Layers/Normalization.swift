import Tensors

/// Batch normalization over all axes but the last (Ioffe and Szegedy 2015).
///
/// In training, `y = (x − mean)/√(variance + ε)·weight + bias` with the batch's mean and population
/// variance, and the running statistics move by `momentum` toward the batch's mean and unbiased
/// variance. In evaluation the running statistics take the batch's place.
///
/// State as in PyTorch: parameters `weight` (ones) and `bias` (zeros), buffers `running_mean`,
/// `running_var` and `num_batches_tracked`. The last is a Float32 scalar here, exact up to 16 777 216
/// steps.
public final class BatchNormalization: Layer {
    /// The number of channels.
    public let width: Int
    /// Added to the variance before the root is taken.
    public let epsilon: Float
    /// The weight of the batch's statistics in the new running statistics.
    public let momentum: Float
    /// The learned scale, `C`.
    public let weight: Parameter
    /// The learned shift, `C`.
    public let bias: Parameter
    /// The mean over past batches, `C`.
    public let runningMean: Buffer
    /// The variance over past batches, `C`.
    public let runningVariance: Buffer
    /// How many batches the statistics have seen.
    public let trackedBatches: Buffer

    public var parts: Parts {
        [
            "weight": weight, "bias": bias, "running_mean": runningMean, "running_var": runningVariance,
            "num_batches_tracked": trackedBatches,
        ]
    }

    /// Makes a layer with weight 1, bias 0, running mean 0 and running variance 1; nothing is drawn.
    ///
    /// - Precondition: `width` is positive.
    public init(_ width: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, from initializer: Initializer) {
        require(width > 0, "BatchNormalization: \(width) channels; there must be at least one")
        self.width = width
        self.epsilon = epsilon
        self.momentum = momentum
        weight = Parameter(.ones([width]))
        bias = Parameter(.zeros([width]))
        runningMean = Buffer(.zeros([width]))
        runningVariance = Buffer(.ones([width]))
        trackedBatches = Buffer(Tensor(0), isCount: true)
    }

    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        self(x, pass, appliesReLU: false)
    }

    /// Normalizes and, when asked, applies a ReLU in the same pass over memory.
    ///
    /// With a single value per channel in training the variance is 0 and the output is `bias`; the
    /// running variance then stays as it is, because no unbiased variance exists.
    ///
    /// - Parameters:
    ///   - x: …×width, of rank 2 or more.
    ///   - appliesReLU: whether negative outputs become 0.
    /// - Returns: the shape of `x`.
    public func callAsFunction(_ x: Tensor, _ pass: Pass, appliesReLU: Bool) -> Tensor {
        guard pass.isTraining else {
            return x.batchNormalized(
                weight: weight.value, bias: bias.value, mean: runningMean.value, variance: runningVariance.value,
                epsilon: epsilon, appliesReLU: appliesReLU)
        }
        return followed(x.batchNormalized(weight: weight.value, bias: bias.value, epsilon: epsilon, appliesReLU: appliesReLU), of: x.elementCount / width)
    }

    /// Normalizes, adds another tensor and applies a ReLU: the end of a residual block. In training it is one pass over memory.
    ///
    /// - Parameters:
    ///   - x: …×width, of rank 2 or more.
    ///   - other: in the shape of `x`.
    /// - Returns: the shape of `x`.
    public func rectifiedSum(_ x: Tensor, _ other: Tensor, _ pass: Pass) -> Tensor {
        guard pass.isTraining else { return .rectifiedSum(self(x, pass), other) }
        return followed(
            x.batchNormalized(weight: weight.value, bias: bias.value, adding: other, epsilon: epsilon, appliesReLU: true),
            of: x.elementCount / width)
    }

    /// Normalizes, applies a ReLU and takes the largest value of each 2×2 places. In training it is one pass over memory.
    ///
    /// - Parameter x: N×H×W×width, with two places at least along H and W.
    /// - Returns: N×⌊H/2⌋×⌊W/2⌋×width.
    public func halved(_ x: Tensor, _ pass: Pass) -> Tensor {
        guard pass.isTraining else { return self(x, pass, appliesReLU: true).maxPooled(window: [2, 2]) }
        return followed(
            x.batchNormalizedAndHalved(weight: weight.value, bias: bias.value, epsilon: epsilon), of: x.elementCount / width)
    }

    /// Convolves pictures of one channel, and then does the same.
    ///
    /// - Parameters:
    ///   - x: N×H×W×1, without a gradient.
    ///   - kernels: the convolution's weight, width×1×3×3.
    /// - Returns: N×⌊H/2⌋×⌊W/2⌋×width.
    /// - Precondition: ``Tensor/canBeConvolvedAndHalved(weight:)``; in evaluation nothing is recorded.
    func halved(_ x: Tensor, convolvedBy kernels: Tensor, _ pass: Pass) -> Tensor {
        guard pass.isTraining else {
            return x.convolvedAndHalved(
                weight: kernels, scale: weight.value, shift: bias.value, mean: runningMean.value, variance: runningVariance.value,
                epsilon: epsilon)
        }
        return followed(
            x.convolvedAndHalved(weight: kernels, scale: weight.value, shift: bias.value, epsilon: epsilon), of: x.elementCount)
    }

    /// Moves the running statistics toward those of a batch of `count` places, and returns its output.
    private func followed(_ batch: (output: Tensor, mean: Tensor, variance: Tensor), of count: Int) -> Tensor {
        let (y, mean, variance) = batch
        follow(runningMean, mean, factor: 1)
        if count > 1 { follow(runningVariance, variance, factor: Float(count) / Float(count - 1)) }
        trackedBatches.withUnsafeMutableValues { $0[0] += 1 }
        return y
    }

    /// The same for sequences that are padded at their ends: statistics are taken over the real places
    /// alone, and the padding becomes 0.
    ///
    /// - Parameters:
    ///   - x: N×T×width.
    ///   - lengths: the real places of each sequence; nil where all are.
    public func callAsFunction(_ x: Tensor, lengths: [Int]?, _ pass: Pass, appliesReLU: Bool = false) -> Tensor {
        guard let lengths else { return self(x, pass, appliesReLU: appliesReLU) }
        guard lengths.contains(where: { $0 > 0 }) else { return x.clearingPadding(lengths: lengths) }
        return self(x.packed(lengths: lengths), pass, appliesReLU: appliesReLU).unpacked(lengths: lengths, places: x.shape[1])
    }

    private func follow(_ running: Buffer, _ batch: Tensor, factor: Float) {
        let momentum = momentum
        batch.withUnsafeValues { new in
            running.withUnsafeMutableValues { old in
                for i in 0..<old.count {
                    old[i] = (1 - momentum) * old[i] + momentum * (new[i] * factor)
                }
            }
        }
    }
}

/// Layer normalization over the trailing axes (Ba et al. 2016): every sample is brought to mean 0 and
/// variance 1.
///
/// `y = (x − mean)/√(population variance + ε)·weight + bias`, with `weight` (ones) and `bias` (zeros)
/// of the normalized axes' shape. It is the same in training and evaluation. A constant sample gives
/// `bias`.
public final class LayerNormalization: Layer {
    /// The sizes of the normalized trailing axes.
    public let sizes: [Int]
    /// Added to the variance before the root is taken.
    public let epsilon: Float
    /// The learned scale, in the shape of the normalized axes.
    public let weight: Parameter
    /// The learned shift, in the same shape.
    public let bias: Parameter

    public var parts: Parts { ["weight": weight, "bias": bias] }

    /// Makes a layer with weight 1 and bias 0; nothing is drawn.
    ///
    /// - Precondition: at least one size, all of them positive.
    public init(_ sizes: [Int], epsilon: Float = 1e-5, from initializer: Initializer) {
        require(!sizes.isEmpty && sizes.allSatisfy { $0 > 0 }, "LayerNormalization: sizes \(sizes)")
        self.sizes = sizes
        self.epsilon = epsilon
        weight = Parameter(.ones(Shape(sizes)))
        bias = Parameter(.zeros(Shape(sizes)))
    }

    /// Applies the layer.
    ///
    /// - Parameter x: …×sizes.
    /// - Returns: the shape of `x`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.layerNormalized(axes: sizes.count, weight: weight.value, bias: bias.value, epsilon: epsilon)
    }

    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor { self(x) }
}
