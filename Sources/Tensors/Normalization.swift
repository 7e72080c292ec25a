/// The shape and settings of one batch normalization.
struct BatchNormalizationPlan: Hashable, Sendable {
    let shape: Shape
    let epsilon: Float
    let usesGivenStatistics: Bool
    let appliesReLU: Bool

    /// Rows and channels only, whatever the spatial axes were: the statistics do not know them apart.
    init(_ shape: Shape, epsilon: Float, usesGivenStatistics: Bool, appliesReLU: Bool) {
        self.shape = [shape.count(0..<(shape.rank - 1)), shape[-1]]
        self.epsilon = epsilon
        self.usesGivenStatistics = usesGivenStatistics
        self.appliesReLU = appliesReLU
    }
}

extension Tensor {
    /// Batch normalization with the statistics of this batch, over every axis but the last.
    ///
    /// - Parameters:
    ///   - weight, bias: the learned scale and shift, `C` each.
    ///   - epsilon: added to the variance.
    ///   - appliesReLU: whether negative outputs become 0 in the same pass.
    /// - Returns: the normalized tensor, and the batch's mean and population variance (`C` each, without gradients) for running statistics.
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

    /// Batch normalization with given statistics (evaluation), over every axis but the last.
    ///
    /// - Parameters:
    ///   - mean, variance: the running statistics, `C` each; no gradient reaches them.
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
        let plan = BatchNormalizationPlan(shape, epsilon: epsilon, usesGivenStatistics: true, appliesReLU: appliesReLU)
        let result = Tensor(uninitialized: shape)
        withExtendedLifetime((self, mean, variance, weight, bias)) {
            Kernel.cached(.batchNormalization(isBackward: false, plan))
                .run(pointer, mean.pointer, variance.pointer, weight.pointer, bias.pointer, result.pointer)
        }
        return result
    }

    private func checkNormalization(_ weight: Tensor, _ bias: Tensor) {
        require(
            rank >= 2 && weight.shape == [shape[-1]] && bias.shape == [shape[-1]],
            "batchNormalized: a scale of shape \(weight.shape) and a shift of shape \(bias.shape) do not fit \(shape)")
    }

    /// Layer normalization over the trailing axes, with population variance.
    ///
    /// - Parameters:
    ///   - axes: how many trailing axes are normalized together.
    ///   - weight, bias: the learned scale and shift in the shape of those axes; nil for none.
    ///   - epsilon: added to the variance.
    public func layerNormalized(axes: Int = 1, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5) -> Tensor {
        require(axes >= 1 && axes <= rank, "layerNormalized: shape \(shape) has no \(axes) trailing axes")
        let width = shape.count((rank - axes)..<rank)
        let rows = elementCount / max(width, 1)
        let normalized = Tensor(uninitialized: shape)
        let inverse = Tensor(uninitialized: [rows, 1])
        withExtendedLifetime(self) {
            for row in 0..<rows {
                let (input, output) = (pointer + row * width, normalized.pointer + row * width)
                let mean = Tensor.sum(input, count: width) { $0 } / Float(width)
                let variance = Tensor.sum(input, count: width) { ($0 - mean) * ($0 - mean) } / Float(width)
                let scale = 1 / (variance + epsilon).squareRoot()
                inverse.pointer[row] = scale
                for index in 0..<width { output[index] = (input[index] - mean) * scale }
            }
        }
        let shape = self.shape
        var result = normalized.recorded(self) { gradient in
            let flat = gradient.viewed(as: [rows, width])
            let flatOutput = normalized.viewed(as: [rows, width])
            let along = (flat * flatOutput).mean(axis: 1, keepingAxis: true)
            return ((flat - flat.mean(axis: 1, keepingAxis: true) - flatOutput * along) * inverse).viewed(as: shape)
        }
        if let weight { result = result * weight }
        if let bias { result = result + bias }
        return result
    }
}
