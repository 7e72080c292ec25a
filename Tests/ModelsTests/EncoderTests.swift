import Configuration
import GoldenFixtures
import Models
import Networks
import Regularization
import Tensors
import Testing

@Suite struct EncoderTests {
    private func make(_ name: String, _ options: [String: OptionValue] = [:], _ shape: Shape) throws -> any Encoder {
        try EncoderRegistry.standard().make(name, options: options, sampleShape: shape, from: Initializer(seed: 1))
    }

    @Test func `a series network has the names of torchvision's`() throws {
        let encoder = try make("series-resnet", [:], [100, 3])
        #expect(
            encoder.namedParameters.map(\.name) == [
                "conv1.weight", "bn1.weight", "bn1.bias",
                "layer1.0.conv1.weight", "layer1.0.bn1.weight", "layer1.0.bn1.bias",
                "layer1.0.conv2.weight", "layer1.0.bn2.weight", "layer1.0.bn2.bias",
                "layer2.0.conv1.weight", "layer2.0.bn1.weight", "layer2.0.bn1.bias",
                "layer2.0.conv2.weight", "layer2.0.bn2.weight", "layer2.0.bn2.bias",
                "layer2.0.downsample.0.weight", "layer2.0.downsample.1.weight", "layer2.0.downsample.1.bias",
                "layer3.0.conv1.weight", "layer3.0.bn1.weight", "layer3.0.bn1.bias",
                "layer3.0.conv2.weight", "layer3.0.bn2.weight", "layer3.0.bn2.bias",
                "layer3.0.downsample.0.weight", "layer3.0.downsample.1.weight", "layer3.0.downsample.1.bias",
                "fc.weight", "fc.bias",
            ])
        let shapes = Dictionary(uniqueKeysWithValues: encoder.namedParameters.map { ($0.name, $0.parameter.shape) })
        #expect(shapes["conv1.weight"] == [16, 3, 7])
        #expect(shapes["layer3.0.conv1.weight"] == [64, 32, 3])
        #expect(shapes["layer3.0.downsample.0.weight"] == [64, 32, 1])
        #expect(shapes["fc.weight"] == [32, 64])
    }

    @Test func `a series network halves the length in the stem and in every stage but the first`() throws {
        let encoder = try make("series-resnet", [:], [100, 3])
        encoder.providesTokens = true
        let embedding = encoder(.ones([2, 100, 3]), pass: .evaluation)
        #expect(embedding.pooled.shape == [2, 32])
        #expect(embedding.tokens?.shape == [2, 13, 32])
        #expect(encoder.embeddingWidth == 32)
    }

    @Test func `without a projection the embedding is the last stage's width`() throws {
        let series = try make("series-resnet", ["embedding": .integer(0)], [20, 3])
        #expect(series.embeddingWidth == 64)
        #expect(series(.ones([1, 20, 3]), pass: .evaluation).pooled.shape == [1, 64])
        let image = try make("image-cnn", ["embedding": .integer(0)], [8, 8, 3])
        #expect(image.embeddingWidth == 64)
        #expect(image(.ones([1, 8, 8, 3]), pass: .evaluation).pooled.shape == [1, 64])
    }

    @Test func `a single step of a series can be encoded`() throws {
        let encoder = try make("series-resnet", [:], [1, 2])
        #expect(encoder(.ones([3, 1, 2]), pass: ModelSamples.training()).pooled.values.allSatisfy { $0.isFinite })
    }

    @Test func `the other encoders have the names they document`() throws {
        #expect(
            try make("image-cnn", ["stages": .integer(2)], [8, 8, 1]).namedParameters.map(\.name) == [
                "conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight", "bn2.bias", "fc.weight",
                "fc.bias",
            ])
        #expect(
            try make("vector-mlp", ["batch-normalization": .bool(true)], [5]).namedParameters.map(\.name) == [
                "0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias",
            ])
        #expect(try make("features", [:], [5]).parameterCount == 0)
    }

    @Test(arguments: ModelSamples.kinds.indices)
    func `pooled is the mean of the tokens, whether they are asked for or not`(index: Int) throws {
        let kind = ModelSamples.kinds[index]
        let encoder = try make(kind.encoder, kind.options, kind.shape)
        guard let x = ModelSamples.batch(4, samples: 3)[kind.modality] else { return }
        let plain = encoder(x, pass: .evaluation)
        #expect(plain.tokens == nil)
        #expect(plain.pooled.shape == [3, encoder.embeddingWidth])
        encoder.providesTokens = true
        let rich = encoder(x, pass: .evaluation)
        #expect(areClose(plain.pooled.values, rich.pooled.values, within: 1e-5))
        if let tokens = rich.tokens {
            #expect(areClose(tokens.mean(axis: 1).values, rich.pooled.values, within: 1e-5))
        } else {
            #expect(kind.encoder == "vector-mlp")
        }
    }

    @Test func `features pass unchanged`() throws {
        let encoder = try make("features", [:], [2])
        #expect(encoder(Tensor([1, 2, 3, 4], shape: [2, 2]), pass: .evaluation).pooled.values == [1, 2, 3, 4])
    }

    @Test(
        arguments: [
            (
                "series-resnet", [:], [3], "expected samples of shape steps×channels (L×C), found 3"
            ),
            (
                "series-resnet", ["kernel": .integer(4)], [10, 3],
                "kernel: expected an odd number, found 4; did you mean '5'?"
            ),
            (
                "series-resnet", ["blocks": .list([])], [10, 3], "blocks: expected 1 to 16 stages, found 0"
            ),
            (
                "series-resnet", ["width": .integer(4096), "blocks": .list(Array(repeating: .integer(1), count: 8))], [10, 3],
                "width: expected at most 512 channels for 8 stages, found 4096; did you mean '512'?"
            ),
            (
                "image-cnn", [:], [10, 3], "expected samples of shape height×width×channels (H×W×C), found 10×3"
            ),
            (
                "image-cnn", ["stages": .integer(4)], [32, 7, 3],
                "stages: expected samples of at least 8×8 pixels for 4 stages, found 32×7×3"
            ),
            (
                "slowfast", [:], [30, 32, 32, 3],
                "resample-rate: expected a divisor of the samples' 30 frames, found 4"
            ),
            (
                "slowfast", ["speed-ratio": .integer(3)], [32, 32, 32, 3],
                "speed-ratio: expected a divisor of the resample rate 4, found 3"
            ),
            (
                "slowfast", ["width": .integer(12)], [32, 32, 32, 3], "channel-ratio: expected a divisor of the width 12, found 8"
            ),
            (
                "slowfast", ["lateral-kernel": .integer(6)], [32, 32, 32, 3],
                "lateral-kernel: expected an odd number, found 6; did you mean '7'?"
            ),
            (
                "slowonly", ["depth": .integer(60)], [8, 32, 32, 2],
                "depth: expected 50, 101 or 152, or the option blocks, found 60; did you mean '50'?"
            ),
            (
                "slowonly", [:], [32, 32, 2],
                "expected samples of shape frames×height×width×channels (T×H×W×C), found 32×32×2"
            ),
            (
                "resnet18", ["blocks": .list([.integer(1)])], [32, 32, 1],
                "blocks: expected a number of blocks for each of 4 stages, found 1"
            ),
            ("vector-mlp", [:], [4, 4], "expected samples of shape features (D), found 4×4"),
            (
                "features", [:], [4, 4, 4],
                "expected samples of shape features (D) or tokens×features (T×D), found 4×4×4"
            ),
            (
                "series-resnt", [:], [4, 4],
                "expected an encoder: series-resnet, series-cnn, sequence-transformer, image-cnn, vector-mlp, features, slowfast, slowonly, resnet18, found series-resnt; "
                    + "did you mean 'series-resnet'?"
            ),
        ] as [(String, [String: OptionValue], [Int], String)])
    func `what does not fit is named`(
        name: String, options: [String: OptionValue], shape: [Int], message: String
    ) throws {
        let fault = try #require(throws: OptionFault.self) { try make(name, options, Shape(shape)) }
        #expect(fault.description == message)
    }
}
