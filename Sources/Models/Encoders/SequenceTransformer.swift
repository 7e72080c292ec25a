import Configuration
import Foundation
import Networks
import Regularization
import Tensors

/// A transformer over a sequence of features, `N×T×C`, such as word vectors or descriptors of frames.
///
/// The layers, in order: a linear map to the width (its result times √width), sinusoidal positions,
/// dropout, `layers` pre-norm transformer layers and a last normalization. The embedding is one of the
/// places or their mean, as `pooling` says; the tokens are all places, `N×T×width`. The defaults are
/// the encoder that MMDG-Bench trains for sentiment.
///
/// The positions are those of fairseq: the first half of the width holds sines and the second cosines
/// of `p·10000^(−i/(width/2 − 1))`, with places counted from 1. In a checkpoint the parameters are
/// called `proj.weight`, `layers.0.norm1.weight`, … as in PyTorch's `nn.TransformerEncoder`, and
/// `norm.weight`.
///
/// ```yaml
/// model:
///   encoder: {use: sequence-transformer, width: 40, layers: 5, pooling: mean}
/// ```
public final class SequenceTransformer: EncoderPlugin, SequenceEncoder {
    /// Which of the places is the embedding.
    public enum Pooling: String, CaseIterable, Sendable {
        /// The first place.
        case first
        /// The mean over the real places.
        case mean
        /// The last real place.
        case last
    }

    /// The activation between the two linear maps of a layer.
    public enum Rectifier: String, CaseIterable, Sendable {
        /// `max(x, 0)`.
        case relu
        /// `x Φ(x)`, with the normal distribution function Φ.
        case gelu
    }

    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// The width of the places and of the embedding; a multiple of `heads`.
        public var width = 40
        /// The number of transformer layers.
        public var layers = 5
        /// The number of attention heads, which must divide the width.
        public var heads = 8
        /// The width between the two linear maps of a layer.
        public var feedForward = 160
        /// The activation between the two linear maps of a layer.
        public var activation = Rectifier.relu
        /// The place whose features are the embedding, or their mean.
        public var pooling = Pooling.first
        /// The rate of dropout on the places before the first layer, from 0 to 1.
        public var inputDropout = 0.25
        /// The rate of dropout within the layers, from 0 to 1.
        public var dropout = 0.1
        /// The rate of dropout on the weights of attention, from 0 to 1.
        public var attentionDropout = 0.1

        /// The options of MMDG-Bench's sentiment encoder.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("width", \.width, in: 1...16384, unit: "features", "width of the tokens and of the embedding"),
                .integer("layers", \.layers, in: 1...100, "transformer layers"),
                .integer("heads", \.heads, in: 1...1024, "heads of attention; they divide the width"),
                .integer("feed-forward", \.feedForward, in: 1...65536, unit: "features", "width between the two linear maps of a layer"),
                .choice("activation", \.activation, "activation after the first of the two linear maps"),
                .choice("pooling", \.pooling, "which token is the embedding: the first, the mean over the real steps, or the last real step"),
                .number("input-dropout", \.inputDropout, in: 0.0...1.0, "rate of dropout before the first layer"),
                .number("dropout", \.dropout, in: 0.0...1.0, "rate of dropout within the layers"),
                .number("attention-dropout", \.attentionDropout, in: 0.0...1.0, "rate of dropout on the weights of attention"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "sequence-transformer", summary: "pre-norm transformer over a sequence of features, T×C",
        source: "Vaswani et al. 2017; Xiong et al. 2020; the sizes of MMDG-Bench's sentiment encoders (Dong et al. 2026)",
        options: Options.descriptions)

    /// The width of the embedding and of each token, D.
    public let embeddingWidth: Int
    /// Whether an embedding also carries its tokens, `N×T×D`; nothing is saved by leaving them out but
    /// the memory that holds them.
    public var providesTokens = false
    private let pooling: Pooling
    private let projection: Linear
    private let inputDropout: Dropout
    private let layers: [TransformerLayer]
    private let normalization: LayerNormalization

    public var parts: Parts { ["proj": projection, "layers": layers, "norm": normalization] }

    /// Makes the encoder for samples of shape `T×C`.
    ///
    /// - Throws: `OptionFault` where samples have another rank or no elements, or where `heads` does
    ///   not divide `width`.
    public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        guard sampleShape.rank == 2 && sampleShape.elementCount > 0 else {
            throw OptionFault.sampleShape(sampleShape, expected: "places×features (T×C)")
        }
        try OptionFault.check(heads: options.heads, dividing: options.width)
        pooling = options.pooling
        embeddingWidth = options.width
        projection = Linear(sampleShape[1], options.width, from: initializer["proj"])
        inputDropout = Dropout(Float(options.inputDropout), stream: initializer["input-dropout"].path)
        layers = (0..<options.layers).map { layer in
            TransformerLayer(
                options.width, heads: options.heads, hidden: options.feedForward, activation: options.activation == .relu ? .relu : .gelu,
                dropout: Float(options.dropout), attentionDropout: Float(options.attentionDropout), from: initializer["layers"][String(layer)])
        }
        normalization = LayerNormalization([options.width], from: initializer["norm"])
    }

    /// Encodes `N×T×C`; padded places neither attend nor are attended to, and their tokens are zero.
    ///
    /// - Parameters:
    ///   - x: the sequences, padded to the longest.
    ///   - lengths: the real places of each sequence; nil where all places are real.
    ///   - pass: training, with dropout, or evaluation, without.
    public func callAsFunction(_ x: Tensor, lengths: [Int]?, pass: Pass) -> Embedding {
        let places = x.shape[1]
        let real = lengths.map { x.clearingPadding(lengths: $0) } ?? x
        var sequence = projection(real) * Float(embeddingWidth).squareRoot() + Self.positions(places, width: embeddingWidth)
        sequence = inputDropout(sequence, pass)
        let padding = lengths.map { lengths in
            Tensor(lengths.flatMap { length in (0..<places).map { $0 < length ? 0 : 1 } }, shape: [lengths.count, places])
        }
        for layer in layers { sequence = layer(sequence, keyPaddingMask: padding, pass) }
        sequence = normalization(sequence)
        if let lengths { sequence = sequence.clearingPadding(lengths: lengths) }
        return Embedding(
            pooled: pooled(sequence, lengths: lengths), tokens: providesTokens ? sequence : nil, presence: Presence(lengths: lengths))
    }

    /// The embedding, `N×D`, from the normalized places. A sequence without places takes its first
    /// place, which is zero, or a mean of zero.
    private func pooled(_ sequence: Tensor, lengths: [Int]?) -> Tensor {
        let (count, places) = (sequence.shape[0], sequence.shape[1])
        func place(_ index: (Int) -> Int) -> Tensor {
            sequence.reshaped([count * places, embeddingWidth]).gathering(rows: (0..<count).map { $0 * places + index($0) })
        }
        return switch pooling {
        case .first: place { _ in 0 }
        case .last: place { max((lengths?[$0] ?? places) - 1, 0) }
        case .mean: lengths.map { sequence.meanPooled(lengths: $0) } ?? sequence.meanPooled()
        }
    }

    /// Sines and cosines of places 1, 2, …: places×width; the last column is 0 where the width is odd.
    static func positions(_ places: Int, width: Int) -> Tensor {
        let half = width / 2
        let step = half > 1 ? log(10000) / Double(half - 1) : 0
        var values = [Float](repeating: 0, count: places * width)
        for place in 0..<places {
            for column in 0..<half {
                let angle = Double(place + 1) * exp(-step * Double(column))
                values[place * width + column] = Float(sin(angle))
                values[place * width + half + column] = Float(cos(angle))
            }
        }
        return Tensor(values, shape: [places, width])
    }
}
