/// The shape and settings of one batch normalization. Equal plans share a compiled kernel.
struct BatchNormalizationPlan: Hashable, Sendable {
    /// `N×places×C`, whatever the spatial axes were.
    let shape: Shape
    /// What is added to the variance.
    let epsilon: Float
    /// Whether mean and variance are given, as in evaluation.
    let usesGivenStatistics: Bool
    /// Whether negative outputs become 0 in the same pass.
    let appliesReLU: Bool

    /// Takes all spatial axes as one, because the statistics do not depend on how places are arranged.
    init(_ shape: Shape, epsilon: Float, usesGivenStatistics: Bool, appliesReLU: Bool) {
        self.shape = [shape[0], shape.count(1..<(shape.rank - 1)), shape[-1]]
        self.epsilon = epsilon
        self.usesGivenStatistics = usesGivenStatistics
        self.appliesReLU = appliesReLU
    }
}

extension Tensor {
    /// Batch normalization with the statistics of this batch, over every axis but the last: `(x −
    /// mean)/√(variance + ε) · weight + bias` for each channel (Ioffe and Szegedy 2015). It is
    /// differentiable with respect to input, weight and bias, including the way through the statistics.
    ///
    /// A channel in which an entry, the variance, the scale or the shift is not finite is NaN
    /// throughout: oneDNN's fused ReLU would turn it into zeros, and an overflowing variance would make
    /// all entries equal.
    ///
    /// - Parameters:
    ///   - weight: the learned scale, `C`.
    ///   - bias: the learned shift, `C`.
    ///   - epsilon: added to the variance.
    ///   - appliesReLU: whether negative outputs become 0 in the same pass.
    /// - Returns: the normalized tensor, and the batch's mean and population variance, `C` each,
    ///   without gradients, for running statistics.
    /// - Precondition: the shape is `…×C` with at least two axes.
    public func batchNormalized(
        weight: Tensor, bias: Tensor, epsilon: Float = 1e-5, appliesReLU: Bool = false
    ) -> (output: Tensor, mean: Tensor, variance: Tensor) {
        checkNormalization(weight, bias)
        let plan = BatchNormalizationPlan(shape, epsilon: epsilon, usesGivenStatistics: false, appliesReLU: appliesReLU)
        let kernel = Kernel.cached(.batchNormalization(isBackward: false, plan))
        let (mean, variance) = (Tensor(uninitialized: weight.shape), Tensor(uninitialized: weight.shape))
        let result = Tensor(uninitialized: shape)
        let signs = appliesReLU ? Storage(count: kernel.floatCount(ofArgument: 6)) : nil
        let input = self
        withExtendedLifetime((input, weight, bias)) {
            if let signs {
                kernel.run(input.pointer, mean.pointer, variance.pointer, weight.pointer, bias.pointer, result.pointer, signs.base)
            } else {
                kernel.run(input.pointer, mean.pointer, variance.pointer, weight.pointer, bias.pointer, result.pointer)
            }
            // 0 · x is 0 but where x is not finite.
            let (m, v, w, b) = (mean.pointer, variance.pointer, weight.pointer, bias.pointer)
            result.spoilChannels { m[$0] * 0 + v[$0] * 0 + w[$0] * 0 + b[$0] * 0 != 0 }
        }
        let output = Tensor.custom(result, inputs: [input, weight, bias]) { gradient in
            let backward = Kernel.cached(.batchNormalization(isBackward: true, plan))
            let inputGradient = Tensor(uninitialized: input.shape)
            let (scale, shift) = (Tensor(uninitialized: weight.shape), Tensor(uninitialized: weight.shape))
            withExtendedLifetime((input, weight, bias, gradient, signs)) {
                if let signs {
                    backward.run(
                        input.pointer, mean.pointer, variance.pointer, weight.pointer, bias.pointer, gradient.pointer,
                        inputGradient.pointer, scale.pointer, shift.pointer, signs.base)
                } else {
                    backward.run(
                        input.pointer, mean.pointer, variance.pointer, weight.pointer, bias.pointer, gradient.pointer,
                        inputGradient.pointer, scale.pointer, shift.pointer)
                }
            }
            return [inputGradient, scale, shift]
        }
        return (output, mean, variance)
    }

    /// Batch normalization with given statistics, as in evaluation, over every axis but the last.
    ///
    /// - Parameters:
    ///   - weight: the learned scale, `C`.
    ///   - bias: the learned shift, `C`.
    ///   - mean: the running mean, `C`; no gradient reaches it.
    ///   - variance: the running variance, `C`; no gradient reaches it.
    ///   - epsilon: added to the variance.
    ///   - appliesReLU: whether negative outputs become 0 in the same pass.
    public func batchNormalized(
        weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: Float = 1e-5, appliesReLU: Bool = false
    ) -> Tensor {
        checkNormalization(weight, bias)
        require(
            mean.shape == weight.shape && variance.shape == weight.shape,
            "batchNormalized: statistics of shapes \(mean.shape) and \(variance.shape) do not fit \(shape)")
        if [self, weight, bias].contains(where: \.isTracked) && Recording.isEnabled {
            let scale = (variance.detached() + epsilon).sqrt().reciprocal()
            let normalized = (self - mean.detached()) * scale * weight + bias
            return appliesReLU ? normalized.relu() : normalized
        }
        // oneDNN's own ReLU would turn NaN into 0.
        let plan = BatchNormalizationPlan(shape, epsilon: epsilon, usesGivenStatistics: true, appliesReLU: false)
        let result = Tensor(uninitialized: shape)
        withExtendedLifetime((self, mean, variance, weight, bias)) {
            Kernel.cached(.batchNormalization(isBackward: false, plan))
                .run(pointer, mean.pointer, variance.pointer, weight.pointer, bias.pointer, result.pointer)
            if appliesReLU {
                let output = result.pointer
                for index in 0..<result.elementCount { output[index] = output[index] < 0 ? 0 : output[index] }
            }
        }
        return result
    }

    /// Sets the channels that `isSpoiled` selects to NaN, just after creation.
    private func spoilChannels(_ isSpoiled: (Int) -> Bool) {
        let width = shape[-1]
        for channel in 0..<width where isSpoiled(channel) {
            for index in stride(from: channel, to: elementCount, by: width) { pointer[index] = .nan }
        }
    }

    private func checkNormalization(_ weight: Tensor, _ bias: Tensor) {
        require(
            rank >= 2 && weight.shape == [shape[-1]] && bias.shape == [shape[-1]],
            "batchNormalized: a scale of shape \(weight.shape) and a shift of shape \(bias.shape) do not fit \(shape)")
    }
}

extension Tensor {
    /// Layer normalization over the trailing axes: each group of their elements is brought to mean 0
    /// and population variance 1 (Ba et al. 2016). A constant group gives the bias, or 0.
    ///
    /// - Parameters:
    ///   - axes: the number of trailing axes that are normalized together.
    ///   - weight: the learned scale in the shape of those axes; nil for none.
    ///   - bias: the learned shift in the same shape; nil for none.
    ///   - epsilon: added to the variance.
    /// - Returns: the shape of this tensor.
    ///
    /// ```swift
    /// x.layerNormalized(axes: 1, weight: g, bias: b)        // N×T×D, each token over its D features
    /// ```
    public func layerNormalized(axes: Int = 1, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5) -> Tensor {
        require(axes >= 1 && axes <= rank, "layerNormalized: shape \(shape) has no \(axes) trailing axes")
        let normalizedShape = Shape(shape.dimensions.suffix(axes))
        for parameter in [weight, bias].compactMap(\.self) {
            require(
                parameter.shape == normalizedShape,
                "layerNormalized: a parameter of shape \(parameter.shape) does not fit the last \(axes) axes of \(shape)")
        }
        let rows = LayerNormalizationRows(self, width: normalizedShape.elementCount, epsilon: epsilon)
        let input = self
        let result = rows.normalized(input, weight: weight, bias: bias)
        return Tensor.custom(result, inputs: [input] + [weight, bias].compactMap(\.self)) { gradient in
            let (scale, shift) = rows.parameterGradients(input, gradient, weight: weight != nil, bias: bias != nil)
            let first = input.isTracked ? rows.inputGradient(input, gradient, weight: weight) : nil
            return [first] + (weight.map { _ in [scale?.viewed(as: normalizedShape)] } ?? [])
                + (bias.map { _ in [shift?.viewed(as: normalizedShape)] } ?? [])
        }
    }
}

/// The statistics of every row of one layer normalization, with the loops that use them.
private struct LayerNormalizationRows {
    /// The number of elements in a row.
    let width: Int
    /// The number of rows.
    let count: Int
    /// The mean of each row.
    private let means: Tensor
    /// 1 / √(σ² + ε) for each row.
    private let scales: Tensor

    /// Computes the statistics of rows of `width` elements.
    init(_ input: Tensor, width: Int, epsilon: Float) {
        self.width = width
        count = input.elementCount / max(width, 1)
        means = Tensor(uninitialized: [count])
        scales = Tensor(uninitialized: [count])
        withExtendedLifetime(input) {
            for row in 0..<count {
                let start = input.pointer + row * width
                let mean = Tensor.sum(start, count: width) { $0 } / Float(width)
                let variance = Tensor.sum(start, count: width) { ($0 - mean) * ($0 - mean) } / Float(width)
                means.pointer[row] = mean
                scales.pointer[row] = 1 / (variance + epsilon).squareRoot()
            }
        }
    }

    /// (x − µ) / √(σ² + ε) · weight + bias.
    func normalized(_ input: Tensor, weight: Tensor?, bias: Tensor?) -> Tensor {
        let result = Tensor(uninitialized: input.shape)
        withExtendedLifetime((input, weight, bias)) {
            for row in 0..<count {
                let (x, y) = (input.pointer + row * width, result.pointer + row * width)
                let (mean, scale) = (means.pointer[row], scales.pointer[row])
                for index in 0..<width { y[index] = (x[index] - mean) * scale }
                if let weight = weight?.pointer { for index in 0..<width { y[index] *= weight[index] } }
                if let bias = bias?.pointer { for index in 0..<width { y[index] += bias[index] } }
            }
        }
        return result
    }

    /// Σ over rows of g ŷ, and of g, with ŷ the normalized input.
    func parameterGradients(_ input: Tensor, _ gradient: Tensor, weight: Bool, bias: Bool) -> (weight: Tensor?, bias: Tensor?) {
        let scaleGradient = weight ? Tensor.zeros([width]) : nil
        if let total = scaleGradient?.pointer {
            withExtendedLifetime((input, gradient)) {
                for row in 0..<count {
                    let (x, g) = (input.pointer + row * width, gradient.pointer + row * width)
                    let (mean, scale) = (means.pointer[row], scales.pointer[row])
                    for index in 0..<width { total[index] += g[index] * ((x[index] - mean) * scale) }
                }
            }
        }
        return (scaleGradient, bias ? gradient.viewed(as: [count, width]).sum(axis: 0) : nil)
    }

    /// (h − mean h − ŷ mean(h ŷ)) / √(σ² + ε) for each row, with h = g · weight.
    func inputGradient(_ input: Tensor, _ gradient: Tensor, weight: Tensor?) -> Tensor {
        let result = Tensor(uninitialized: input.shape)
        withExtendedLifetime((input, gradient, weight)) {
            for row in 0..<count {
                let (x, g, h) = (input.pointer + row * width, gradient.pointer + row * width, result.pointer + row * width)
                let (mean, scale) = (means.pointer[row], scales.pointer[row])
                if let weight = weight?.pointer {
                    for index in 0..<width { h[index] = g[index] * weight[index] }
                } else {
                    h.update(from: g, count: width)
                }
                let center = Tensor.sum(h, count: width) { $0 } / Float(width)
                let along = scale * Lanes.sum(h, x, count: width) { $0 * ($1 - mean) } / Float(width)
                for index in 0..<width { h[index] = (h[index] - center - (x[index] - mean) * scale * along) * scale }
            }
        }
        return result
    }
}
