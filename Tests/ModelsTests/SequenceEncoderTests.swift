import Configuration
import GoldenFixtures
import Models
import Networks
import Regularization
import Tensors
import Testing

@testable import Models

/// The encoders of signals and sequences, as MMDG-Bench sizes them and in small.
@Suite struct SequenceEncoderTests {
    private static let small: [(name: String, options: [String: OptionValue])] = [
        (
            "series-cnn",
            [
                "widths": .list([.integer(3), .integer(4)]), "kernels": .list([.integer(3), .integer(2)]), "places": .integer(2),
                "embedding": .integer(6),
            ]
        ),
        ("sequence-transformer", transformer(pooling: "first")),
        ("sequence-transformer", transformer(pooling: "mean")),
        ("sequence-transformer", transformer(pooling: "last")),
    ]

    private static func transformer(pooling: String) -> [String: OptionValue] {
        [
            "width": .integer(6), "layers": .integer(2), "heads": .integer(2), "feed-forward": .integer(8), "pooling": .string(pooling),
            "activation": .string("gelu"),
            "input-dropout": .number(0), "dropout": .number(0), "attention-dropout": .number(0),
        ]
    }

    private func make(_ name: String, _ options: [String: OptionValue] = [:], _ shape: Shape) throws -> any Encoder {
        try EncoderRegistry.standard().make(name, options: options, sampleShape: shape, from: Initializer(seed: 1))
    }

    private func sequence(_ name: String, _ options: [String: OptionValue], _ shape: Shape) throws -> any SequenceEncoder {
        try #require(make(name, options, shape) as? any SequenceEncoder)
    }

    private func normal(_ shape: Shape, _ name: String = "x") -> Tensor {
        var stream = RandomSource(seed: 5).stream(name)
        return stream.normal(shape)
    }

    private func near(_ a: Tensor, _ b: Tensor, _ tolerance: Float = 1e-5) -> Bool {
        a.shape == b.shape && areClose(a.values, b.values, within: tolerance)
    }

    @Test func `the plain network has the benchmark's size for a window of 1024 steps`() throws {
        let encoder = try make("series-cnn", [:], [1024, 1])
        #expect(encoder.embeddingWidth == 128)
        #expect(encoder.parameterCount == 6152)
        #expect(encoder(normal([2, 1024, 1]), pass: .evaluation).pooled.shape == [2, 128])
        #expect(encoder.namedParameters.prefix(3).map(\.name) == ["layer1.0.weight", "layer1.0.bias", "layer1.1.weight"])
    }

    @Test func `maxima stand channel after channel`() throws {
        let encoder = try make(
            "series-cnn", ["widths": .list([.integer(2)]), "kernels": .list([.integer(1)]), "places": .integer(2)], [4, 2])
        let parameters = Dictionary(uniqueKeysWithValues: encoder.namedParameters.map { ($0.name, $0.parameter) })
        parameters["layer1.0.weight"]?.value = Tensor([1, 0, 0, 1], shape: [2, 2, 1])
        parameters["layer1.0.bias"]?.value = .zeros([2])
        let x = Tensor([1, 10, 2, 40, 4, 30, 3, 20], shape: [1, 4, 2])
        #expect(near(encoder(x, pass: .evaluation).pooled, Tensor([2, 4, 40, 30], shape: [1, 4]), 1e-3))
    }

    @Test func `cells of adaptive maxima share places where they do not divide the length`() {
        let x = Tensor([5, 1, 9, 2, 3, .nan], shape: [1, 6, 1])
        #expect(x.maxPooled(to: 2, lengths: [5]).values == [9, 9])
        #expect(x.maxPooled(to: 2, lengths: [1]).values == [5, 5])
        #expect(x.maxPooled(to: 2, lengths: [0]).values == [0, 0])
        #expect(x.maxPooled(to: 3, lengths: nil).values.map(\.isNaN) == [false, false, true])
    }

    @Test func `three transformers under a residual head have the size of the benchmark's model`() throws {
        let widths: [Modality: Int] = ["text": 768, "audio": 25, "vision": 171]
        let encoders = try widths.mapValues { try make("sequence-transformer", [:], [50, $0]) }
        let fusion = try FusionRegistry.standard().make(
            "late", options: ["hidden": .integer(40), "residual": .integer(1), "dropout": .number(0)],
            context: FusionContext(encoders: encoders, classes: 1, from: Initializer(seed: 2)))
        #expect(FusionModel(encoders: encoders, fusion: fusion).parameterCount == 342_881)
        #expect(fusion.namedParameters.map(\.name).filter { $0.hasPrefix("blocks.0.") }.count == 4)
    }

    @Test func `a residual block adds to what it is given`() throws {
        let encoders: [Modality: any Encoder] = ["a": try make("features", [:], [3])]
        func head(_ residual: Int) throws -> any Fusion {
            try FusionRegistry.standard().make(
                "late", options: ["hidden": .integer(0), "residual": .integer(residual), "dropout": .number(0)],
                context: FusionContext(encoders: encoders, classes: 2, from: Initializer(seed: 2)))
        }
        let (plain, with) = (try head(0), try head(1))
        let parameters = Dictionary(uniqueKeysWithValues: with.namedParameters.map { ($0.name, $0.parameter) })
        let x = Embeddings([("a", Embedding(pooled: normal([4, 3])))])
        #expect(!near(with(x, pass: .evaluation).logits, plain(x, pass: .evaluation).logits))
        for name in ["blocks.0.2.weight", "blocks.0.2.bias"] {
            let parameter = try #require(parameters[name])
            parameter.value = .zeros(parameter.shape)
        }
        #expect(near(with(x, pass: .evaluation).logits, plain(x, pass: .evaluation).logits))
    }

    @Test func `positions are sines and cosines of the place, counted from 1`() {
        let positions = SequenceTransformer.positions(3, width: 5)
        #expect(positions.shape == [3, 5])
        #expect(near(positions[0..<1], Tensor([0.841471, 0.0001, 0.540302, 1, 0], shape: [1, 5])))
        #expect(near(positions[2..<3], Tensor([0.14112, 0.0003, -0.989992, 1, 0], shape: [1, 5])))
    }

    @Test func `each pooling takes the place that it names`() throws {
        for (pooling, place) in [("first", 0), ("last", 2)] {
            let encoder = try sequence("sequence-transformer", Self.transformer(pooling: pooling), [5, 3])
            encoder.providesTokens = true
            let embedding = encoder(normal([2, 5, 3]), lengths: [3, 3], pass: .evaluation)
            let tokens = try #require(embedding.tokens)
            #expect(embedding.pooled.values == tokens.slice(axis: 1, place..<place + 1).values)
            #expect(embedding.presence.lengths == [3, 3])
            #expect(tokens.slice(axis: 1, 3..<5).values.allSatisfy { $0 == 0 })
        }
        let encoder = try make("sequence-transformer", Self.transformer(pooling: "mean"), [5, 3])
        encoder.providesTokens = true
        let embedding = encoder(normal([2, 5, 3]), pass: .evaluation)
        #expect(near(embedding.pooled, try #require(embedding.tokens).mean(axis: 1)))
    }

    @Test(arguments: small.indices)
    func `neither how far a sequence is padded nor what with changes its embedding`(which: Int) throws {
        let (name, options) = Self.small[which]
        let x = normal([2, 12, 3])
        let encoder = try sequence(name, options, [12, 3])
        let alone = try sequence(name, options, [8, 3])
        let lengths = [8, 5]
        let filled = Tensor.concatenated([x.slice(axis: 1, 0..<8).clearingPadding(lengths: lengths), .full(.nan, [2, 4, 3])], axis: 1)
        let padded = encoder(filled, lengths: lengths, pass: .evaluation).pooled
        #expect(near(padded, alone(x.slice(axis: 1, 0..<8), lengths: lengths, pass: .evaluation).pooled))
        #expect(near(padded[0..<1], alone(x.slice(axis: 1, 0..<8)[0..<1], pass: .evaluation).pooled))
    }

    @Test(arguments: small.indices)
    func `the order of a batch is the order of its embeddings`(which: Int) throws {
        let encoder = try make(Self.small[which].name, Self.small[which].options, [9, 3])
        let x = normal([4, 9, 3])
        let order = [2, 0, 3, 1]
        for isTraining in [false, true] {
            let pass = Pass(isTraining: isTraining, random: RandomSource(seed: 3), step: 0)
            #expect(near(encoder(x.gathering(rows: order), pass: pass).pooled, encoder(x, pass: pass).pooled.gathering(rows: order)))
        }
    }

    @Test(arguments: small.indices, [nil, [9, 4, 6]] as [[Int]?])
    func `gradients agree with central differences, padded or not`(which: Int, lengths: [Int]?) throws {
        let encoder = try sequence(Self.small[which].name, Self.small[which].options, [9, 3])
        let weights = normal([3, 6], "weights")
        let pass = Pass(isTraining: true, random: RandomSource(seed: 3), step: 0)
        let x = normal([3, 9, 3]).tracked()
        func loss(_ x: Tensor) -> Tensor { (encoder(x, lengths: lengths, pass: pass).pooled * weights).sum() }
        let parameters = encoder.namedParameters
        let found = gradients(of: loss(x), with: [x] + parameters.map(\.parameter.value))
        /// Whether one of some steps has the slope along a direction: large ones meet kinks, small ones rounding.
        func agrees(_ gradient: Tensor, _ direction: Tensor, _ shifted: (Float) -> Double) -> Bool {
            let products = zip(gradient.values, direction.values).map { Double($0) * Double($1) }
            let (along, length) = (products.reduce(0, +), products.reduce(0) { $0 + abs($1) })
            return [8e-3, 2e-3, 5e-4].contains { (step: Float) in
                abs((shifted(step) - shifted(-step)) / Double(2 * step) - along) < 1e-3 + 0.01 * length
            }
        }
        func agreement(_ gradient: Tensor, _ name: String, _ shifted: (Tensor, Float) -> Double) -> Int {
            (0..<5).count { number in
                let direction = normal(gradient.shape, "\(name) \(number)")
                return agrees(gradient, direction) { shifted(direction, $0) }
            }
        }
        #expect(agreement(try #require(found[0]), "x") { direction, step in Double(loss(x.detached() + direction * step).item) } >= 4)
        for ((name, parameter), gradient) in zip(parameters, found.dropFirst()) {
            let original = parameter.value
            let agreeing = agreement(try #require(gradient, "\(name) has no gradient"), name) { direction, step in
                parameter.value = original.detached() + direction * step
                defer { parameter.value = original }
                return withoutGradients { Double(loss(x.detached()).item) }
            }
            #expect(agreeing >= 4, "\(name): \(agreeing) of 5 directions agree")
        }
    }

    @Test func `a series too short for the layers once its padding is gone has an embedding that is finite`() throws {
        let encoder = try sequence(Self.small[0].name, Self.small[0].options, [9, 3])
        #expect(encoder(normal([2, 9, 3]), lengths: [9, 1], pass: ModelSamples.training()).pooled.values.allSatisfy { $0.isFinite })
    }

    @Test(
        arguments: [
            ("series-cnn", [:], [20, 3], "kernels: expected samples of at least 46 steps for these layers, found 20×3"),
            ("series-cnn", ["kernels": .list([.integer(3)])], [99, 3], "kernels: expected a length for each of 4 layers, found 1"),
            ("series-cnn", ["places": .integer(4096)], [99, 3], "places: expected at most 2048 maxima of each of 32 channels, found 4096"),
            ("sequence-transformer", ["heads": .integer(7)], [9, 3], "heads: expected a divisor of the width 40, found 7; did you mean '5'?"),
            ("sequence-transformer", [:], [9], "expected samples of shape places×features (T×C), found 9"),
        ] as [(String, [String: OptionValue], [Int], String)])
    func `what does not fit is named`(name: String, options: [String: OptionValue], shape: [Int], message: String) throws {
        let fault = try #require(throws: OptionFault.self) { try make(name, options, Shape(shape)) }
        #expect(fault.description == message)
    }
}
