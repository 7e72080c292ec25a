import GoldenFixtures
import Networks
import Tensors
import Testing

@Suite struct AttentionTests {
    private let layer = MultiHeadAttention(8, heads: 2, from: Initializer(seed: 3))

    private func sequence(_ name: String, length: Int) -> Tensor {
        var stream = RandomSource(seed: 5).stream(name)
        return stream.normal([2, length, 8])
    }

    private func near(_ a: Tensor, _ b: Tensor, _ tolerance: Float = 1e-6) -> Bool {
        a.shape == b.shape && areClose(a.values, b.values, within: tolerance)
    }

    @Test func `parameters have the names of PyTorch`() {
        #expect(
            layer.namedParameters.map(\.name) == [
                "in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias",
            ])
    }

    @Test func `the short ways to self and cross attention give the general result`() {
        let (x, y) = (sequence("x", length: 4), sequence("y", length: 6))
        #expect(near(layer.selfAttention(x, .evaluation).output, layer(x, x, x, .evaluation)))
        #expect(near(layer.crossAttention(x, over: y, .evaluation).output, layer(x, y, y, .evaluation)))
    }

    @Test func `ignored keys might as well not be there`() {
        let (x, y) = (sequence("x", length: 4), sequence("y", length: 5))
        let mask = Tensor([0, 0, 0, 1, 1, 0, 0, 0, 1, 1], shape: [2, 5])
        let masked = layer.crossAttention(x, over: y, keyPaddingMask: mask, .evaluation)
        #expect(near(masked.output, layer(x, y.slice(axis: 1, 0..<3), y.slice(axis: 1, 0..<3), .evaluation)))
        #expect(masked.weights.shape == [2, 2, 4, 5])
        #expect(masked.weights.slice(axis: 3, 3..<5).values.allSatisfy { $0 == 0 })
    }

    @Test func `with every key ignored the result is finite`() {
        let x = sequence("x", length: 3)
        let y = layer(x, x, x, keyPaddingMask: .ones([2, 3]), .evaluation)
        #expect(y.values.allSatisfy { $0.isFinite })
    }

    @Test func `the order of the keys does not matter`() {
        let (x, y) = (sequence("x", length: 3), sequence("y", length: 4))
        let shuffled = y.gathering(axis: 1, [2, 0, 3, 1])
        #expect(near(layer(x, y, y, .evaluation), layer(x, shuffled, shuffled, .evaluation)))
    }
}
