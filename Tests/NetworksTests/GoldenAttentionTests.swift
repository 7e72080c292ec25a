import GoldenFixtures
import Networks
import Tensors
import Testing

@Suite struct GoldenAttentionTests {
    @Test(arguments: GoldenFixtures.cases(kind: "layer-mha"))
    func `attention gives PyTorch's output, weights and gradients`(fixture: GoldenFixture) throws {
        let heads = try fixture.params.integer("heads")
        let layer = MultiHeadAttention(try fixture.params.integer("embed_dim"), heads: heads, from: Initializer(seed: 1))
        let stored = [
            "in_proj_weight": "in_proj_weight", "in_proj_bias": "in_proj_bias", "out_proj.weight": "out_proj_weight",
            "out_proj.bias": "out_proj_bias",
        ]
        try layer.load(stored.mapValues { try fixture.tensor($0) })
        let mask = fixture.has("key_padding_mask") ? try fixture.converted("key_padding_mask") : nil
        let (inputs, result) = try apply(layer, fixture, mask)
        try fixture.expect(result.output, matches: "y")
        try fixture.expect(result.weights, matches: "weights")
        try fixture.expect(result.weights.mean(axis: 1), matches: "weights_mean")
        try expectGradients(
            of: result.output, fixture,
            inputs + layer.namedParameters.map { (stored[$0.name] ?? $0.name, $0.parameter.value) })
    }

    private func apply(
        _ layer: MultiHeadAttention, _ fixture: GoldenFixture, _ mask: Tensor?
    ) throws -> (inputs: [(String, Tensor)], result: (output: Tensor, weights: Tensor)) {
        func input(_ name: String) throws -> Tensor { try fixture.tensor(name).tracked() }
        if fixture.has("x") {
            let x = try input("x")
            return ([("x", x)], layer.selfAttention(x, keyPaddingMask: mask, .evaluation))
        }
        let query = try input("query")
        if fixture.has("kv") {
            let source = try input("kv")
            return (
                [("query", query), ("kv", source)],
                layer.crossAttention(query, over: source, keyPaddingMask: mask, .evaluation)
            )
        }
        let (key, value) = (try input("key"), try input("value"))
        return (
            [("query", query), ("key", key), ("value", value)],
            layer.attention(query, key, value, keyPaddingMask: mask, .evaluation)
        )
    }
}
