internal import CLanes

extension Tensor {
    /// Batch normalization of pictures with the statistics of this batch, a ReLU, and the largest value of each 2×2 places: the bits of
    /// ``batchNormalized(weight:bias:adding:epsilon:appliesReLU:)`` and ``maxPooled(window:stride:padding:)`` one after the other, without a tensor of
    /// the input's size between them.
    ///
    /// - Parameters:
    ///   - weight: the learned scale, `C`.
    ///   - bias: the learned shift, `C`.
    ///   - epsilon: added to the variance.
    /// - Returns: `N×⌊H/2⌋×⌊W/2⌋×C`, and the batch's mean and population variance, `C` each, without gradients.
    /// - Precondition: the shape is `N×H×W×C` with two places at least along `H` and `W`.
    ///
    /// ```swift
    /// let (y, mean, variance) = x.batchNormalizedAndHalved(weight: scale, bias: shift)      // N×32×48×C: N×16×24×C
    /// ```
    public func batchNormalizedAndHalved(
        weight: Tensor, bias: Tensor, epsilon: Float = 1e-5
    ) -> (output: Tensor, mean: Tensor, variance: Tensor) {
        require(rank == 4 && shape[1] >= 2 && shape[2] >= 2, "batchNormalizedAndHalved: a tensor of shape \(shape) cannot be halved")
        let (rows, channels) = (shape[1] * shape[2], shape[3])
        guard channels >= 16, rows <= Int(Int32.max) else {
            let (output, mean, variance) = batchNormalized(weight: weight, bias: bias, epsilon: epsilon, appliesReLU: true)
            return (output.maxPooled(window: [2, 2]), mean, variance)
        }
        checkNormalization(weight, bias)
        let (mean, variance) = channelMoments()
        let input = self
        let map = ChannelMap(weight: weight, bias: bias, mean: mean, variance: variance, epsilon: epsilon, appliesReLU: true)
        let (result, winners) = map.halved(input)
        spoil(result, mean, variance, weight, bias)
        let output = Tensor.custom(result, inputs: [input, weight, bias]) { gradient in map.gradients(input, halved: winners, gradient) }
        return (output, mean, variance)
    }
}

extension ChannelMap {
    /// The largest mapped value of each 2×2 places of pictures, without a record, and the place that won each, in the memory of as many floats.
    ///
    /// - Precondition: there are sixteen channels at least.
    func halved(_ input: Tensor) -> (output: Tensor, winners: Storage) {
        let shape = input.shape
        let result = Tensor(uninitialized: [shape[0], shape[1] / 2, shape[2] / 2, shape[3]])
        let winners = Storage(count: result.elementCount)
        let (read, made) = (shape.count(1..<4), result.shape.count(1..<4))
        let spans = ChannelRows(shape).spans
        withExtendedLifetime((input, self)) {
            Threads.split(shape[0]) { samples in
                for sample in samples {
                    for channels in spans {
                        let first = channels.lowerBound
                        regulus_halved_map(
                            input.pointer + sample * read + first, result.pointer + sample * made + first, winners.places + sample * made + first,
                            mean.pointer + first, scale.pointer + first, bias.pointer + first, shape[1], shape[2], shape[3], channels.count)
                    }
                }
            }
        }
        return (result, winners)
    }

    /// As ``gradients(_:_:_:)`` for what ``halved(_:)`` computes.
    func gradients(_ input: Tensor, halved winners: Storage, _ gradient: Tensor) -> [Tensor?] {
        let rows = ChannelRows(input.shape)
        let result = input.isTracked ? Tensor(uninitialized: input.shape) : nil
        return withExtendedLifetime((input, winners, gradient, self)) {
            let halved = Halved(
                x: input.pointer, gradient: gradient.pointer, winners: winners.places, mean: mean.pointer, scale: scale.pointer, bias: bias.pointer,
                shape: input.shape)
            let found = parameterGradients(rows.sums(wide: halved), rows: rows.count)
            if let result {
                rows.forEach(
                    wide: HalvedBackward(of: halved, result: result.pointer, center: found.center.pointer, along: found.along.pointer))
            }
            return [result, found.weight, found.bias]
        }
    }
}

/// The gradient g as far as it comes from a cell that the place won and as the ReLU lets it pass; its sums are Σ g and Σ g (x − mean).
private struct Halved: ChannelRows.WideSum {
    /// The input, and the gradient of the output.
    let x, gradient: UnsafeMutablePointer<Float>
    /// The place that won each cell of the output.
    let winners: UnsafeMutablePointer<Int32>
    /// What belongs to each channel.
    let mean, scale, bias: UnsafeMutablePointer<Float>
    /// That of the input, `N×H×W×C`.
    let shape: Shape

    func run(_ rows: Range<Int>, _ channels: Range<Int>, into sum: UnsafeMutablePointer<Float>, _ along: UnsafeMutablePointer<Float>) {
        let first = channels.lowerBound
        regulus_halved_passed(
            x + first, gradient + first, winners + first, mean + first, scale + first, bias + first, rows.lowerBound, rows.count, shape[1], shape[2],
            shape[3], channels.count, sum, along)
    }
}

/// Writes scale · (g − center − (x − mean) · along), with the gradient g of ``Halved``.
private struct HalvedBackward: ChannelRows.WideLoop {
    /// Where g comes from.
    let of: Halved
    /// Where the gradient of the input is written, and what belongs to each channel.
    let result, center, along: UnsafeMutablePointer<Float>

    func run(_ rows: Range<Int>, _ channels: Range<Int>) {
        let first = channels.lowerBound
        regulus_halved_gradient(
            of.x + first, of.gradient + first, of.winners + first, result + first, of.mean + first, of.scale + first, of.bias + first,
            center + first, along + first, rows.lowerBound, rows.count, of.shape[1], of.shape[2], of.shape[3], channels.count)
    }
}
