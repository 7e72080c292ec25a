import Configuration
import GoldenFixtures
import Networks
import Regularization
import Tensors
import Testing

@testable import Models

@Suite("Fusions against stored numbers") struct GoldenFusionTests {
    @Test("sum", arguments: GoldenFixtures.cases(kind: "fusion-sum")) func sum(fixture: GoldenFixture) throws {
        let fusion = SumFusion(options: .init(), context: try context(fixture))
        try check(fixture, fusion.parts) { fusion(embeddings($0), pass: .evaluation).logits }
    }

    @Test("gated, with either modality as the gate", arguments: GoldenFixtures.cases(kind: "fusion-gated"))
    func gated(fixture: GoldenFixture) throws {
        var options = GatedFusion.Options()
        options.gate = try fixture.params.text("gate") == "x" ? "0" : "1"
        options.width = try fixture.params.integer("hidden")
        let fusion = try GatedFusion(options: options, context: try context(fixture))
        let names = ["fc_x": "projections.0", "fc_y": "projections.1", "fc_out": "output"]
        try check(fixture, fusion.parts, renaming: names) { fusion(embeddings($0), pass: .evaluation).logits }
    }

    @Test("feature-wise modulation, with either modality as the condition", arguments: GoldenFixtures.cases(kind: "fusion-film"))
    func film(fixture: GoldenFixture) throws {
        var options = FiLMFusion.Options()
        options.condition = try fixture.params.text("condition") == "x" ? "0" : "1"
        let fusion = try FiLMFusion(options: options, context: try context(fixture))
        try check(fixture, fusion.parts, renaming: ["fc": "condition", "fc_out": "output"]) { fusion(embeddings($0), pass: .evaluation).logits }
    }

    @Test("low-rank tensor", arguments: GoldenFixtures.cases(kind: "fusion-low-rank-tensor")) func lowRank(fixture: GoldenFixture) throws {
        var options = LowRankTensorFusion.Options()
        (options.rank, options.width) = (try fixture.params.integer("rank"), try fixture.params.integer("out"))
        let fusion = LowRankTensorFusion(options: options, context: try context(fixture))
        try check(fixture, fusion.parts, renaming: ["fusion_weights": "weights", "fusion_bias": "bias"]) { fusion.fused(embeddings($0)) }
    }

    @Test("multiplicative interactions", arguments: GoldenFixtures.cases(kind: "fusion-multiplicative"))
    func multiplicative(fixture: GoldenFixture) throws {
        var options = MultiplicativeFusion.Options()
        options.form = try #require(MultiplicativeFusion.Form(rawValue: try fixture.params.text("form")))
        options.width = try fixture.params.integer("out")
        let fusion = try MultiplicativeFusion(options: options, context: try context(fixture))
        try check(fixture, fusion.parts) { fusion.fused(embeddings($0)) }
    }

    @Test("bottleneck tokens over embeddings", arguments: GoldenFixtures.cases(kind: "fusion-bottleneck"))
    func bottleneckTokens(fixture: GoldenFixture) throws {
        let widths = try fixture.params.integers("D")
        let projection = try fixture.params.text("projection")
        let core = BottleneckTokens(
            widths.enumerated().map { (Modality("\($0.offset)"), $0.element) }, width: try fixture.params.integer("hidden"),
            tokens: try fixture.params.integer("tokens"), projects: projection != "identity", from: Initializer(seed: 1))
        // One projection for all is one for each with the same values; its gradient is the sum of theirs.
        let shared = projection == "shared" ? widths.indices.map { "feature_projection.\($0)" } : []
        try check(fixture, core.parts, sharing: ["feature_projection": shared]) { core($0, .evaluation).fused }
        let z = try inputs(fixture)
        try fixture.expect(core(z, .evaluation).tokens, matches: "tokens")
    }

    @Test("bottleneck transformer", arguments: GoldenFixtures.cases(kind: "fusion-bottleneck-layers"))
    func bottleneckLayers(fixture: GoldenFixture) throws {
        let params = fixture.params
        let core = BottleneckLayers(
            try params.integers("T").indices.map { Modality("\($0)") }, width: try params.integer("hidden"), tokens: try params.integer("tokens"),
            layers: try params.integer("layers"), heads: try params.integer("heads"), feedforward: try params.integer("feedforward"),
            from: Initializer(seed: 1))
        try check(fixture, core.parts, renaming: ["bottleneck_tokens": "bottleneck"]) { core($0, .evaluation).fused }
        try fixture.expect(core(try inputs(fixture), .evaluation).bottleneck, matches: "bottleneck")
    }

    @Test(
        "the products of tensor fusion under a weight tensor of low rank are low-rank fusion", arguments: GoldenFixtures.cases(kind: "fusion-low-rank-tensor"))
    func fullTensor(fixture: GoldenFixture) throws {
        let z = try inputs(fixture)
        let factors = try z.indices.map { try fixture.tensor("factors.\($0)") }
        let (rank, width) = (factors[0].shape[0], factors[0].shape[2])
        let weights = try fixture.tensor("fusion_weights")
        // Each output's weight tensor, flattened as the products are.
        var tensor = Tensor.zeros([1, width])
        for r in 0..<rank {
            let ofRank = factors.map { $0.slice(axis: 0, r..<r + 1).squeezed(axis: 0) }
            let product = ofRank.dropFirst().reduce(ofRank[0]) { whole, next in
                (whole.unsqueezed(axis: 1) * next.unsqueezed(axis: 0)).reshaped([whole.shape[0] * next.shape[0], width])
            }
            tensor = tensor + product * weights.values[r]
        }
        let y = TensorFusion.products(z).matmul(tensor) + (try fixture.tensor("fusion_bias"))
        let worst = zip(y.values, try fixture.tensor("y").values).map { abs($0 - $1) }.max() ?? .nan
        #expect(worst < 1e-4)
    }

    private func context(_ fixture: GoldenFixture) throws -> FusionContext {
        let widths = try fixture.params.integers("D")
        return FusionContext(
            widths: Dictionary(uniqueKeysWithValues: widths.enumerated().map { (Modality("\($0.offset)"), $0.element) }),
            classes: try fixture.params.integer("out"), from: Initializer(seed: 1))
    }

    private func inputs(_ fixture: GoldenFixture) throws -> [Tensor] {
        try fixture.tensorNames.filter { $0.hasPrefix("z_") }.sorted().map { try fixture.tensor($0) }
    }

    private func embeddings(_ z: [Tensor]) -> Embeddings {
        Embeddings(z.enumerated().map { (Modality("\($0.offset)"), Embedding(pooled: $0.element)) })
    }

    /// Puts the stored parameters in, and compares the output and all gradients of `Σ y·dy`.
    ///
    /// - Parameters:
    ///   - names: the beginning of a stored name, and of ours in its place.
    ///   - sharing: the beginning of a stored name, and of ours that all have its values.
    private func check(
        _ fixture: GoldenFixture, _ parts: Parts, renaming names: [String: String] = [:], sharing: [String: [String]] = [:],
        _ run: ([Tensor]) -> Tensor
    ) throws {
        let owned = Dictionary(uniqueKeysWithValues: parts.namedParameters.map { ($0.name, $0.parameter) })
        func replacing(_ name: String, _ old: String, _ new: String) -> String? {
            name == old ? new : name.hasPrefix(old + ".") ? new + name.dropFirst(old.count) : nil
        }
        func ours(_ name: String) throws -> [Parameter] {
            for (old, new) in sharing where !new.isEmpty {
                let all = new.compactMap { replacing(name, old, $0) }
                if !all.isEmpty { return try all.map { try #require(owned[$0], "\($0)") } }
            }
            let mapped = names.compactMap { replacing(name, $0, $1) }.first ?? name
            return [try #require(owned[mapped], "\(mapped)")]
        }
        let stored = fixture.tensorNames.filter { fixture.role(of: $0) == "input" && !$0.hasPrefix("z_") }
        for name in stored { for parameter in try ours(name) { parameter.value = try fixture.tensor(name) } }
        let z = try inputs(fixture).map { $0.tracked() }
        let y = run(z)
        try fixture.expect(y, matches: "y", mixed: true)
        let parameters = try stored.map { try ours($0) }
        let slopes = gradients(of: (y * (try fixture.tensor("dy"))).sum(), with: z + parameters.flatMap { $0.map(\.value) })
        for index in z.indices { try fixture.expect(try #require(slopes[index]), matches: "grad.z_\(index)", mixed: true) }
        var rest = slopes.dropFirst(z.count)
        for (name, group) in zip(stored, parameters) {
            let mine = rest.prefix(group.count).map { $0 ?? .zeros(group[0].shape) }
            try fixture.expect(mine.dropFirst().reduce(mine[0], +), matches: "grad.\(name)", mixed: true)
            rest = rest.dropFirst(group.count)
        }
    }
}
