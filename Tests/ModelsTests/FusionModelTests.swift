import Configuration
import GoldenFixtures
import Models
import Networks
import Regularization
import Tensors
import Testing

@Suite struct FusionModelTests {
    private static let small: [(fusion: String, options: [String: OptionValue])] = [
        ("late", ["hidden": .integer(16)]),
        ("cross-attention", ["width": .integer(8), "heads": .integer(2), "hidden": .integer(16)]),
    ]

    private func near(_ a: [Float], _ b: [Float], _ tolerance: Float = 1e-5) -> Bool {
        areClose(a, b, within: tolerance)
    }

    @Test(arguments: [1, 2, 3, 4], [0, 1])
    func `any number of modalities can be fused`(count: Int, which: Int) throws {
        let (fusion, options) = Self.small[which]
        let model = try ModelSamples.model(count, fusion: fusion, options: options)
        let prediction = model.predict(ModelSamples.batch(count, samples: 5), pass: ModelSamples.training())
        #expect(prediction.logits.shape == [5, 4])
        #expect(prediction.representation?.shape == [5, 16])
        #expect(model.representationWidth == 16)
        #expect(prediction.logits.values.allSatisfy { $0.isFinite })
    }

    @Test(arguments: [0, 1])
    func `a single sample can be predicted, and equals its row in a batch`(which: Int) throws {
        let (fusion, options) = Self.small[which]
        let model = try ModelSamples.model(4, fusion: fusion, options: options)
        let batch = ModelSamples.batch(4, samples: 4)
        let whole = model.predict(batch, pass: .evaluation).logits
        let single = model.predict(batch.mapValues { $0[2..<3] }, pass: .evaluation).logits
        #expect(near(single.values, whole[2..<3].values))
    }

    @Test(arguments: [0, 1])
    func `predictions follow a permutation of the batch`(which: Int) throws {
        let (fusion, options) = Self.small[which]
        let model = try ModelSamples.model(
            4, fusion: fusion, options: options.merging(["dropout": .number(0)]) { $1 })
        let (batch, order) = (ModelSamples.batch(4, samples: 5), [3, 0, 4, 1, 2])
        for pass in [Pass.evaluation, ModelSamples.training()] {
            let plain = model.predict(batch, pass: pass).logits
            let permuted = model.predict(batch.mapValues { $0.gathering(rows: order) }, pass: pass).logits
            #expect(near(permuted.values, plain.gathering(rows: order).values, 1e-4))
        }
    }

    @Test func `parameters are named by encoder and fusion, modalities sorted`() throws {
        let model = try ModelSamples.model(4)
        #expect(model.modalities == ["audio", "motion", "picture", "state"])
        #expect(model.embeddingWidths == ["audio": 8, "motion": 6, "picture": 5, "state": 4])
        let names = model.namedParameters.map(\.name)
        #expect(names.first == "encoders.motion.conv1.weight")
        #expect(
            names.suffix(4) == [
                "fusion.hidden.weight", "fusion.hidden.bias", "fusion.classifier.weight", "fusion.classifier.bias",
            ])
        #expect(names.allSatisfy { $0.hasPrefix("encoders.") || $0.hasPrefix("fusion.") })
        #expect(model.encoderParameters(of: "state").count == 4)
    }

    @Test func `cross-attention names its parts by modality`() throws {
        let model = try ModelSamples.model(2, fusion: "cross-attention", options: Self.small[1].options)
        let names = model.fusion.namedParameters.map(\.name)
        for part in ["project", "attention", "norm"] {
            for modality in ["motion", "picture"] {
                #expect(names.contains { $0.hasPrefix("\(part).\(modality).") })
            }
        }
    }

    @Test func `a new modality changes no initial value of the others`() throws {
        let (two, three) = (try ModelSamples.model(2), try ModelSamples.model(3))
        let other = Dictionary(uniqueKeysWithValues: three.namedParameters.map { ($0.name, $0.parameter.value.values) })
        #expect(two.namedParameters.contains { $0.name.hasPrefix("encoders.") })
        for (name, parameter) in two.namedParameters where name.hasPrefix("encoders.") {
            #expect(other[name] == parameter.value.values, "\(name)")
        }
    }

    @Test(arguments: [0, 1])
    func `a saved model predicts the same bits when loaded`(which: Int) throws {
        let (fusion, options) = Self.small[which]
        let source = try ModelSamples.model(3, fusion: fusion, options: options, seed: 1)
        let target = try ModelSamples.model(3, fusion: fusion, options: options, seed: 2)
        let batch = ModelSamples.batch(3, samples: 4)
        _ = source.predict(batch, pass: ModelSamples.training())
        try target.load(Dictionary(uniqueKeysWithValues: source.state().map { ($0.name, $0.value) }))
        #expect(
            source.predict(batch, pass: .evaluation).logits.values
                == target.predict(batch, pass: .evaluation).logits.values)
    }

    @Test func `dropout repeats at the same step and changes with it`() throws {
        let model = try ModelSamples.model(2)
        let embeddings = model.encode(ModelSamples.batch(2, samples: 6), pass: .evaluation)
        let first = model.fuse(embeddings, pass: ModelSamples.training(step: 1)).logits.values
        #expect(model.fuse(embeddings, pass: ModelSamples.training(step: 1)).logits.values == first)
        #expect(model.fuse(embeddings, pass: ModelSamples.training(step: 2)).logits.values != first)
    }

    @Test func `the representation is what the last linear map reads`() throws {
        let model = try ModelSamples.model(2)
        let prediction = model.predict(ModelSamples.batch(2, samples: 3), pass: ModelSamples.training())
        let state = Dictionary(uniqueKeysWithValues: model.state().map { ($0.name, $0.value) })
        let representation = try #require(prediction.representation)
        let logits = representation.linear(
            weight: try #require(state["fusion.classifier.weight"]), bias: state["fusion.classifier.bias"])
        #expect(near(logits.values, prediction.logits.values))
    }

    @Test func `without a hidden layer the embeddings are classified directly`() throws {
        let model = try ModelSamples.model(2, options: ["hidden": .integer(0)])
        #expect(model.representationWidth == 11)
        #expect(model.fusion.namedParameters.map(\.name) == ["classifier.weight", "classifier.bias"])
    }

    @Test(
        arguments: [
            (
                "cross-attention", ["width": .integer(12), "heads": .integer(5)],
                "heads: expected a divisor of the width 12, found 5; did you mean '4'?"
            ),
            (
                "lat", [:],
                "expected a fusion: late, cross-attention, sum, gated, film, tensor, low-rank-tensor, multiplicative, bottleneck, "
                    + "bottleneck-tokens, ensemble, found lat; did you mean 'late'?"
            ),
        ] as [(String, [String: OptionValue], String)])
    func `options that do not fit are named`(name: String, options: [String: OptionValue], message: String) throws {
        let fault = try #require(throws: OptionFault.self) {
            try FusionRegistry.standard().make(
                name, options: options, context: FusionContext(widths: ["a": 3], classes: 2, from: Initializer(seed: 1)))
        }
        #expect(fault.description == message)
    }
}
