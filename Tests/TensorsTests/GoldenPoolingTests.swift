import GoldenFixtures
import Tensors
import Testing

@Suite struct GoldenPoolingTests {
    @Test(arguments: GoldenFixtures.cases(kind: "layer-pool"))
    func `pooling gives PyTorch's values and gradients`(fixture: GoldenFixture) throws {
        let x = try fixture.tensor("x").tracked()
        try fixture.expect(pooled(x.channelsLast(), fixture).channelsFirst(), matches: "y", of: [("x", x)])
    }

    @Test(arguments: GoldenFixtures.cases(kind: "layer-interp-nearest"))
    func `subsampling one axis picks what nearest-neighbor interpolation picks`(fixture: GoldenFixture) throws {
        let x = try fixture.tensor("x").tracked()
        let y = x.channelsLast().subsampled(axis: 1, by: try fixture.params.integer("r")).channelsFirst()
        try fixture.expect(y, matches: "y", of: [("x", x)])
    }

    private func pooled(_ x: Tensor, _ fixture: GoldenFixture) throws -> Tensor {
        if fixture.params["output"] != nil { return x.averagePooled(to: try fixture.params.integers("output")) }
        let axes = x.rank - 2
        return x.maxPooled(
            window: try fixture.params.integers("kernel", count: axes), stride: try fixture.params.integers("stride", count: axes),
            padding: try fixture.params.integers("padding", count: axes))
    }
}
