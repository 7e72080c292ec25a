import GoldenFixtures
import Networks
import Tensors
import Testing

@Suite struct GoldenConvolutionTests {
    @Test(
        arguments: GoldenFixtures.cases(kind: "layer-conv2d") + GoldenFixtures.cases(kind: "layer-conv3d"))
    func `a convolution gives PyTorch's output and gradients`(fixture: GoldenFixture) throws {
        let weight = try fixture.tensor("weight")
        let axes = weight.rank - 2
        let groups = try fixture.params.integer("groups")
        let layer = Convolution(
            weight.shape[1] * groups, weight.shape[0], kernel: Array(weight.shape.dimensions.dropFirst(2)),
            stride: try fixture.params.integers("stride", count: axes),
            padding: try fixture.params.integers("padding", count: axes),
            dilation: try fixture.params.integers("dilation", count: axes),
            groups: groups, bias: fixture.has("bias"), from: Initializer(seed: 1))
        layer.weight.value = weight
        if let bias = layer.bias { bias.value = try fixture.tensor("bias") }
        let x = try fixture.tensor("x").tracked()
        let y = layer(x.channelsLast()).channelsFirst()
        try fixture.expect(y, matches: "y")
        try expectGradients(of: y, fixture, [("x", x)] + layer.namedParameters.map { ($0.name, $0.parameter.value) })
    }

    @Test func `a convolution over one axis equals one over two axes of which the first has a single place`() throws {
        let initializer = Initializer(seed: 1)
        let series = Convolution(3, 4, kernel: [5], stride: [2], padding: [2], dilation: [1], from: initializer)
        let picture = Convolution(3, 4, kernel: [1, 5], stride: [1, 2], padding: [0, 2], from: initializer)
        picture.weight.value = series.weight.value.detached().reshaped([4, 3, 1, 5])
        var stream = RandomSource(seed: 2).stream("x")
        let x = stream.normal([2, 11, 3]).tracked()
        let (one, two) = (series(x), picture(x.reshaped([2, 1, 11, 3])).reshaped([2, 6, 4]))
        #expect(one.shape == [2, 6, 4])
        #expect(areClose(one.values, two.values, within: 1e-5))
        let first = gradients(of: one.squared().sum(), with: [x, series.weight.value])
        let second = gradients(of: two.squared().sum(), with: [x, picture.weight.value])
        for index in 0..<2 {
            let (a, b) = (try #require(first[index]), try #require(second[index]))
            #expect(a.elementCount == b.elementCount && areClose(a.values, b.values, within: 1e-4))
        }
    }
}
