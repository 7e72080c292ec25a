import Configuration
import Networks
import Regularization
import Tensors

/// A plain one-dimensional convolutional network for windows of raw signals, `N×L×C` (L steps of C
/// channels).
///
/// Each layer is a convolution without padding, batch normalization, ReLU and max pooling. The pooling
/// of the last layer is adaptive: it leaves `places` maxima of each channel, whatever the length. The
/// maxima, one channel after the other, are the embedding, or a linear map takes them to it. There are
/// no tokens.
///
/// The defaults are the encoder that MMDG-Bench trains on the vibration and sound of a motor: four
/// layers, which leave 128 features of a window of 1024 steps. In a checkpoint the parameters are
/// called as in PyTorch's `nn.Sequential`, one for each layer: `layer1.0.weight` (convolution),
/// `layer1.1.weight` (normalization), …, `fc.weight`.
///
/// ```yaml
/// model:
///   encoder: {use: series-cnn, widths: [8, 16, 32, 32], kernels: [32, 8, 3, 3]}
/// ```
public final class SeriesCNN: EncoderPlugin, SequenceEncoder, FeatureMapEncoder {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// The channels of each layer, 1 to 16 layers.
        public var widths = [8, 16, 32, 32]
        /// The length of the convolution of each layer, in steps; as many as `widths`.
        public var kernels = [32, 8, 3, 3]
        /// The number of steps over which each layer but the last takes maxima.
        public var pool = 2
        /// The number of steps from one maximum to the next.
        public var poolStride = 1
        /// The number of maxima of each channel that the last layer leaves.
        public var places = 4
        /// The width of the embedding; 0 takes the maxima as they are, `places` times the last of
        /// `widths`.
        public var embedding = 0

        /// The options of MMDG-Bench's encoder for fault diagnosis.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integers("widths", \.widths, in: 1...4096, unit: "channels", "channels of each layer"),
                .integers("kernels", \.kernels, in: 1...4096, unit: "steps", "length of each layer's convolution"),
                .integer("pool", \.pool, in: 1...255, unit: "steps", "steps over which each layer but the last takes maxima"),
                .integer("pool-stride", \.poolStride, in: 1...64, unit: "steps", "steps from one maximum to the next"),
                .integer("places", \.places, in: 1...4096, "number of maxima that the last layer leaves for each channel"),
                .integer(
                    "embedding", \.embedding, in: 0...65536, unit: "features",
                    "width of the embedding; with 0 the embedding is the maxima themselves, channel after channel"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "series-cnn", summary: "plain one-dimensional convolutions with adaptive max pooling, for windows of signals, L×C",
        source: "Dong et al. 2026 (MMDG-Bench), the encoder of its fault diagnosis", options: Options.descriptions)

    /// The width of the embedding, D.
    public let embeddingWidth: Int
    /// Without effect: this encoder has no tokens.
    public var providesTokens = false
    private let layers: [NormalizedConvolution]
    private let options: Options
    private let projection: Linear?

    public var parts: Parts {
        var parts: Parts = [:]
        for (index, layer) in layers.enumerated() {
            parts.append(Parts(numbered: [layer.convolution, layer.normalization]), named: "layer\(index + 1)")
        }
        parts.append(projection, named: "fc")
        return parts
    }

    /// Makes the encoder for samples of shape `L×C`.
    ///
    /// - Throws: `OptionFault` where samples have another rank or are too short for the layers, where
    ///   `kernels` and `widths` differ in number, or where the last layer leaves more than 65,536
    ///   maxima.
    public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        guard sampleShape.rank == 2 && sampleShape.elementCount > 0 else {
            throw OptionFault.sampleShape(sampleShape, expected: "steps×channels (L×C)")
        }
        guard (1...16).contains(options.widths.count) else {
            throw OptionFault(option: "widths", expected: "1 to 16 layers", found: "\(options.widths.count)")
        }
        guard options.kernels.count == options.widths.count else {
            throw OptionFault(
                option: "kernels", expected: "a length for each of \(options.widths.count) layers", found: "\(options.kernels.count)")
        }
        let needed = Self.shortestLength(options)
        guard sampleShape[0] >= needed else {
            throw OptionFault(option: "kernels", expected: "samples of at least \(needed) steps for these layers", found: "\(sampleShape)")
        }
        let last = options.widths[options.widths.count - 1]
        let (features, isTooLarge) = last.multipliedReportingOverflow(by: options.places)
        guard !isTooLarge, features <= 65536 else {
            throw OptionFault(option: "places", expected: "at most \(65536 / last) maxima of each of \(last) channels", found: "\(options.places)")
        }
        self.options = options
        var layers: [NormalizedConvolution] = []
        var inputs = sampleShape[1]
        for (index, (width, kernel)) in zip(options.widths, options.kernels).enumerated() {
            let path = initializer["layer\(index + 1)"]
            layers.append(
                NormalizedConvolution(
                    Convolution(inputs, width, kernel: [kernel], from: path["0"]), BatchNormalization(width, from: path["1"])))
            inputs = width
        }
        self.layers = layers
        projection = options.embedding > 0 ? Linear(features, options.embedding, from: initializer["fc"]) : nil
        embeddingWidth = options.embedding > 0 ? options.embedding : features
    }

    /// The fewest steps of a series that leave at least one step to take maxima of.
    private static func shortestLength(_ options: Options) -> Int {
        var length = 1
        for (index, kernel) in options.kernels.enumerated().reversed() {
            if index < options.kernels.count - 1 { length = (length - 1) * options.poolStride + options.pool }
            // Strides multiply; no sample is as long as this bound.
            length = min(length + kernel - 1, 1 << 48)
        }
        return length
    }

    /// One after each layer's rectifier, in front of the maxima.
    public var featureMapPoints: [FeatureMapPoint] { layers.indices.map { FeatureMapPoint("layer\($0 + 1)") } }

    /// Encodes `N×L×C`; a padded series has the embedding that it has without padding. One that is too
    /// short for the layers has an embedding of zeros, or the bias of the linear map.
    ///
    /// - Parameters:
    ///   - x: the series, padded to the longest.
    ///   - lengths: the real steps of each series; nil where all steps are real.
    ///   - pass: training, or evaluation with the running statistics.
    public func callAsFunction(
        _ x: Tensor, lengths: [Int]?, pass: Pass, changing change: (FeatureMap) throws -> Tensor
    ) rethrows -> Embedding {
        var lengths = lengths
        var map = lengths.map { x.clearingPadding(lengths: $0) } ?? x
        for (index, layer) in layers.enumerated() {
            (map, lengths) = layer(map, lengths: lengths, pass)
            map = try change(FeatureMap(map, at: "layer\(index + 1)", lengths: lengths))
            guard index < layers.count - 1 else { break }
            map = map.maxPooled(window: [options.pool], stride: [options.poolStride])
            lengths = lengths.map { $0.map { $0 < options.pool ? 0 : ($0 - options.pool) / options.poolStride + 1 } }
        }
        let maxima = map.maxPooled(to: options.places, lengths: lengths)
        let features = maxima.permuted([0, 2, 1]).reshaped([x.shape[0], options.places * maxima.shape[2]])
        return Embedding(pooled: projection.map { $0(features) } ?? features)
    }
}
