import GoldenFixtures
import Networks
import Tensors
import Testing

@Suite struct LayerTests {
    private let training = Pass(isTraining: true, random: RandomSource(seed: 1), step: 0)

    @Test func `a perceptron numbers its layers as a sequence does`() {
        let initializer = Initializer(seed: 1)
        #expect(
            MLP(4, hidden: [8, 8], 3, from: initializer).namedParameters.map(\.name) == [
                "0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias",
            ])
        #expect(
            MLP(4, hidden: [8], 3, normalization: .layer, dropout: 0.1, from: initializer).namedParameters.map(\.name)
                == ["0.weight", "0.bias", "1.weight", "1.bias", "4.weight", "4.bias"])
        #expect(MLP(4, hidden: [], 3, from: initializer).namedParameters.map(\.parameter.shape) == [[3, 4], [3]])
    }

    @Test func `a perceptron is its layers one after the other`() {
        let perceptron = MLP(3, hidden: [5], 2, activation: .gelu, from: Initializer(seed: 1, path: "m"))
        let first = Linear(3, 5, from: Initializer(seed: 1, path: "m.0"))
        let last = Linear(5, 2, from: Initializer(seed: 1, path: "m.2"))
        let x = Tensor([0.5, -1, 2, 1, 0, -0.5], shape: [2, 3])
        #expect(perceptron(x, training).values == last(first(x).gelu()).values)
    }

    @Test func `a residual block has the names of torchvision`() {
        let initializer = Initializer(seed: 1)
        let plain = ["conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight", "bn2.bias"]
        #expect(ResidualBlock(4, 4, kernel: [3], from: initializer).namedParameters.map(\.name) == plain)
        #expect(
            ResidualBlock(4, 8, kernel: [3], stride: 2, from: initializer).namedParameters.map(\.name)
                == plain + ["downsample.0.weight", "downsample.1.weight", "downsample.1.bias"])
    }

    @Test(arguments: [[3], [3, 3], [3, 1, 3]])
    func `a residual block halves every axis, rounding up`(kernel: [Int]) {
        let block = ResidualBlock(2, 4, kernel: kernel, stride: 2, from: Initializer(seed: 1))
        let x = Tensor.ones(Shape([2] + kernel.map { _ in 5 } + [2]))
        #expect(block(x, .evaluation).shape == Shape([2] + kernel.map { _ in 3 } + [4]))
    }

    @Test func `a residual block is its formula`() throws {
        let block = ResidualBlock(2, 2, kernel: [3], from: Initializer(seed: 4))
        var stream = RandomSource(seed: 1).stream("x")
        let x = stream.normal([3, 6, 2]).tracked()
        let fused = block(x, .evaluation)
        let inner = block.bn1(block.conv1(x), .evaluation).relu()
        let plain = (block.bn2(block.conv2(inner), .evaluation) + x).relu()
        #expect(areClose(fused.values, plain.values, within: 1e-6))
        let weights = stream.normal(x.shape)
        let first = try #require(gradients(of: (fused * weights).sum(), with: [x])[0]).values
        let second = try #require(gradients(of: (plain * weights).sum(), with: [x])[0]).values
        #expect(first.count == x.elementCount)
        #expect(areClose(first, second, within: 1e-5))
    }

    @Test func `a sequence applies and names its layers in order`() {
        let layers = Sequential([Linear(2, 2, bias: false, from: Initializer(seed: 1)), Activation(.relu)])
        #expect(layers.namedParameters.map(\.name) == ["0.weight"])
        #expect(layers(.ones([1, 2]), training).values.allSatisfy { $0 >= 0 })
    }
}
