internal import CLanes

// The start of a network over pictures of one channel: a 3×3 convolution that keeps their extents, batch normalization, ReLU, and the largest number of
// each 2×2 places. The convolution's map, many times as large as its input, is not kept. Of each 2×2 places only one passes a gradient on, and what all other
// places have to do with statistics and gradients follows from sums over the nine numbers that a kernel reads, which all channels have in common.
extension Tensor {
    /// Whether ``convolvedAndHalved(weight:scale:shift:epsilon:)`` has loops for this machine, these pictures and this weight.
    ///
    /// No gradient reaches the pictures there.
    ///
    /// - Parameter weight: the shape `C×1×3×3` of the convolution's weight.
    package func canBeConvolvedAndHalved(weight: Shape) -> Bool {
        ProcessorKernels.hasFusedVectors && rank == 4 && shape[0] > 0 && shape[1] >= 2 && shape[2] >= 2 && shape[3] == 1
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
        let patches = pictures.patches()
        let (mean, variance) = pictures.moments(patches)
        let map = ChannelMap(weight: scale, bias: shift, mean: mean, variance: variance, epsilon: epsilon, appliesReLU: true)
        let (result, winners) = pictures.halvedWithWinners(map)
        spoil(result, mean, variance, scale, shift)
        let output = Tensor.custom(result, inputs: [weight, scale, shift]) { pictures.gradients(map, patches, winners, $0) }
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
        // The loops read a few numbers beyond the end.
        framed = Storage(count: count * (height + 2) * pitch + 8)
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

    /// What the nine numbers that a kernel reads have to do with the maps of the channels, each of which is a sum of them.
    struct Patches {
        /// The mean of each number over all places.
        let means: [Double]
        /// Of each channel, the mean of its map and the covariance of each number with it.
        let maps: [(mean: Double, covariances: [Double])]
    }

    /// The same for all pictures.
    func patches() -> Patches {
        let found = withExtendedLifetime(framed) { sums(90) { regulus_single_patches(start($0), height, width, $1) } }
        let places = Double(count * height * width)
        let means = found[..<9].map { $0 / places }
        let products = (0..<81).map { index in
            // Of two numbers, the one with the lower place comes first.
            let (one, other) = index.quotientAndRemainder(dividingBy: 9)
            return found[9 + 9 * min(one, other) + max(one, other)] / places
        }
        let maps = (0..<channels).map { channel in
            let taps = taps(channel)
            let mean = zip(taps, means).reduce(0) { $0 + $1.0 * $1.1 }
            let covariances = means.indices.map { tap in
                taps.indices.reduce(0) { $0 + taps[$1] * products[9 * tap + $1] } - means[tap] * mean
            }
            return (mean, covariances)
        }
        return Patches(means: means, maps: maps)
    }

    /// The weights of a channel.
    private func taps(_ channel: Int) -> [Double] { (0..<9).map { Double(weight.base[$0 * channels + channel]) } }

    /// Mean and population variance of each channel of the map.
    func moments(_ patches: Patches) -> (mean: Tensor, variance: Tensor) {
        let (mean, variance) = (Tensor(uninitialized: [channels]), Tensor(uninitialized: [channels]))
        withExtendedLifetime((mean, variance, weight)) {
            for channel in 0..<channels {
                let map = patches.maps[channel]
                let found = zip(taps(channel), map.covariances).reduce(0) { $0 + $1.0 * $1.1 }
                mean.pointer[channel] = Float(map.mean)
                // Not `max`, which may drop NaN.
                variance.pointer[channel] = Float(found < 0 ? 0 : found)
            }
        }
        return (mean, variance)
    }

    /// What the loops are told of a normalization.
    private func normalization(_ map: ChannelMap) -> regulus_map {
        regulus_map(mean: map.mean.pointer, scale: map.scale.pointer, bias: map.bias.pointer)
    }

    /// The largest normalized value of each 2×2 places, or 0.
    func halved(_ map: ChannelMap) -> Tensor { halved(map, winners: nil) }

    /// The same, and which place won each cell, as a byte for each value.
    func halvedWithWinners(_ map: ChannelMap) -> (output: Tensor, winners: Storage) {
        let winners = Storage(bytes: count * cells)
        return (halved(map, winners: winners), winners)
    }

    private func halved(_ map: ChannelMap, winners: Storage?) -> Tensor {
        let result = Tensor(uninitialized: [count, height / 2, width / 2, channels])
        let bytes = winners?.bytes
        withExtendedLifetime((map, framed, weight, winners)) {
            Threads.split(count) { range in
                for picture in range {
                    regulus_single_halved(
                        start(picture), weight.base, normalization(map), height, width, channels, result.pointer + picture * cells,
                        bytes.map { $0 + picture * cells })
                }
            }
        }
        return result
    }

    /// The gradients of weight, scale and shift; see ``ChannelMap/gradients(_:_:_:)``.
    ///
    /// The gradient of the map x is scale · (g − center − (x − mean) · along), where g is that of the output as far as the place won its cell. Its products
    /// with what a kernel reads add up to the products of g, and to parts of ``Patches``: x is a sum of these numbers, too.
    func gradients(_ map: ChannelMap, _ patches: Patches, _ winners: Storage, _ gradient: Tensor) -> [Tensor?] {
        withExtendedLifetime((map, framed, weight, winners, gradient)) {
            let (slopes, bytes) = (gradient.pointer, winners.bytes)
            let won = sums(10 * channels) {
                regulus_single_won(start($0), bytes + $0 * cells, slopes + $0 * cells, height, width, channels, $1)
            }
            let places = count * height * width
            let means = map.mean.pointer
            let totals = Array(won[(9 * channels)...])
            let alongs = (0..<channels).map { channel in
                let taps = taps(channel)
                return taps.indices.reduce(-Double(means[channel]) * totals[channel]) { $0 + taps[$1] * won[$1 * channels + channel] }
            }
            let found = map.parameterGradients((totals, alongs), rows: places)
            let kernels = Tensor(uninitialized: [channels, 1, 3, 3])
            let (scales, centers, shares) = (map.scale.pointer, found.center.pointer, found.along.pointer)
            withExtendedLifetime((found.center, found.along)) {
                for channel in 0..<channels {
                    let covariances = patches.maps[channel].covariances
                    for tap in 0..<9 {
                        let others = Double(centers[channel]) * patches.means[tap] + Double(shares[channel]) * covariances[tap]
                        kernels.pointer[channel * 9 + tap] = Float(Double(scales[channel]) * (won[tap * channels + channel] - Double(places) * others))
                    }
                }
            }
            return [kernels, found.weight, found.bias]
        }
    }
}
