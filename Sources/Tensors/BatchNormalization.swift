internal import CLanes

extension Tensor {
    /// Batch normalization with the statistics of this batch, over every axis but the last: `(x −
    /// mean)/√(variance + ε) · weight + bias` for each channel (Ioffe and Szegedy 2015). It is
    /// differentiable with respect to input, weight and bias, including the way through the statistics.
    ///
    /// A channel in which an entry, the variance, the scale or the shift is not finite is NaN
    /// throughout: a ReLU would turn a part of it into zeros, and an overflowing variance would make
    /// all entries equal. The result does not depend on the number of threads.
    ///
    /// - Parameters:
    ///   - weight: the learned scale, `C`.
    ///   - bias: the learned shift, `C`.
    ///   - epsilon: added to the variance.
    ///   - other: what is added to the normalized tensor, in the same shape, as at the end of a residual block; nil for nothing.
    ///   - appliesReLU: whether negative outputs become 0 in the same pass, after the addition.
    /// - Returns: the normalized tensor, and the batch's mean and population variance, `C` each,
    ///   without gradients, for running statistics.
    /// - Precondition: the shape is `…×C` with at least two axes.
    ///
    /// ```swift
    /// let (y, mean, variance) = x.batchNormalized(weight: scale, bias: shift, appliesReLU: true)      // N×T×C
    /// ```
    public func batchNormalized(
        weight: Tensor, bias: Tensor, adding other: Tensor? = nil, epsilon: Float = 1e-5, appliesReLU: Bool = false
    ) -> (output: Tensor, mean: Tensor, variance: Tensor) {
        checkNormalization(weight, bias)
        require(
            other?.shape ?? shape == shape, "batchNormalized: what is added has the shape \(other?.shape ?? shape), and not \(shape)")
        let (mean, variance) = channelMoments()
        let input = self
        let map = ChannelMap(weight: weight, bias: bias, mean: mean, variance: variance, epsilon: epsilon, appliesReLU: appliesReLU)
        let result = map.applied(to: input, adding: other)
        spoil(result, mean, variance, weight, bias)
        let output = Tensor.custom(result, inputs: [input, weight, bias] + [other].compactMap(\.self)) { gradient in
            map.gradients(input, other, gradient)
        }
        return (output, mean, variance)
    }

    /// Sets the channels of a normalized tensor whose statistics, scale or shift are not finite to NaN, just after creation.
    func spoil(_ result: Tensor, _ mean: Tensor, _ variance: Tensor, _ weight: Tensor, _ bias: Tensor) {
        // 0 · x is 0 but where x is not finite.
        let (m, v, w, b) = (mean.pointer, variance.pointer, weight.pointer, bias.pointer)
        withExtendedLifetime((mean, variance, weight, bias)) {
            result.spoilChannels { m[$0] * 0 + v[$0] * 0 + w[$0] * 0 + b[$0] * 0 != 0 }
        }
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
        return ChannelMap(weight: weight, bias: bias, mean: mean, variance: variance, epsilon: epsilon, appliesReLU: appliesReLU)
            .applied(to: self)
    }

    /// Mean and population variance of each channel, `C` each, in one pass over memory.
    ///
    /// With dₙ = xₙ − x₁ for the rows n of a channel, the mean is x₁ + d̄ and the variance mean(d²) − d̄². Values are taken
    /// relative to the first row, so that a mean far from 0 costs no digits. Where a value is not finite, neither is the mean.
    func channelMoments() -> (mean: Tensor, variance: Tensor) {
        let rows = ChannelRows(shape)
        return withExtendedLifetime(self) {
            Tensor.moments(around: pointer, rows.sums(Moments(x: pointer, width: rows.width)), count: rows.count)
        }
    }

    /// Mean and population variance of each channel from Σ (x − s) and Σ (x − s)².
    ///
    /// - Parameters:
    ///   - origin: s, a number for each channel.
    ///   - sums: the two sums of each channel.
    ///   - count: the number of terms of each.
    static func moments(
        around origin: UnsafePointer<Float>, _ sums: (first: [Double], second: [Double]), count: Int
    ) -> (mean: Tensor, variance: Tensor) {
        let (width, count) = (sums.first.count, Double(max(count, 1)))
        let (mean, variance) = (Tensor(uninitialized: [width]), Tensor(uninitialized: [width]))
        withExtendedLifetime((mean, variance)) {
            let (means, variances) = (mean.pointer, variance.pointer)
            for channel in 0..<width {
                let shifted = sums.first[channel] / count
                means[channel] = Float(Double(origin[channel]) + shifted)
                // Not `max`, which may drop NaN.
                let square = sums.second[channel] / count - shifted * shifted
                variances[channel] = Float(square < 0 ? 0 : square)
            }
        }
        return (mean, variance)
    }

    /// Sets the channels that `isSpoiled` selects to NaN, just after creation.
    ///
    /// - Parameter isSpoiled: whether a channel, counted from 0, is to be NaN.
    private func spoilChannels(_ isSpoiled: (Int) -> Bool) {
        let width = shape[-1]
        for channel in 0..<width where isSpoiled(channel) {
            for index in stride(from: channel, to: elementCount, by: width) { pointer[index] = .nan }
        }
    }

    /// - Precondition: scale and shift have one number for each channel.
    func checkNormalization(_ weight: Tensor, _ bias: Tensor) {
        require(
            rank >= 2 && weight.shape == [shape[-1]] && bias.shape == [shape[-1]],
            "batchNormalized: a scale of shape \(weight.shape) and a shift of shape \(bias.shape) do not fit \(shape)")
    }
}

/// Σ (x − s) and Σ (x − s)², with the first row for s.
private struct Moments: ChannelRows.Sum {
    /// The first row.
    let x: UnsafeMutablePointer<Float>
    /// The number of channels.
    let width: Int

    /// Adds up many channels, in the loop that is compiled for the width of the machine's vectors.
    func run(_ rows: Range<Int>, _ channels: Range<Int>, into sum: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>) {
        let first = channels.lowerBound
        regulus_channel_moments(x + rows.lowerBound * width + first, x + first, rows.count, width, channels.count, sum, squares)
    }

    /// The same operations in the same order for a tensor of fewer channels, whose bits are those of sixteen.
    func run(_ rows: Range<Int>, _ lanes: FewLanes) -> (SIMD16<Float>, SIMD16<Float>) {
        var (sum, squares) = (SIMD16<Float>.zero, SIMD16<Float>.zero)
        let first = lanes.load(x)
        for row in rows {
            let d = lanes.load(x + row * width) - first
            sum += d
            squares += d * d
        }
        return (sum, squares)
    }
}

/// `(x − mean) · scale + bias` of each channel, with `scale = weight/√(variance + ε)`, and a ReLU where it is asked for.
///
/// What the gradient needs of the forward pass is here: the statistics, `C` each, and nothing of the size of the input. Which entries the ReLU let pass
/// is computed again, by the same operations and so with the same result.
struct ChannelMap: @unchecked Sendable {  // its tensors are only read
    /// What is subtracted, what is multiplied, and what is added, `C` each.
    let mean, scale, bias: Tensor
    /// 1/√(variance + ε), `C`.
    private let root: Tensor
    /// Whether negative results become 0.
    private let appliesReLU: Bool

    /// Computes the scale of each channel.
    ///
    /// - Parameters:
    ///   - weight: the learned scale, `C`.
    ///   - bias: the learned shift, `C`.
    ///   - mean: the mean, `C`, of the batch or of earlier ones.
    ///   - variance: the variance, `C`.
    ///   - epsilon: added to the variance.
    ///   - appliesReLU: whether negative results become 0.
    init(weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: Float, appliesReLU: Bool) {
        let (scale, root) = (Tensor(uninitialized: weight.shape), Tensor(uninitialized: weight.shape))
        withExtendedLifetime((weight, variance)) {
            let (variances, weights, roots, scales) = (variance.pointer, weight.pointer, root.pointer, scale.pointer)
            for channel in 0..<weight.elementCount {
                roots[channel] = 1 / (variances[channel] + epsilon).squareRoot()
                scales[channel] = weights[channel] * roots[channel]
            }
        }
        (self.mean, self.scale, self.bias, self.root, self.appliesReLU) = (mean.detached(), scale, bias.detached(), root, appliesReLU)
    }

    /// The mapped input, to which `other` is added before the ReLU, without a record.
    func applied(to input: Tensor, adding other: Tensor? = nil) -> Tensor {
        let rows = ChannelRows(input.shape)
        let result = Tensor(uninitialized: input.shape)
        withExtendedLifetime((input, other, self)) {
            let loop = Forward(
                x: input.pointer, other: other?.pointer, y: result.pointer, mean: mean.pointer, scale: scale.pointer, bias: bias.pointer,
                width: rows.width, appliesReLU: appliesReLU)
            rows.forEach(loop)
        }
        return result
    }

    /// The gradients of input, weight and bias, and of what was added where there is such a thing. Mean and variance count as functions of the input.
    ///
    /// With the gradient g as far as the ReLU lets it pass, x̂ the normalized input and means over the rows of a channel:
    ///
    /// ```
    /// bias: Σ g          weight: Σ g x̂          input: scale · (g − mean(g) − x̂ mean(g x̂))
    /// ```
    ///
    /// - Parameters:
    ///   - input: the input of the forward pass, `…×C`.
    ///   - other: what was added in it, in the same shape.
    ///   - gradient: that of the output.
    /// - Returns: three gradients, the first nil where nobody asks for it, and a fourth where something was added.
    func gradients(_ input: Tensor, _ other: Tensor?, _ gradient: Tensor) -> [Tensor?] {
        let rows = ChannelRows(input.shape)
        let result = input.isTracked ? Tensor(uninitialized: input.shape) : nil
        // What was added gets the gradient as far as the ReLU lets it pass.
        let kept = other == nil || !appliesReLU ? nil : Tensor(uninitialized: input.shape)
        return withExtendedLifetime((input, other, gradient, self)) {
            let passed = Passed(
                x: input.pointer, other: other?.pointer, gradient: gradient.pointer, kept: kept?.pointer, mean: mean.pointer, scale: scale.pointer,
                bias: bias.pointer, width: rows.width, appliesReLU: appliesReLU)
            let found = parameterGradients(rows.sums(passed), rows: rows.count)
            if let result {
                rows.forEach(
                    Backward(
                        x: input.pointer, gradient: (kept ?? gradient).pointer, result: result.pointer, mean: mean.pointer, scale: scale.pointer,
                        bias: bias.pointer, center: found.center.pointer, along: found.along.pointer, width: rows.width,
                        appliesReLU: appliesReLU && kept == nil))
            }
            return [result, found.weight, found.bias] + (other == nil ? [] : [kept ?? gradient])
        }
    }

    /// The gradients of weight and bias, and what is taken off each entry of a channel's gradient: its mean, and what its part along x − mean
    /// amounts to.
    ///
    /// - Parameters:
    ///   - sums: Σ g and Σ g (x − mean) of each channel.
    ///   - rows: the number of terms of each.
    func parameterGradients(
        _ sums: (first: [Double], second: [Double]), rows: Int
    ) -> (weight: Tensor, bias: Tensor, center: Tensor, along: Tensor) {
        func empty() -> Tensor { Tensor(uninitialized: mean.shape) }
        let found = (weight: empty(), bias: empty(), center: empty(), along: empty())
        let (weights, biases, centers, alongs, roots) = (
            found.weight.pointer, found.bias.pointer, found.center.pointer, found.along.pointer, root.pointer
        )
        let count = Double(max(rows, 1))
        withExtendedLifetime((found, self)) {
            // Through pointers: an element asked of a tensor is a reference counted up and down.
            for channel in 0..<mean.elementCount {
                let root = Double(roots[channel])
                biases[channel] = Float(sums.first[channel])
                weights[channel] = Float(sums.second[channel] * root)
                centers[channel] = Float(sums.first[channel] / count)
                alongs[channel] = Float(sums.second[channel] * root * root / count)
            }
        }
        return found
    }
}

/// Writes (x − mean) · scale + bias, with an addition and a ReLU where they are asked for.
private struct Forward: ChannelRows.Loop {
    /// The input.
    let x: UnsafeMutablePointer<Float>
    /// What is added; nil for nothing.
    let other: UnsafeMutablePointer<Float>?
    /// The output, and what belongs to each channel.
    let y, mean, scale, bias: UnsafeMutablePointer<Float>
    /// The number of channels.
    let width: Int
    /// Whether negative results become 0.
    let appliesReLU: Bool

    /// Maps many channels, in the loop that is compiled for the width of the machine's vectors.
    func run(_ rows: Range<Int>, _ channels: Range<Int>) {
        let first = channels.lowerBound
        let place = rows.lowerBound * width + first
        regulus_channel_map(
            x + place, other.map { $0 + place }, y + place, mean + first, scale + first, bias + first, rows.count, width,
            channels.count, appliesReLU ? 1 : 0)
    }

    /// The same operations in the same order for a tensor of fewer channels, whose bits are those of sixteen.
    func run(_ rows: Range<Int>, _ lanes: FewLanes) {
        let (m, a, b) = (lanes.load(mean), lanes.load(scale), lanes.load(bias))
        // Written out four times: with a closure for what differs, the compiler keeps less in registers.
        switch (other, appliesReLU) {
        case (nil, false):
            for row in rows { lanes.store((lanes.load(x + row * width) - m) * a + b, y + row * width) }
        case (nil, true):
            for row in rows {
                let value = (lanes.load(x + row * width) - m) * a + b
                lanes.store(value.replacing(with: 0, where: value .< 0), y + row * width)
            }
        case (let other?, false):
            for row in rows { lanes.store((lanes.load(x + row * width) - m) * a + b + lanes.load(other + row * width), y + row * width) }
        case (let other?, true):
            for row in rows {
                let value = (lanes.load(x + row * width) - m) * a + b + lanes.load(other + row * width)
                lanes.store(value.replacing(with: 0, where: value .< 0), y + row * width)
            }
        }
    }
}

/// The gradient g as far as the ReLU lets it pass; its sums are Σ g and Σ g (x − mean).
private struct Passed: ChannelRows.Sum {
    /// The input.
    let x: UnsafeMutablePointer<Float>
    /// What was added before the ReLU; nil for nothing.
    let other: UnsafeMutablePointer<Float>?
    /// The gradient of the output.
    let gradient: UnsafeMutablePointer<Float>
    /// Where g is written; nil where nobody asks for it.
    let kept: UnsafeMutablePointer<Float>?
    /// What belongs to each channel.
    let mean, scale, bias: UnsafeMutablePointer<Float>
    /// The number of channels.
    let width: Int
    /// Whether there was a ReLU.
    let appliesReLU: Bool

    /// Adds up many channels, in the loop that is compiled for the width of the machine's vectors.
    func run(_ rows: Range<Int>, _ channels: Range<Int>, into sum: UnsafeMutablePointer<Float>, _ along: UnsafeMutablePointer<Float>) {
        let first = channels.lowerBound
        let place = rows.lowerBound * width + first
        regulus_channel_passed(
            x + place, other.map { $0 + place }, gradient + place, kept.map { $0 + place }, mean + first, scale + first, bias + first, rows.count, width,
            channels.count, appliesReLU ? 1 : 0, sum, along)
    }

    /// The same operations in the same order for a tensor of fewer channels, whose bits are those of sixteen.
    func run(_ rows: Range<Int>, _ lanes: FewLanes) -> (SIMD16<Float>, SIMD16<Float>) {
        let (m, a, b) = (lanes.load(mean), lanes.load(scale), lanes.load(bias))
        var (sum, along) = (SIMD16<Float>.zero, SIMD16<Float>.zero)
        if let other, let kept {
            for row in rows {
                let d = lanes.load(x + row * width) - m
                var g = lanes.load(gradient + row * width)
                g.replace(with: 0, where: d * a + b + lanes.load(other + row * width) .<= 0)
                lanes.store(g, kept + row * width)
                sum += g
                along += g * d
            }
        } else if appliesReLU {
            for row in rows {
                let d = lanes.load(x + row * width) - m
                var g = lanes.load(gradient + row * width)
                g.replace(with: 0, where: d * a + b .<= 0)
                sum += g
                along += g * d
            }
        } else {
            for row in rows {
                let g = lanes.load(gradient + row * width)
                sum += g
                along += g * (lanes.load(x + row * width) - m)
            }
        }
        return (sum, along)
    }
}

/// Writes scale · (g − center − (x − mean) · along), with the gradient g as far as the ReLU lets it pass.
private struct Backward: ChannelRows.Loop {
    /// The input, the gradient of the output, and where that of the input is written.
    let x, gradient, result: UnsafeMutablePointer<Float>
    /// What belongs to each channel.
    let mean, scale, bias, center, along: UnsafeMutablePointer<Float>
    /// The number of channels.
    let width: Int
    /// Whether the gradient has yet to pass the ReLU.
    let appliesReLU: Bool

    /// Maps many channels, in the loop that is compiled for the width of the machine's vectors.
    func run(_ rows: Range<Int>, _ channels: Range<Int>) {
        let first = channels.lowerBound
        let place = rows.lowerBound * width + first
        regulus_channel_gradient(
            x + place, gradient + place, result + place, mean + first, scale + first, bias + first, center + first, along + first, rows.count, width,
            channels.count, appliesReLU ? 1 : 0)
    }

    /// The same operations in the same order for a tensor of fewer channels, whose bits are those of sixteen.
    func run(_ rows: Range<Int>, _ lanes: FewLanes) {
        let (m, a, b) = (lanes.load(mean), lanes.load(scale), lanes.load(bias))
        let (center, along) = (lanes.load(center), lanes.load(along))
        for row in rows {
            let place = row * width
            let d = lanes.load(x + place) - m
            var g = lanes.load(gradient + place)
            if appliesReLU { g.replace(with: 0, where: d * a + b .<= 0) }
            lanes.store(a * (g - center - d * along), result + place)
        }
    }
}
