import Networks
import Tensors
import Testing

@Suite struct InitializerTests {
    @Test func `each path draws from a stream of its own`() {
        let initializer = Initializer(seed: 3)
        let first = initializer["a"]["weight"].uniform([8], bound: 1).values
        #expect(initializer["a"]["weight"].uniform([8], bound: 1).values == first)
        #expect(Initializer(seed: 3, path: "a.weight").uniform([8], bound: 1).values == first)
        #expect(initializer["b"]["weight"].uniform([8], bound: 1).values != first)
        #expect(Initializer(seed: 4)["a"]["weight"].uniform([8], bound: 1).values != first)
    }

    @Test func `a linear layer is even over plus and minus one over the root of its inputs`() throws {
        let layer = Linear(100, 400, from: Initializer(seed: 1))
        expectUniform(layer.weight.value.values, bound: 0.1)
        expectUniform(try #require(layer.bias).value.values, bound: 0.1, loosely: true)
    }

    @Test func `a convolution counts its kernel and its group in the inputs of an output`() throws {
        let layer = Convolution(8, 512, kernel: [5, 5], groups: 2, from: Initializer(seed: 1))
        #expect(layer.weight.shape == [512, 4, 5, 5])
        expectUniform(layer.weight.value.values, bound: 0.1)
        expectUniform(try #require(layer.bias).value.values, bound: 0.1, loosely: true)
    }

    @Test func `attention starts with the rule of Glorot and zero biases`() {
        let layer = MultiHeadAttention(96, heads: 4, from: Initializer(seed: 1))
        // √(6/(96 + 288)) = 1/8
        expectUniform(layer.inputWeight.value.values, bound: 0.125)
        #expect(layer.inputBias.value.values.allSatisfy { $0 == 0 })
        expectUniform(layer.output.weight.value.values, bound: 1 / Float(96).squareRoot())
        #expect(layer.output.bias?.value.values == Array(repeating: 0, count: 96))
    }

    @Test func `normal values have the mean and the deviation asked for`() {
        let values = Initializer(seed: 5)["x"].normal([200, 200], mean: 2, deviation: 3).values
        let (mean, variance) = moments(values)
        #expect(abs(mean - 2) < 0.06)
        #expect(abs(variance - 9) < 0.3)
    }

    private func moments(_ values: [Float]) -> (mean: Double, variance: Double) {
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        return (mean, values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count))
    }

    private func expectUniform(_ values: [Float], bound: Float, loosely: Bool = false) {
        let (mean, variance) = moments(values)
        let expected = Double(bound * bound) / 3
        #expect(values.allSatisfy { abs($0) <= bound })
        #expect((values.map(abs).max() ?? 0) > bound * (loosely ? 0.95 : 0.995))
        #expect(abs(mean) < Double(bound) * (loosely ? 0.12 : 0.02))
        #expect(abs(variance / expected - 1) < (loosely ? 0.15 : 0.03))
    }
}
