internal import CLanes

extension Tensor {
    /// Batch normalization of pictures with the statistics of this batch, a ReLU, and the largest value of each 2×2 places: the bits of
    /// ``batchNormalized(weight:bias:adding:epsilon:appliesReLU:)`` and ``maxPooled(window:stride:padding:)`` one after the other, without a tensor of
    /// the input's size between them. The gradients are theirs up to rounding, as only the places that won are added up.
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
        let (result, cells) = map.halved(input)
        spoil(result, mean, variance, weight, bias)
        let output = Tensor.custom(result, inputs: [input, weight, bias]) { gradient in map.gradients(input, cells, gradient) }
        return (output, mean, variance)
    }
}

/// What the backward pass has to know of each cell of 2×2 places and each channel.
private struct Cells {
    /// The input less the mean at the place that won, and which place that is, as a byte; see `regulus_halved_map`.
    let distances, winners: Storage

    /// Memory for `count` of them.
    init(count: Int) {
        distances = Storage(count: count)
        winners = Storage(bytes: count)
    }
}

extension ChannelMap {
    /// The largest mapped value of each 2×2 places of pictures, without a record.
    ///
    /// - Precondition: there are sixteen channels at least.
    fileprivate func halved(_ input: Tensor) -> (output: Tensor, cells: Cells) {
        let shape = input.shape
        let result = Tensor(uninitialized: [shape[0], shape[1] / 2, shape[2] / 2, shape[3]])
        let cells = Cells(count: result.elementCount)
        let (read, made) = (shape.count(1..<4), result.shape.count(1..<4))
        forEachPicture(shape) { picture, channels in
            let (source, first) = (picture * read + channels.lowerBound, channels.lowerBound)
            let target = picture * made + first
            regulus_halved_map(
                input.pointer + source, result.pointer + target, cells.distances.base + target, cells.winners.bytes + target, mean.pointer + first,
                scale.pointer + first, bias.pointer + first, shape[1], shape[2], shape[3], channels.count)
        }
        withExtendedLifetime((input, self)) {}
        return (result, cells)
    }

    /// As ``gradients(_:_:_:)`` for what ``halved(_:)`` computes.
    fileprivate func gradients(_ input: Tensor, _ cells: Cells, _ gradient: Tensor) -> [Tensor?] {
        let shape = input.shape
        let passed = Passed(gradient: gradient.pointer, distances: cells.distances.base, winners: cells.winners.bytes, width: shape[3])
        let found = parameterGradients(ChannelRows(gradient.shape).sums(wide: passed), rows: shape.count(0..<3))
        defer { withExtendedLifetime((input, cells, gradient, self)) {} }
        guard input.isTracked else { return [nil, found.weight, found.bias] }
        let result = Tensor(uninitialized: shape)
        let (read, made) = (shape.count(1..<4), gradient.shape.count(1..<4))
        forEachPicture(shape) { picture, channels in
            let (source, first) = (picture * read + channels.lowerBound, channels.lowerBound)
            let target = picture * made + first
            regulus_halved_gradient(
                input.pointer + source, gradient.pointer + target, cells.winners.bytes + target, result.pointer + source, mean.pointer + first,
                scale.pointer + first, found.center.pointer + first, found.along.pointer + first, shape[1], shape[2], shape[3], channels.count)
        }
        withExtendedLifetime((found.center, found.along)) {}
        return [result, found.weight, found.bias]
    }

    /// Calls `body` with each picture and the spans of its channels.
    private func forEachPicture(_ shape: Shape, _ body: (_ picture: Int, _ channels: Range<Int>) -> Void) {
        let spans = ChannelRows(shape).spans
        Threads.split(shape[0]) { pictures in
            for picture in pictures {
                for channels in spans { body(picture, channels) }
            }
        }
    }
}

/// The gradient g of the places that won their cells, as far as the ReLU lets it pass; its sums are Σ g and Σ g (x − mean).
private struct Passed: ChannelRows.WideSum {
    /// The gradient of the output, and what is known of its cells.
    let gradient, distances: UnsafeMutablePointer<Float>
    let winners: UnsafeMutablePointer<UInt8>
    /// The number of channels.
    let width: Int

    func run(_ rows: Range<Int>, _ channels: Range<Int>, into sum: UnsafeMutablePointer<Float>, _ along: UnsafeMutablePointer<Float>) {
        let first = rows.lowerBound * width + channels.lowerBound
        regulus_halved_passed(gradient + first, distances + first, winners + first, rows.count, width, channels.count, sum, along)
    }
}
