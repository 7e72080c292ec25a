import Testing

@testable import Tensors

/// The start of a network over pictures of one channel, computed without the convolution's map, beside its operations one by one.
@Suite(.enabled(if: ProcessorKernels.hasFusedVectors)) struct SingleChannelTests {
    /// Pictures, the convolution's weight, and scale and shift of the normalization.
    private func values(_ sides: [Int], channels: Int) -> [Tensor] {
        [
            sample(Shape([3] + sides + [1]), "x"), sample([channels, 1, 3, 3], "w"), sample([channels], "scale"), sample([channels], "shift"),
        ]
    }

    private func together(_ inputs: [Tensor]) -> (output: Tensor, mean: Tensor, variance: Tensor) {
        inputs[0].convolvedAndHalved(weight: inputs[1], scale: inputs[2], shift: inputs[3], epsilon: 1e-5)
    }

    private func apart(_ inputs: [Tensor]) -> (output: Tensor, mean: Tensor, variance: Tensor) {
        inputs[0].convolved(weight: inputs[1], padding: [1, 1]).batchNormalizedAndHalved(weight: inputs[2], bias: inputs[3])
    }

    private func deviation(_ found: Tensor, _ wanted: Tensor) -> Float {
        let largest = wanted.values.reduce(0) { max($0, abs($1)) }
        return zip(found.values, wanted.values).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(largest, 1e-3)
    }

    @Test(arguments: [[8, 10], [7, 9], [2, 2], [3, 2], [28, 28], [5, 48]], [16, 48])
    func `output, statistics and gradients are those of the operations one by one`(sides: [Int], channels: Int) throws {
        let inputs = values(sides, channels: channels)
        #expect(inputs[0].canBeConvolvedAndHalved(weight: inputs[1].shape))
        let trained = [inputs[0]] + inputs[1...].map { $0.tracked() }
        let (found, wanted) = (together(trained), apart(trained))
        #expect(found.output.shape == wanted.output.shape)
        #expect(deviation(found.output, wanted.output) < 2e-5)
        #expect(deviation(found.mean, wanted.mean) < 1e-5)
        #expect(deviation(found.variance, wanted.variance) < 1e-5)
        let upstream = sample(found.output.shape, "upstream")
        let slopes = gradients(of: (found.output * upstream).sum(), with: Array(trained[1...]))
        let expected = gradients(of: (wanted.output * upstream).sum(), with: Array(trained[1...]))
        for (slope, one) in zip(slopes, expected) {
            let (found, wanted) = (try #require(slope), try #require(one))
            #expect(deviation(found, wanted) < 2e-4)
        }
    }

    @Test func `channels with a scale of 0 or below have the gradients of the operations one by one`() throws {
        var inputs = values([8, 10], channels: 16)
        inputs[2].withUnsafeMutableValues { scales in
            for channel in scales.indices { scales[channel] = [0, -0.5, -0.0, -2][channel % 4] }
        }
        // Where the scale is 0, the shift decides alone whether the ReLU lets a gradient pass.
        inputs[3].withUnsafeMutableValues { shifts in
            for channel in shifts.indices { shifts[channel] = channel % 3 == 0 ? -0.25 : 0.75 }
        }
        let trained = [inputs[0]] + inputs[1...].map { $0.tracked() }
        let (found, wanted) = (together(trained), apart(trained))
        #expect(deviation(found.output, wanted.output) < 2e-5)
        let upstream = sample(found.output.shape, "upstream")
        let slopes = gradients(of: (found.output * upstream).sum(), with: Array(trained[1...]))
        let expected = gradients(of: (wanted.output * upstream).sum(), with: Array(trained[1...]))
        for (slope, one) in zip(slopes, expected) { #expect(try deviation(#require(slope), #require(one)) < 2e-4) }
    }

    @Test func `statistics stay exact where pictures are far from 0`() {
        var inputs = values([12, 9], channels: 16)
        inputs[0] = inputs[0] * 0.01 + 300
        // Kernels that add up to 0 see the differences alone, but at the edges.
        inputs[1].withUnsafeMutableValues { weights in
            for channel in 0..<16 { for tap in 0..<9 { weights[9 * channel + tap] = [1, -1, 0, 2, -2, 0, 1, -1, 0][tap] * Float(channel + 1) } }
        }
        let (found, values) = (together(inputs), inputs[0].convolved(weight: inputs[1], padding: [1, 1]).values)
        for channel in 0..<16 {
            let own = stride(from: channel, to: values.count, by: 16).map { Double(values[$0]) }
            let mean = own.reduce(0, +) / Double(own.count)
            let variance = own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(own.count)
            #expect(abs(Double(found.mean.values[channel]) - mean) <= 2e-6 * variance.squareRoot())
            #expect(abs(Double(found.variance.values[channel]) - variance) <= 2e-6 * variance)
        }
    }

    @Test func `in evaluation it is the same with the statistics that are given`() {
        let inputs = values([9, 12], channels: 32)
        let (mean, variance) = (sample([32], "mean"), sample([32], "variance", signed: false))
        let found = inputs[0].convolvedAndHalved(
            weight: inputs[1], scale: inputs[2], shift: inputs[3], mean: mean, variance: variance, epsilon: 1e-5)
        let wanted = inputs[0].convolved(weight: inputs[1], padding: [1, 1])
            .batchNormalized(weight: inputs[2], bias: inputs[3], mean: mean, variance: variance, appliesReLU: true).maxPooled(window: [2, 2])
        #expect(deviation(found, wanted) < 1e-5)
    }

    @Test func `one number that is not finite makes every channel NaN`() {
        var inputs = values([6, 6], channels: 16)
        inputs[0].withUnsafeMutableValues { $0[17] = .nan }
        #expect(together(inputs).output.values.allSatisfy { $0.isNaN })
        inputs[0].withUnsafeMutableValues { $0[17] = .infinity }
        #expect(together(inputs).output.values.allSatisfy { $0.isNaN })
    }

    @Test func `the bits do not depend on the number of threads`() {
        defer { Threads.use(1) }
        let inputs = values([11, 14], channels: 16)
        let runs = [1, 2, 3].map { threads in
            Threads.use(threads)
            let trained = [inputs[0]] + inputs[1...].map { $0.tracked() }
            let found = together(trained)
            let slopes = gradients(of: found.output.squared().sum(), with: Array(trained[1...]))
            return [found.output, found.mean, found.variance].map(\.values) + slopes.map { $0?.values ?? [] }
        }
        #expect(runs[0] == runs[1] && runs[0] == runs[2])
    }

    @Test func `other pictures, other kernels and pictures with a gradient are left to the operations one by one`() {
        let pictures = sample([2, 8, 8, 1], "x")
        #expect(pictures.canBeConvolvedAndHalved(weight: [16, 1, 3, 3]))
        #expect(!pictures.canBeConvolvedAndHalved(weight: [12, 1, 3, 3]))
        #expect(!pictures.canBeConvolvedAndHalved(weight: [16, 1, 5, 5]))
        #expect(!pictures.tracked().canBeConvolvedAndHalved(weight: [16, 1, 3, 3]))
        #expect(!sample([2, 8, 8, 2], "x").canBeConvolvedAndHalved(weight: [16, 2, 3, 3]))
        #expect(!sample([2, 1, 8, 1], "x").canBeConvolvedAndHalved(weight: [16, 1, 3, 3]))
    }
}
