import Configuration
import FeatureSplittingPlugin
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import SupervisedContrastivePlugin
import Tensors
import Testing

@testable import CrossModalTranslationPlugin

@Suite("Cross-modal translation") struct CrossModalTranslationTests {
    @Test("distances and gradients agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "simmmdg"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let variables = try Variables(fixture)
        let distances = variables.distances
        for (pair, distance) in zip(variables.pairs, distances) {
            try fixture.expect(distance.item, matches: "loss_\(pair.source)2\(pair.target)", mixed: true)
        }
        let mean = distances.dropFirst().reduce(distances[0], +) * (1 / Float(distances.count))
        try fixture.expect(mean.item, matches: "loss_trans", mixed: true)
        for (name, gradient) in zip(variables.names, gradients(of: mean, with: variables.all)) {
            try fixture.expect(try #require(gradient), matches: "grad_trans.\(name)", mixed: true)
        }
    }

    @Test("with the other terms it makes SimMMDG's loss", arguments: GoldenFixtures.cases(kind: "simmmdg"))
    func total(fixture: GoldenFixture) throws {
        let variables = try Variables(fixture)
        let labels = try fixture.integers("labels")
        let projections = try variables.modalities.map { try fixture.tensor("proj_\($0)").tracked() }
        let logits = try fixture.tensor("logits").tracked()
        let distances = variables.distances
        let translation = distances.dropFirst().reduce(distances[0], +) * (1 / Float(distances.count))
        let embeddings = Embeddings(
            zip(variables.modalities, variables.embeddings).map { (Modality($0), Embedding(pooled: $1)) })
        let splitting = try #require(FeatureSplitting().penalty(.sample(embeddings: embeddings)))
        let contrast = ContrastiveLoss(
            of: Tensor.concatenated(projections, axis: 0), labels: projections.flatMap { _ in labels },
            temperature: try fixture.params.number("temperature"), baseTemperature: try fixture.params.number("base_temperature"))
        try fixture.expect(contrast.value.item, matches: "contrast", mixed: true)
        let base = logits.crossEntropy(labels: labels)
        try fixture.expect(base.item, matches: "ce", mixed: true)
        let total =
            base + translation * (try fixture.params.float("alpha_trans")) + contrast.value * (try fixture.params.float("alpha_contrast"))
            + splitting.value * (try fixture.params.float("explore_loss_coeff"))
        try fixture.expect(total.item, matches: "total", mixed: true)
        let names = variables.names + variables.modalities.map { "proj_\($0)" } + ["logits"]
        for (name, gradient) in zip(names, gradients(of: total, with: variables.all + projections + [logits])) {
            try fixture.expect(try #require(gradient), matches: "grad_total.\(name)", mixed: true)
        }
    }

    @Test("the gradient agrees with central differences, on both sides") func centralDifferences() throws {
        let plugin = try make(["a", "b"], widths: ["a": 5, "b": 3])
        let other = normal([6, 3], seed: 2)
        func loss(_ z: Tensor) -> Tensor { value(plugin, ["a": Embedding(pooled: z), "b": Embedding(pooled: other)]) }
        let z = normal([6, 5])
        let slope = gradient(at: z) { loss($0) }
        #expect(largestDirectionalError(of: slope, at: z) { Double(loss($0).item) } < 5e-3)
    }

    @Test("it owns a perceptron for every ordered pair") func parts() throws {
        let plugin = try make(["a", "b", "c"], widths: ["a": 5, "b": 3, "c": 2])
        let names = plugin.parts.namedParameters.map(\.name)
        #expect(names.count == 6 * 6)
        #expect(names.prefix(6) == ["a2b.0.weight", "a2b.0.bias", "a2b.3.weight", "a2b.3.bias", "a2b.6.weight", "a2b.6.bias"])
        let shapes = plugin.parts.namedParameters.prefix(6).map(\.parameter.shape)
        #expect(shapes == [[8, 5], [8], [8, 8], [8], [3, 8], [3]])
    }

    @Test("all ordered pairs are logged, and their mean is the penalty") func reports() throws {
        let plugin = try make(["a", "b"], widths: ["a": 5, "b": 3])
        let embeddings: Embeddings = ["a": Embedding(pooled: normal([4, 5])), "b": Embedding(pooled: normal([4, 3]))]
        let penalty = try #require(plugin.penalty(.sample(embeddings: embeddings)))
        #expect(penalty.reports.map(\.name) == ["a2b", "b2a"])
        #expect(abs(penalty.value.item - (penalty.reports[0].value + penalty.reports[1].value) / 2) < 1e-6)
    }

    @Test("constant columns stay finite, NaN comes out as not finite, one modality is refused") func edges() throws {
        let plugin = try make(["a", "b"], widths: ["a": 2, "b": 2])
        let zeros: Embeddings = ["a": Embedding(pooled: Tensor.zeros([2, 2])), "b": Embedding(pooled: Tensor.ones([2, 2]))]
        #expect(value(plugin, zeros).item.isFinite)
        #expect(!value(plugin, zeros.mapPooled { $1 + Tensor(.nan) }).item.isFinite)
        #expect(throws: OptionFault.self) { try make(["a"], widths: ["a": 2]) }
    }

    private func value(_ plugin: CrossModalTranslation, _ embeddings: Embeddings) -> Tensor {
        plugin.penalty(.sample(embeddings: embeddings))?.value ?? Tensor(.nan)
    }

    private func make(_ modalities: [Modality], widths: [Modality: Int]) throws -> CrossModalTranslation {
        var options = CrossModalTranslation.Options()
        options.hidden = 8
        return try CrossModalTranslation(
            options: options,
            context: RegularizerContext(
                modalities: modalities, widths: widths, classes: 3, model: LinearModel(),
                initializer: Initializer(seed: 1), instance: "translation"))
    }

    /// A fixture's embeddings and translations.
    private struct Variables {
        let modalities: [String]
        let embeddings, translations: [Tensor]
        let pairs: [(source: String, target: String)]

        init(_ fixture: GoldenFixture) throws {
            let modalities = try fixture.params.texts("modalities")
            self.modalities = modalities
            embeddings = try modalities.map { try fixture.tensor("emb_\($0)").tracked() }
            pairs = modalities.flatMap { source in modalities.filter { $0 != source }.map { (source, $0) } }
            translations = try pairs.map { try fixture.tensor("trans_\($0.source)2\($0.target)").tracked() }
        }

        var names: [String] { modalities.map { "emb_\($0)" } + pairs.map { "trans_\($0.source)2\($0.target)" } }
        var all: [Tensor] { embeddings + translations }
        var distances: [Tensor] {
            zip(pairs, translations).compactMap { pair, translation in
                modalities.firstIndex(of: pair.target).map { CrossModalTranslation.distance(translation, embeddings[$0]) }
            }
        }
    }
}
