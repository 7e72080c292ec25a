import GoldenFixtures
import Networks
import Tensors
import Testing

@Suite struct PaddedSequencesTests {
    private func normal(_ shape: Shape, _ name: String = "x") -> Tensor {
        var stream = RandomSource(seed: 5).stream(name)
        return stream.normal(shape)
    }

    /// Three sequences of lengths 2, 4 and 0 whose padding is NaN.
    private let lengths = [2, 4, 0]

    private func padded(places: Int, with filler: Float = .nan) -> Tensor {
        let real = normal([3, 4, 5]).values
        var values: [Float] = []
        for (sample, length) in lengths.enumerated() {
            values += real[sample * 20..<sample * 20 + length * 5]
            values += [Float](repeating: filler, count: (places - length) * 5)
        }
        return Tensor(values, shape: [3, places, 5])
    }

    private func gradient(at x: Tensor, _ function: (Tensor) -> Tensor) -> Tensor {
        let variable = x.tracked()
        let value = function(variable)
        return Tensors.gradients(of: (value * normal(value.shape, "weights")).sum(), with: [variable])[0] ?? .zeros(x.shape)
    }

    @Test func `the mean of a sequence is that of its real places, to the bit, however it is padded`() {
        let mean = padded(places: 4).meanPooled(lengths: lengths)
        #expect(mean.values == padded(places: 9).meanPooled(lengths: lengths).values)
        let first = padded(places: 4).slice(axis: 1, 0..<2)[0..<1]
        #expect(areClose(mean[0..<1].values, first.mean(axis: 1).values, within: 1e-6))
        #expect(mean[2..<3].values == [0, 0, 0, 0, 0])
    }

    @Test func `padding that is NaN reaches neither value nor gradient`() {
        for function in [
            { $0.meanPooled(lengths: lengths) }, { $0.clearingPadding(lengths: lengths) }, { $0.packed(lengths: lengths) },
        ] as [(Tensor) -> Tensor] {
            #expect(function(padded(places: 6)).values.allSatisfy { $0.isFinite })
            let slope = gradient(at: padded(places: 6), function)
            #expect(slope.values == gradient(at: padded(places: 6, with: 7), function).values)
            #expect(slope.clearingPadding(lengths: lengths).values == slope.values)
        }
    }

    @Test func `the gradient of the mean is the share of each place`() {
        let variable = normal([2, 4, 1]).tracked()
        let slope = Tensors.gradients(of: variable.meanPooled(lengths: [2, 4]).sum(), with: [variable])[0]
        #expect(slope?.values == [0.5, 0.5, 0, 0, 0.25, 0.25, 0.25, 0.25])
    }

    @Test func `unpacking puts packed places back`() {
        let x = padded(places: 6)
        let packed = x.packed(lengths: lengths)
        #expect(packed.shape == [6, 5])
        #expect(packed.unpacked(lengths: lengths, places: 6).values == x.clearingPadding(lengths: lengths).values)
    }

    @Test func `batch normalization takes its statistics from real places`() {
        let (short, long) = (BatchNormalization(5, from: Initializer(seed: 1)), BatchNormalization(5, from: Initializer(seed: 1)))
        let pass = Pass(isTraining: true, random: RandomSource(seed: 1), step: 0)
        let y = short(padded(places: 4), lengths: lengths, pass)
        let further = long(padded(places: 9, with: 50), lengths: lengths, pass)
        #expect(y.values == further.slice(axis: 1, 0..<4).values)
        #expect(short.runningVariance.value.values == long.runningVariance.value.values)
        let packed = y.packed(lengths: lengths)
        #expect(packed.mean(axis: 0).values.allSatisfy { abs($0) < 1e-5 })
        #expect(y.slice(axis: 1, 2..<4)[0..<1].values.allSatisfy { $0 == 0 })
    }

    @Test func `a batch without any real place passes batch normalization and leaves its statistics`() {
        let layer = BatchNormalization(5, from: Initializer(seed: 1))
        let pass = Pass(isTraining: true, random: RandomSource(seed: 1), step: 0)
        #expect(layer(.full(.nan, [2, 3, 5]), lengths: [0, 0], pass).values.allSatisfy { $0 == 0 })
        #expect(layer.trackedBatches.value.item == 0)
    }

    @Test(arguments: [true, false], [1, 2])
    func `a residual block does to a padded sequence what it does to the sequence alone`(isTraining: Bool, stride: Int) {
        let pass = Pass(isTraining: isTraining, random: RandomSource(seed: 1), step: 0)
        func block() -> ResidualBlock { ResidualBlock(5, 6, kernel: [3], stride: stride, from: Initializer(seed: 2)) }
        // All of one length, so that the batch without padding has the same statistics.
        let real = normal([2, 5, 5])
        let alone = block()(real, pass)
        let x = Tensor.concatenated([real, .full(.nan, [2, 4, 5])], axis: 1).clearingPadding(lengths: [5, 5])
        let (padded, lengths) = block()(x, lengths: [5, 5], pass)
        #expect(lengths == [alone.shape[1], alone.shape[1]])
        #expect(areClose(padded.slice(axis: 1, 0..<alone.shape[1]).values, alone.values, within: 1e-5))
        #expect(padded.slice(axis: 1, alone.shape[1]..<padded.shape[1]).values.allSatisfy { $0 == 0 })
    }

    @Test func `presence knows what is there`() {
        let presence = Presence(samples: [true, true, false], lengths: [3, 0, 2])
        #expect(presence.samples == [true, false, false])
        #expect(presence.lengths == [3, 0, 0])
        #expect(presence.rows == [0])
        #expect(presence.gathering(rows: [0, 0]) == Presence(lengths: [3, 3]))
        #expect(Presence(samples: [true, true]).isWhole)
        #expect(Presence(samples: [true, false]).lengths(of: 2, places: 4) == [4, 0])
        #expect(Presence(samples: [true, true, false]).intersection(Presence(samples: [false, true, true])).rows == [1])
    }
}
