import GoldenFixtures
import Networks
import Tensors
import Testing

@Suite struct NormalizationTests {
    private let training = Pass(isTraining: true, random: RandomSource(seed: 1), step: 0)

    @Test func `running statistics follow the batch with its unbiased variance`() {
        let layer = BatchNormalization(1, momentum: 0.25, from: Initializer(seed: 1))
        // Mean 3, population variance 5, unbiased variance 20/3.
        _ = layer(Tensor([0, 2, 4, 6], shape: [4, 1]), training)
        #expect(abs(layer.runningMean.value.item - 0.75) < 1e-6)
        #expect(abs(layer.runningVariance.value.item - (0.75 + 0.25 * 20 / 3)) < 1e-6)
        #expect(layer.trackedBatches.value.item == 1)
    }

    @Test func `evaluation uses the running statistics and leaves them alone`() {
        let layer = BatchNormalization(1, epsilon: 0, from: Initializer(seed: 1))
        layer.runningMean.value = Tensor([1], shape: [1])
        layer.runningVariance.value = Tensor([4], shape: [1])
        let y = layer(Tensor([1, 3, 5], shape: [3, 1]), .evaluation).values
        #expect(areClose(y, [0, 1, 2], within: 1e-5))
        #expect(layer.runningMean.value.item == 1)
        #expect(layer.trackedBatches.value.item == 0)
    }

    @Test func `a single value per channel gives the bias and keeps the running variance`() {
        let layer = BatchNormalization(2, from: Initializer(seed: 1))
        layer.bias.value = Tensor([1, -2], shape: [2])
        #expect(layer(Tensor([5, 6], shape: [1, 2]), training).values == [1, -2])
        #expect(layer.runningVariance.value.values == [1, 1])
    }

    @Test func `rectifying in the same pass equals rectifying afterwards`() throws {
        var stream = RandomSource(seed: 2).stream("x")
        let x = stream.normal([6, 5, 3]).tracked()
        let (fused, plain) = (
            BatchNormalization(3, from: Initializer(seed: 1)), BatchNormalization(3, from: Initializer(seed: 1))
        )
        for pass in [training, .evaluation] {
            let (one, two) = (fused(x, pass, appliesReLU: true), plain(x, pass).relu())
            #expect(areClose(one.values, two.values, within: 1e-6))
            let weights = stream.normal(x.shape)
            let first = try #require(gradients(of: (one * weights).sum(), with: [x])[0]).values
            let second = try #require(gradients(of: (two * weights).sum(), with: [x])[0]).values
            #expect(first.count == x.elementCount)
            #expect(areClose(first, second, within: 1e-5))
        }
    }

    @Test func `state has the names of PyTorch`() {
        #expect(
            BatchNormalization(2, from: Initializer(seed: 1)).state().map(\.name) == [
                "weight", "bias", "running_mean", "running_var", "num_batches_tracked",
            ])
        #expect(LayerNormalization([2, 3], from: Initializer(seed: 1)).state().map(\.value.shape) == [[2, 3], [2, 3]])
    }
}
