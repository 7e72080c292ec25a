import GoldenFixtures
import Networks
import Tensors
import Testing

@Suite struct GoldenLinearTests {
    @Test(arguments: GoldenFixtures.cases(kind: "layer-linear"))
    func `a linear layer gives PyTorch's output and gradients`(fixture: GoldenFixture) throws {
        let weight = try fixture.tensor("weight")
        let layer = Linear(weight.shape[1], weight.shape[0], bias: fixture.has("bias"), from: Initializer(seed: 1))
        layer.weight.value = weight
        if let bias = layer.bias { bias.value = try fixture.tensor("bias") }
        let x = try fixture.tensor("x").tracked()
        let y = layer(x)
        try fixture.expect(y, matches: "y")
        try expectGradients(of: y, fixture, [("x", x)] + layer.namedParameters.map { ($0.name, $0.parameter.value) })
    }

    @Test(arguments: GoldenFixtures.cases(kind: "layer-layernorm"))
    func `layer normalization gives PyTorch's output and gradients`(fixture: GoldenFixture) throws {
        let layer = LayerNormalization(try fixture.shape(of: "weight"), from: Initializer(seed: 1))
        layer.weight.value = try fixture.tensor("weight")
        layer.bias.value = try fixture.tensor("bias")
        let x = try fixture.tensor("x").tracked()
        let y = layer(x)
        try fixture.expect(y, matches: "y")
        try expectGradients(of: y, fixture, [("x", x)] + layer.namedParameters.map { ($0.name, $0.parameter.value) })
    }
}

/// Compares the gradients of Σ y·dy with the fixture's `grad.<name>`.
func expectGradients(of y: Tensor, _ fixture: GoldenFixture, _ variables: [(String, Tensor)]) throws {
    let loss = try (y * fixture.tensor("dy")).sum()
    for ((name, _), gradient) in zip(variables, gradients(of: loss, with: variables.map(\.1))) {
        try fixture.expect(#require(gradient), matches: "grad.\(name)")
    }
}
