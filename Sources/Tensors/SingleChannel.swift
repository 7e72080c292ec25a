internal import CLanes

// The start of a network over pictures of one channel: a 3×3 convolution that keeps their extents, batch normalization, ReLU, and the largest number of
// each 2×2 places. The convolution's map, many times as large as its input, is not kept: whoever needs it convolves again.
extension Tensor {
    /// Whether ``convolvedAndHalved(weight:scale:shift:epsilon:)`` has loops for this machine, these pictures and this weight.
    ///
    /// No gradient reaches the pictures there.
    ///
    /// - Parameter weight: the shape `C×1×3×3` of the convolution's weight.
    package func canBeConvolvedAndHalved(weight: Shape) -> Bool {
        ProcessorKernels.hasWideVectors && rank == 4 && shape[0] > 0 && shape[1] >= 2 && shape[2] >= 2 && shape[3] == 1
            && weight.rank == 4 && weight[0] % 16 == 0 && weight[1] == 1 && weight[2] == 3 && weight[3] == 3 && !Tensor.records([self])
    }

    /// A convolution with zeros on each side, batch normalization with the statistics of this batch, a ReLU, and the largest value of each 2×2 places: what
    /// ``convolved(weight:bias:stride:padding:dilation:groups:)`` and ``batchNormalizedAndHalved(weight:bias:epsilon:)`` compute, up to rounding. The result
    /// does not depend on the number of threads.
    ///
    /// - Parameters:
    ///   - weight: `C×1×3×3`.
    ///   - scale: the learned scale of the normalization, `C`.
    ///   - shift: the learned shift, `C`.
    ///   - epsilon: added to the variance.
    /// - Returns: `N×⌊H/2⌋×⌊W/2⌋×C`, and the mean and population variance of the convolution's map, `C` each, without gradients.
    /// - Precondition: ``canBeConvolvedAndHalved(weight:)``.
    package func convolvedAndHalved(
        weight: Tensor, scale: Tensor, shift: Tensor, epsilon: Float
    ) -> (output: Tensor, mean: Tensor, variance: Tensor) {
        let pictures = SingleChannel(self, weight)
        let (mean, variance) = pictures.moments()
        let map = ChannelMap(weight: scale, bias: shift, mean: mean, variance: variance, epsilon: epsilon, appliesReLU: true)
        let result = pictures.halved(map)
        spoil(result, mean, variance, scale, shift)
        let output = Tensor.custom(result, inputs: [weight, scale, shift]) { pictures.gradients(map, $0) }
        return (output, mean, variance)
    }

    /// The same with given statistics, as in evaluation, without a record.
    ///
    /// - Parameters:
    ///   - mean: the running mean, `C`.
    ///   - variance: the running variance, `C`.
    package func convolvedAndHalved(
        weight: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, epsilon: Float
    ) -> Tensor {
        SingleChannel(self, weight).halved(
            ChannelMap(weight: scale, bias: shift, mean: mean, variance: variance, epsilon: epsilon, appliesReLU: true))
    }
}

/// Pictures of one channel with a zero on each side, and the weights of their convolution as the loops of `CLanes` read them.
private struct SingleChannel: @unchecked Sendable {  // its memory is written by its initializer alone
    /// The number of pictures, their extents, and the number of channels of the map.
    private let count, height, width, channels: Int
    /// `N×(H+2)×(W+2)`, and 9×C.
    private let framed, weight: Storage

    /// Frames pictures, `N×H×W×1`, and turns a weight, `C×1×3×3`.
    init(_ pictures: Tensor, _ kernels: Tensor) {
        (count, height, width, channels) = (pictures.shape[0], pictures.shape[1], pictures.shape[2], kernels.shape[0])
        let (height, width, channels, pitch) = (height, width, channels, width + 2)
        framed = Storage(count: count * (height + 2) * pitch)
        weight = Storage(count: 9 * channels)
        framed.base.update(repeating: 0, count: framed.count)
        withExtendedLifetime((pictures, kernels)) {
            for row in 0..<count * height {
                let line = row / height * (height + 2) + row % height + 1
                (framed.base + line * pitch + 1).update(from: pictures.pointer + row * width, count: width)
            }
            for channel in 0..<channels {
                for tap in 0..<9 { weight.base[tap * channels + channel] = kernels.pointer[channel * 9 + tap] }
            }
        }
    }

    /// Where a picture begins.
    private func start(_ picture: Int) -> UnsafeMutablePointer<Float> { framed.base + picture * (height + 2) * (width + 2) }

    /// The number of values that each picture makes of a cell's maximum.
    private var cells: Int { (height / 2) * (width / 2) * channels }

    /// Sums over all pictures, added up picture by picture in their order, whatever the number of threads.
    ///
    /// - Parameters:
    ///   - width: how many sums there are.
    ///   - add: adds those of a picture.
    private func sums(_ width: Int, _ add: (_ picture: Int, _ sums: UnsafeMutablePointer<Double>) -> Void) -> [Double] {
        let memory = Storage(count: 2 * count * width)
        let parts = UnsafeMutableRawPointer(memory.base).bindMemory(to: Double.self, capacity: count * width)
        parts.initialize(repeating: 0, count: count * width)
        Threads.split(count) { for picture in $0 { add(picture, parts + picture * width) } }
        var total = [Double](repeating: 0, count: width)
        for picture in 0..<count {
            for index in 0..<width { total[index] += parts[picture * width + index] }
        }
        withExtendedLifetime(memory) {}
        return total
    }

    /// Two sums for each channel.
    private func pairs(_ add: (_ picture: Int, _ sums: UnsafeMutablePointer<Double>) -> Void) -> (first: [Double], second: [Double]) {
        let found = sums(2 * channels, add)
        return (Array(found[..<channels]), Array(found[channels...]))
    }

    /// Mean and population variance of each channel of the map; see ``Tensor/channelMoments()``.
    func moments() -> (mean: Tensor, variance: Tensor) {
        let first = Tensor(uninitialized: [channels])
        return withExtendedLifetime((first, framed, weight)) {
            regulus_single_first(framed.base, weight.base, width, channels, first.pointer)
            let sums = pairs { regulus_single_moments(start($0), weight.base, first.pointer, height, width, channels, $1) }
            return Tensor.moments(around: first.pointer, sums, count: count * height * width)
        }
    }

    /// What the loops are told of a normalization.
    private func normalization(_ map: ChannelMap) -> regulus_map {
        regulus_map(mean: map.mean.pointer, scale: map.scale.pointer, bias: map.bias.pointer)
    }

    /// The largest normalized value of each 2×2 places, or 0.
    func halved(_ map: ChannelMap) -> Tensor {
        let result = Tensor(uninitialized: [count, height / 2, width / 2, channels])
        withExtendedLifetime((map, framed, weight)) {
            Threads.split(count) { range in
                for picture in range {
                    regulus_single_halved(
                        start(picture), weight.base, normalization(map), height, width, channels, result.pointer + picture * cells)
                }
            }
        }
        return result
    }

    /// The gradients of weight, scale and shift; see ``ChannelMap/gradients(_:_:_:)``.
    func gradients(_ map: ChannelMap, _ gradient: Tensor) -> [Tensor?] {
        withExtendedLifetime((map, framed, weight, gradient)) {
            let slopes = gradient.pointer
            let passed = pairs {
                regulus_single_passed(start($0), weight.base, normalization(map), slopes + $0 * cells, height, width, channels, $1)
            }
            let found = map.parameterGradients(passed, rows: count * height * width)
            let sums = withExtendedLifetime((found.center, found.along)) {
                self.sums(9 * channels) {
                    regulus_single_gradient(
                        start($0), weight.base, normalization(map), found.center.pointer, found.along.pointer, slopes + $0 * cells, height, width,
                        channels, $1)
                }
            }
            let kernels = Tensor(uninitialized: [channels, 1, 3, 3])
            for channel in 0..<channels {
                for tap in 0..<9 { kernels.pointer[channel * 9 + tap] = Float(sums[tap * channels + channel]) }
            }
            return [kernels, found.weight, found.bias]
        }
    }
}
