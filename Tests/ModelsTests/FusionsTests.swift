import Configuration
import GoldenFixtures
import Networks
import Regularization
import Tensors
import Testing

@testable import Models

@Suite("Every fusion") struct FusionsTests {
    /// A small one of each kind, with the numbers of modalities that it is defined for.
    struct Kind: Sendable, CustomTestStringConvertible {
        let name: String
        var options: [String: OptionValue] = [:]
        var counts = [1, 2, 3, 4]
        var testDescription: String { name }
    }

    static let kinds: [Kind] = [
        Kind(name: "late", options: ["hidden": .integer(16), "dropout": .number(0)]),
        Kind(name: "sum"),
        Kind(name: "gated", options: ["width": .integer(6)], counts: [2, 3, 4]),
        Kind(name: "film", counts: [2]),
        Kind(name: "tensor", options: ["width": .integer(2), "hidden": .integer(8), "dropout": .number(0)]),
        Kind(name: "low-rank-tensor", options: ["width": .integer(6)]),
        Kind(name: "multiplicative", options: ["width": .integer(4)], counts: [2]),
        Kind(name: "multiplicative", options: ["form": .string("vector")], counts: [2]),
        Kind(name: "multiplicative", options: ["form": .string("scalar")], counts: [2]),
        Kind(name: "bottleneck", options: ["width": .integer(8), "heads": .integer(2), "feedforward": .integer(8), "dropout": .number(0)]),
        Kind(name: "bottleneck-tokens", options: ["width": .integer(8), "hidden": .integer(6), "dropout": .number(0)]),
        Kind(name: "ensemble", options: ["hidden": .integer(8), "dropout": .number(0)]),
        Kind(name: "ensemble", options: ["hidden": .integer(0), "dropout": .number(0), "average": .string("probabilities")]),
    ]

    @Test("predicts for each number of modalities that it is defined for", arguments: kinds) func shapes(kind: Kind) throws {
        for count in kind.counts {
            let model = try model(kind, count)
            let prediction = model.predict(ModelSamples.batch(count, samples: 5), pass: ModelSamples.training())
            #expect(prediction.logits.shape == [5, 4])
            let width = try #require(model.representationWidth)
            #expect(prediction.representation?.shape == [5, width])
            #expect(prediction.logits.values.allSatisfy { $0.isFinite })
        }
    }

    @Test("refuses other numbers by name", arguments: kinds.filter { $0.counts.count < 4 }) func refusals(kind: Kind) {
        for count in 1...4 where !kind.counts.contains(count) {
            let fault = #expect(throws: OptionFault.self) { try model(kind, count) }
            #expect(fault?.description.contains("two modalities for \(kind.name)") == true)
        }
    }

    @Test("treats samples one by one", arguments: kinds) func rows(kind: Kind) throws {
        let count = kind.counts[kind.counts.count - 1]
        let model = try model(kind, count)
        let (batch, order) = (ModelSamples.batch(count, samples: 4), [2, 0, 3, 1])
        let plain = model.predict(batch, pass: .evaluation).logits
        let permuted = model.predict(batch.mapValues { $0.gathering(rows: order) }, pass: .evaluation).logits
        let single = model.predict(batch.mapValues { $0[2..<3] }, pass: .evaluation).logits
        #expect(areClose(permuted.values, plain.gathering(rows: order).values, within: 1e-4))
        #expect(areClose(single.values, plain[2..<3].values, within: 1e-4))
    }

    @Test("trains every parameter but those that its definition holds at first", arguments: kinds) func gradientsReach(kind: Kind) throws {
        let model = try model(kind, 2)
        let loss = model.predict(ModelSamples.batch(2, samples: 6), pass: .evaluation).logits.crossEntropy(labels: [0, 1, 2, 3, 0, 1])
        let slopes = gradients(of: loss, with: model.namedParameters.map(\.parameter.value))
        for ((name, _), slope) in zip(model.namedParameters, slopes) where !name.hasSuffix("bottleneck_tokens") {
            #expect(slope?.values.contains { $0 != 0 } == true, "\(name)")
        }
    }

    @Test("an unknown gate or condition is refused with the nearest name") func names() {
        for (fusion, option) in [("gated", "gate"), ("film", "condition")] {
            let fault = #expect(throws: OptionFault.self) { try ModelSamples.model(2, fusion: fusion, options: [option: .string("motoin")]) }
            #expect(fault?.option == option && fault?.suggestion == "motion")
        }
    }

    @Test("too many products, or weights, are refused before any memory is taken") func limits() {
        let widths: [Modality: Int] = ["a": 2304, "b": 2048, "c": 512]
        let context = FusionContext(widths: widths, classes: 4, from: Initializer(seed: 1))
        var options = TensorFusion.Options()
        options.width = 0
        #expect(throws: OptionFault.self) { try TensorFusion(options: options, context: context) }
        let two = FusionContext(widths: ["a": 2304, "b": 2048], classes: 4, from: Initializer(seed: 1))
        let fault = #expect(throws: OptionFault.self) { try MultiplicativeFusion(options: .init(), context: two) }
        #expect(fault?.option == "width")
    }

    @Test("an ensemble of probabilities predicts the mean of its members' probabilities") func ensemble() throws {
        var options = EnsembleFusion.Options()
        (options.average, options.hidden, options.dropout) = (.probabilities, 0, 0)
        let fusion = EnsembleFusion(options: options, context: FusionContext(widths: ["a": 3, "b": 2], classes: 4, from: Initializer(seed: 1)))
        var stream = RandomSource(seed: 2).stream("z")
        let embeddings: Embeddings = ["a": Embedding(pooled: stream.normal([5, 3])), "b": Embedding(pooled: stream.normal([5, 2]))]
        let found = fusion(embeddings, pass: .evaluation).logits.softmax()
        let parameters = Dictionary(uniqueKeysWithValues: fusion.namedParameters.map { ($0.name, $0.parameter.value) })
        func member(_ name: String) throws -> Tensor {
            let weight = try #require(parameters["classifiers.\(name).classifier.weight"]),
                bias = try #require(parameters["classifiers.\(name).classifier.bias"])
            return try #require(embeddings[Modality(name)]).pooled.linear(weight: weight, bias: bias).softmax()
        }
        let expected = (try member("a") + member("b")) / 2
        #expect(areClose(found.values, expected.values, within: 1e-6))
    }

    @Test("reads embeddings that are normalized over their features, with a scale and a shift to learn or without", arguments: kinds)
    func normalized(kind: Kind) throws {
        let count = kind.counts[kind.counts.count - 1]
        func model(_ norm: String) throws -> FusionModel {
            try ModelSamples.model(count, fusion: kind.name, options: kind.options.merging(["embedding-norm": .string(norm)]) { $1 })
        }
        let (plain, learned, untrained) = (try model("none"), try model("layer"), try model("untrained"))
        let embeddings = plain.encode(ModelSamples.batch(count, samples: 4), pass: .evaluation)
        func normalized(_ array: Tensor) -> Tensor {
            let width = array.shape[-1]
            return array.layerNormalized(axes: 1, weight: .ones([width]), bias: .zeros([width]), epsilon: 1e-5)
        }
        let expected = plain.fuse(embeddings.mapEmbeddings { $1.map { array, _ in normalized(array) } }, pass: .evaluation).logits
        #expect(areClose(untrained.fuse(embeddings, pass: .evaluation).logits.values, expected.values, within: 1e-5))
        #expect(areClose(learned.fuse(embeddings, pass: .evaluation).logits.values, expected.values, within: 1e-5))
        let names = Set(plain.namedParameters.map(\.name))
        #expect(Set(untrained.namedParameters.map(\.name)) == names)
        var added: Set<String> = []
        for modality in plain.modalities { added.formUnion(["fusion.norms.\(modality).weight", "fusion.norms.\(modality).bias"]) }
        #expect(Set(learned.namedParameters.map(\.name)).subtracting(names) == added)
    }

    @Test("a normalized row of zeros stays one, whatever the shift has become") func dropped() throws {
        let model = try ModelSamples.model(2, fusion: "sum", options: ["embedding-norm": .string("layer")])
        for (name, parameter) in model.namedParameters where name.hasPrefix("fusion.norms.") { parameter.value = parameter.value + 1 }
        let embeddings = model.encode(ModelSamples.batch(2, samples: 3), pass: .evaluation)
        let dropped = embeddings.mapPooled { modality, z in modality == model.modalities[0] ? z * Tensor([1, 0, 1], shape: [3, 1]) : z }
        let (whole, without) = (model.fuse(embeddings, pass: .evaluation), model.fuse(dropped, pass: .evaluation))
        let width = model.embeddingWidths[model.modalities[0]] ?? 0
        let read = try #require(without.representation).slice(axis: 1, 0..<width)
        #expect(read[1..<2].values.allSatisfy { $0 == 0 } && !read[0..<1].values.allSatisfy { $0 == 0 })
        #expect(whole.logits[0..<1].values == without.logits[0..<1].values)
    }

    @Test("where no row is zeros, a normalized model gives the bits of one whose embeddings were normalized before") func filled() throws {
        let model = try ModelSamples.model(2, fusion: "sum", options: ["embedding-norm": .string("untrained")])
        let plain = try ModelSamples.model(2, fusion: "sum", options: [:])
        let embeddings = model.encode(ModelSamples.batch(2, samples: 3), pass: .evaluation)
        let normalized = embeddings.mapEmbeddings {
            $1.map { array, _ in
                let width = array.shape[-1]
                return array.layerNormalized(axes: 1, weight: .ones([width]), bias: .zeros([width]), epsilon: 1e-5)
            }
        }
        #expect(model.fuse(embeddings, pass: .evaluation).logits.values == plain.fuse(normalized, pass: .evaluation).logits.values)
    }

    private func model(_ kind: Kind, _ count: Int) throws -> FusionModel {
        try ModelSamples.model(count, fusion: kind.name, options: kind.options)
    }
}

@Suite("Fusions where modalities are missing") struct MissingInFusionsTests {
    @Test("what stands where a modality is missing is not read", arguments: FusionsTests.kinds) func unread(kind: FusionsTests.Kind) throws {
        let count = kind.counts[kind.counts.count - 1]
        let model = try ModelSamples.model(count, fusion: kind.name, options: kind.options)
        let plain = model.encode(ModelSamples.batch(count, samples: 4), pass: .evaluation)
        let missing = Presence(samples: [true, false, true, true])
        let first = model.modalities[0]
        let embeddings = plain.mapEmbeddings { modality, embedding in
            guard modality == first else { return embedding }
            return Embedding(pooled: embedding.pooled, tokens: embedding.tokens, presence: missing).cleared()
        }
        let logits = model.fuse(embeddings, pass: .evaluation).logits
        #expect(logits.values.allSatisfy { $0.isFinite })
        // The samples that have all modalities are as they were; the other one is not.
        let whole = model.fuse(plain, pass: .evaluation).logits
        for row in [0, 2, 3] { #expect(areClose(logits[row..<row + 1].values, whole[row..<row + 1].values, within: 1e-5)) }
        #expect(logits[1..<2].values != whole[1..<2].values)
    }

    @Test("an ensemble and the bottlenecks count only the modalities that are there", arguments: ["ensemble", "bottleneck", "bottleneck-tokens"])
    func means(fusion: String) throws {
        // With one of two modalities missing, the prediction is that of a model that asks the other one alone.
        let kind = try #require(FusionsTests.kinds.first { $0.name == fusion })
        let model = try ModelSamples.model(2, fusion: kind.name, options: kind.options)
        let plain = model.encode(ModelSamples.batch(2, samples: 3), pass: .evaluation)
        func without(_ missing: Modality, scaling factor: Float) -> [Float] {
            let embeddings = plain.mapEmbeddings { modality, embedding in
                guard modality == missing else { return embedding }
                let changed = embedding.map { array, _ in array * factor }
                return Embedding(
                    pooled: changed.pooled, tokens: changed.tokens, presence: Presence(samples: [false, false, false]))
            }
            return model.fuse(embeddings, pass: .evaluation).logits.values
        }
        for modality in model.modalities {
            let (one, other) = (without(modality, scaling: 1), without(modality, scaling: 3))
            #expect(areClose(one, other, within: 1e-5))
        }
    }
}
