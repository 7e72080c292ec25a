import GoldenFixtures
import Networks
import Tensors
import Testing

@Suite struct GoldenBatchNormalizationTests {
    @Test(
        arguments: GoldenFixtures.cases(kind: "layer-batchnorm1d") + GoldenFixtures.cases(kind: "layer-batchnorm2d")
            + GoldenFixtures.cases(kind: "layer-batchnorm3d"))
    func `batch normalization gives PyTorch's output, gradients and running statistics`(fixture: GoldenFixture) throws {
        let x = try fixture.tensor("x").tracked()
        let layer = BatchNormalization(
            x.shape[1], epsilon: try fixture.params.float("eps"), momentum: try fixture.params.float("momentum"),
            from: Initializer(seed: 1))
        try layer.load([
            "weight": fixture.tensor("weight"), "bias": fixture.tensor("bias"),
            "running_mean": fixture.tensor("running_mean"), "running_var": fixture.tensor("running_var"),
            "num_batches_tracked": Tensor(0),
        ])
        let isTraining = fixture.has("running_mean_new")
        let pass = Pass(isTraining: isTraining, random: RandomSource(seed: 1), step: 0)
        let y = layer(x.channelsLast(), pass).channelsFirst()
        try fixture.expect(y, matches: "y")
        if isTraining {
            try fixture.expect(layer.runningMean.value, matches: "running_mean_new")
            try fixture.expect(layer.runningVariance.value, matches: "running_var_new")
        }
        try expectGradients(of: y, fixture, [("x", x)] + layer.namedParameters.map { ($0.name, $0.parameter.value) })
    }
}
