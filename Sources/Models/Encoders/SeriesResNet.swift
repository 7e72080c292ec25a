import Configuration
import Networks
import Regularization
import Tensors

/// A one-dimensional residual network for series such as an accelerometer's, N×L×C (L steps of C
/// channels); `series-resnet` in a recipe.
///
/// Stem (convolution, batch normalization, ReLU), then stages of basic blocks. Stage i, counted from 0,
/// has width·2ⁱ channels; the first stage keeps the length and every later one halves it. The mean over
/// time goes through a linear map to the embedding.
///
/// Names as in torchvision's ResNet: `conv1`, `bn1`, `layer1.0.conv1`, …, `fc`. Tokens are the map of
/// the last stage, N×T×D, through the same linear map, so that their mean is the pooled embedding.
/// Series of different lengths are supported: batch statistics and means are taken over real steps
/// only. Feature maps are those after the stem, `conv1`, and after each stage, `layer1` and so on.
///
/// ```yaml
/// model:
///   encoder: {use: series-resnet, width: 16, blocks: [1, 1, 1], embedding: 32}
/// ```
public final class SeriesResNet: EncoderPlugin, SequenceEncoder, FeatureMapEncoder {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// The number of channels of the first stage; each later stage doubles it.
        public var width = 16
        /// The number of residual blocks of each stage.
        public var blocks = [1, 1, 1]
        /// Width of the embedding; 0 leaves the last stage's channels as they are.
        public var embedding = 32
        /// The length of the first convolution in steps; odd.
        public var stemKernel = 7
        /// The stride of the first convolution in steps.
        public var stemStride = 2
        /// The length of the blocks' convolutions in steps; odd.
        public var kernel = 3

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer(
                    "width", \.width, in: 1...4096, unit: "channels", "channels of the first stage; each later stage doubles them"),
                .integers("blocks", \.blocks, in: 1...100, "residual blocks of each stage"),
                .integer(
                    "embedding", \.embedding, in: 0...65536, unit: "features",
                    "width of the embedding; 0 leaves the last stage's channels as they are"),
                .integer("stem-kernel", \.stemKernel, in: 1...255, unit: "steps", "length of the first convolution; odd"),
                .integer("stem-stride", \.stemStride, in: 1...64, unit: "steps", "first convolution's stride"),
                .integer("kernel", \.kernel, in: 1...255, unit: "steps", "length of the convolutions in the blocks; odd"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "series-resnet", summary: "one-dimensional residual network for series, L×C",
        source: "He et al. 2016, with convolutions over time", options: Options.descriptions)

    /// The option `embedding` or, where that is 0, the last stage's channels.
    public let embeddingWidth: Int
    public var providesTokens = false
    /// The first convolution.
    private let stem: NormalizedConvolution
    /// The residual blocks of each stage.
    private let stages: [[ResidualBlock]]
    /// `fc`, from the last stage's channels to the embedding; nil where the option `embedding` is 0.
    private let projection: Linear?

    public var parts: Parts {
        var parts: Parts = ["conv1": stem.convolution, "bn1": stem.normalization]
        for (index, stage) in stages.enumerated() { parts.append(Parts(numbered: stage), named: "layer\(index + 1)") }
        parts.append(projection, named: "fc")
        return parts
    }

    /// Makes the network for samples L×C.
    ///
    /// - Throws: `OptionFault` for samples of another rank, an even kernel, no stage, or channels that
    ///   double beyond 65 536.
    public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        guard sampleShape.rank == 2 && sampleShape.elementCount > 0 else {
            throw OptionFault.sampleShape(sampleShape, expected: "steps×channels (L×C)")
        }
        try OptionFault.check(odd: options.stemKernel, option: "stem-kernel")
        try OptionFault.check(odd: options.kernel, option: "kernel")
        guard !options.blocks.isEmpty && options.blocks.count <= 16 else {
            throw OptionFault(
                option: "blocks", expected: "1 to 16 stages", found: "\(options.blocks.count)", suggestion: nil)
        }
        try OptionFault.check(width: options.width, doublingOver: options.blocks.count)
        stem = NormalizedConvolution(
            Convolution(
                sampleShape[1], options.width, kernel: [options.stemKernel], stride: [options.stemStride],
                padding: [options.stemKernel / 2], bias: false, from: initializer["conv1"]),
            BatchNormalization(options.width, from: initializer["bn1"]))
        var stages: [[ResidualBlock]] = []
        var inputs = options.width
        for (stage, count) in options.blocks.enumerated() {
            let path = initializer["layer\(stage + 1)"]
            let outputs = options.width << stage
            let blocks = (0..<count).map { block in
                ResidualBlock(
                    block == 0 ? inputs : outputs, outputs, kernel: [options.kernel],
                    stride: block == 0 && stage > 0 ? 2 : 1, from: path[String(block)])
            }
            stages.append(blocks)
            inputs = outputs
        }
        self.stages = stages
        projection = options.embedding > 0 ? Linear(inputs, options.embedding, from: initializer["fc"]) : nil
        embeddingWidth = options.embedding > 0 ? options.embedding : inputs
    }

    public var featureMapPoints: [FeatureMapPoint] {
        [FeatureMapPoint("conv1")] + stages.indices.map { FeatureMapPoint("layer\($0 + 1)") }
    }

    /// Encodes series.
    ///
    /// - Parameters:
    ///   - x: N×L×C.
    ///   - lengths: the real steps of each series; nil where nothing is padded.
    ///   - pass: batch normalization uses the batch in training and running statistics in evaluation.
    /// - Returns: the pooled embedding N×D, and tokens N×T×D where they are asked for, T being L
    ///   divided by all strides and rounded up.
    public func callAsFunction(
        _ x: Tensor, lengths: [Int]?, pass: Pass, changing change: (FeatureMap) throws -> Tensor
    ) rethrows -> Embedding {
        // Convolutions read zeros beyond the end of a series: while the padding is 0, each series is convolved as if it had none.
        var lengths = lengths
        var map = lengths.map { x.clearingPadding(lengths: $0) } ?? x
        (map, lengths) = stem(map, lengths: lengths, pass)
        map = try change(FeatureMap(map, at: "conv1", lengths: lengths))
        for (index, stage) in stages.enumerated() {
            for block in stage { (map, lengths) = block(map, lengths: lengths, pass) }
            map = try change(FeatureMap(map, at: "layer\(index + 1)", lengths: lengths))
        }
        return Embedding(map: map, lengths: lengths, projection: projection, withTokens: providesTokens)
    }
}
