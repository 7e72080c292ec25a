import Configuration
import Networks
import Regularization
import Tensors

/// A small convolution network for images, N×H×W×C.
///
/// Stages of convolution, batch normalization and ReLU; stage i has width·2ⁱ channels, and a 2×2 maximum stands between
/// two stages. The mean over all places goes through a linear map to the embedding.
///
/// Names: `conv1`, `bn1`, `conv2`, `bn2`, …, `fc`. Tokens are the last stage's places, N×(H·W)×D, through the same
/// linear map.
public final class ImageCNN: EncoderPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// Channels of the first stage; each later doubles.
        public var width = 16
        /// Convolutions, with the picture halved between two of them.
        public var stages = 3
        /// Width of the embedding; 0 leaves the last stage's channels as they are.
        public var embedding = 64
        /// Side of the convolutions; odd, in pixels.
        public var kernel = 3

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer(
                    "width", \.width, in: 1...4096, unit: "channels", "channels of the first stage; each later doubles"),
                .integer("stages", \.stages, in: 1...8, "convolutions, with the picture halved between two of them"),
                .integer(
                    "embedding", \.embedding, in: 0...65536, unit: "features",
                    "width of the embedding; 0 leaves the last stage's channels as they are"),
                .integer("kernel", \.kernel, in: 1...31, unit: "pixels", "side of the convolutions; odd"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "image-cnn", summary: "small convolution network for images, H×W×C", options: Options.descriptions)

    public let embeddingWidth: Int
    public var providesTokens = false
    private let stages: [(convolution: Convolution, normalization: BatchNormalization)]
    private let projection: Linear?

    public var parts: Parts {
        var parts: Parts = [:]
        for (index, stage) in stages.enumerated() {
            parts.append(stage.convolution, named: "conv\(index + 1)")
            parts.append(stage.normalization, named: "bn\(index + 1)")
        }
        parts.append(projection, named: "fc")
        return parts
    }

    public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        guard sampleShape.rank == 3 && sampleShape.elementCount > 0 else {
            throw OptionFault.sampleShape(sampleShape, expected: "height×width×channels (H×W×C)")
        }
        try OptionFault.check(odd: options.kernel, option: "kernel")
        try OptionFault.check(width: options.width, doublingOver: options.stages)
        let smallest = 1 << (options.stages - 1)
        guard sampleShape[0] >= smallest && sampleShape[1] >= smallest else {
            throw OptionFault(
                option: "stages",
                expected: "samples of at least \(smallest)×\(smallest) pixels for \(options.stages) stages",
                found: "\(sampleShape)", suggestion: nil)
        }
        var stages: [(convolution: Convolution, normalization: BatchNormalization)] = []
        var inputs = sampleShape[2]
        for stage in 1...options.stages {
            let outputs = options.width << (stage - 1)
            let convolution = Convolution(
                inputs, outputs, kernel: [options.kernel, options.kernel],
                padding: [options.kernel / 2, options.kernel / 2], bias: false, from: initializer["conv\(stage)"])
            stages.append((convolution, BatchNormalization(outputs, from: initializer["bn\(stage)"])))
            inputs = outputs
        }
        self.stages = stages
        projection = options.embedding > 0 ? Linear(inputs, options.embedding, from: initializer["fc"]) : nil
        embeddingWidth = options.embedding > 0 ? options.embedding : inputs
    }

    public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding {
        var map = x
        for (index, stage) in stages.enumerated() {
            if index > 0 { map = map.maxPooled(window: [2, 2]) }
            map = stage.normalization(stage.convolution(map), pass, appliesReLU: true)
        }
        let places = map.reshaped([map.shape[0], map.shape[1] * map.shape[2], map.shape[3]])
        return Embedding(map: places, projection: projection, withTokens: providesTokens)
    }
}
