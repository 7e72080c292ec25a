import Configuration
import Networks
import Regularization
import Tensors

/// A small convolutional network for pictures, N×H×W×C; `image-cnn` in a recipe.
///
/// Each stage is a convolution, batch normalization and ReLU. Stage i, counted from 0, has width·2ⁱ
/// channels, and a 2×2 maximum halves the picture between two stages. The mean over all places goes
/// through a linear map to the embedding.
///
/// Names: `conv1`, `bn1`, `conv2`, `bn2`, …, `fc`. Tokens are the places of the last stage, N×(H·W)×D,
/// through the same linear map. Feature maps are those after each stage, under the name of its
/// convolution.
///
/// ```yaml
/// model:
///   encoders: {picture: {use: image-cnn, width: 16, stages: 3, embedding: 64}}
/// ```
public final class ImageCNN: EncoderPlugin, FeatureMapEncoder {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// The number of channels of the first stage; each later stage doubles it.
        public var width = 16
        /// The number of convolutions; the picture is halved between two of them.
        public var stages = 3
        /// Width of the embedding; 0 leaves the last stage's channels as they are.
        public var embedding = 64
        /// The side of the convolutions in pixels; odd.
        public var kernel = 3

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer(
                    "width", \.width, in: 1...4096, unit: "channels", "channels of the first stage; each later stage doubles them"),
                .integer("stages", \.stages, in: 1...8, "number of convolutions; between two of them the picture is halved"),
                .integer(
                    "embedding", \.embedding, in: 0...65536, unit: "features",
                    "width of the embedding; 0 leaves the last stage's channels as they are"),
                .integer("kernel", \.kernel, in: 1...31, unit: "pixels", "height and width of the convolutions; odd"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "image-cnn", summary: "small convolution network for images, H×W×C", options: Options.descriptions)

    /// The option `embedding` or, where that is 0, the last stage's channels.
    public let embeddingWidth: Int
    public var providesTokens = false
    /// The convolution of each stage with its normalization.
    private let stages: [NormalizedConvolution]
    /// `fc`, from the last stage's channels to the embedding; nil where the option `embedding` is 0.
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

    /// Makes the network for samples H×W×C.
    ///
    /// - Throws: `OptionFault` for samples of another rank, an even kernel, or more stages than the
    ///   picture can be halved.
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
        var stages: [NormalizedConvolution] = []
        var inputs = sampleShape[2]
        for stage in 1...options.stages {
            let outputs = options.width << (stage - 1)
            let convolution = Convolution(
                inputs, outputs, kernel: [options.kernel, options.kernel],
                padding: [options.kernel / 2, options.kernel / 2], bias: false, from: initializer["conv\(stage)"])
            stages.append(NormalizedConvolution(convolution, BatchNormalization(outputs, from: initializer["bn\(stage)"])))
            inputs = outputs
        }
        self.stages = stages
        projection = options.embedding > 0 ? Linear(inputs, options.embedding, from: initializer["fc"]) : nil
        embeddingWidth = options.embedding > 0 ? options.embedding : inputs
    }

    public var featureMapPoints: [FeatureMapPoint] { stages.indices.map { FeatureMapPoint("conv\($0 + 1)") } }

    /// Encodes pictures.
    ///
    /// - Parameters:
    ///   - x: N×H×W×C.
    ///   - pass: batch normalization uses the batch in training and running statistics in evaluation.
    /// - Returns: the pooled embedding N×D, and tokens N×(H'·W')×D where they are asked for.
    public func callAsFunction(
        _ x: Tensor, lengths: [Int]?, pass: Pass, changing change: (FeatureMap) throws -> Tensor
    ) rethrows -> Embedding {
        var map = x
        for (index, stage) in stages.enumerated() {
            if index > 0 { map = map.maxPooled(window: [2, 2]) }
            map = stage(map, pass)
            map = try change(FeatureMap(map, at: "conv\(index + 1)"))
        }
        return embedding(map)
    }

    /// The same with every map as it is, which need not be kept in full then.
    public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding {
        var map = x
        for stage in stages.dropLast() { map = stage.halved(map, pass) }
        return embedding(stages.last.map { $0(map, pass) } ?? map)
    }

    /// The embedding of the last stage's map.
    private func embedding(_ map: Tensor) -> Embedding {
        let places = map.reshaped([map.shape[0], map.shape[1] * map.shape[2], map.shape[3]])
        return Embedding(map: places, projection: projection, withTokens: providesTokens)
    }
}
