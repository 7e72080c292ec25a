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
