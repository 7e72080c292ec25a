import Configuration
import Networks
import Regularization
import Tensors

/// The identity, for features that were extracted before; `features` in a recipe.
///
/// Vectors N×D are the embedding. Sequences N×T×D are averaged over their real places and serve as
/// tokens. There is nothing to train.
///
/// ```yaml
/// model:
///   encoder: features
/// ```
public final class Features: EncoderPlugin, SequenceEncoder {
    /// There is nothing to choose.
    public struct Options: Configuration.Options {
        public init() {}
        public static var fields: [OptionField<Options>] { [] }
    }

    public static let description = ComponentDescription(
        name: "features", summary: "passes on features that were extracted beforehand: D, or T×D, whose T steps are tokens",
        options: Options.descriptions)

    /// The number of features D.
    public let embeddingWidth: Int
    public var providesTokens = false

    public var parts: Parts { [:] }

    /// Makes the encoder for samples of D features, or of T×D.
    ///
    /// - Throws: `OptionFault` for samples of another rank.
    public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        guard (1...2).contains(sampleShape.rank) && sampleShape.elementCount > 0 else {
            throw OptionFault.sampleShape(sampleShape, expected: "features (D) or tokens×features (T×D)")
        }
        embeddingWidth = sampleShape[-1]
    }

    /// Takes features as embeddings.
    ///
    /// - Parameters:
    ///   - x: N×D, or N×T×D.
    ///   - lengths: the real tokens of each sample; nil where nothing is padded.
    ///   - pass: has no influence.
    /// - Returns: the features, or their mean over the real tokens with the tokens themselves.
    public func callAsFunction(_ x: Tensor, lengths: [Int]?, pass: Pass) -> Embedding {
        guard x.rank == 3 else { return Embedding(pooled: x) }
        let map = lengths.map { x.clearingPadding(lengths: $0) } ?? x
        return Embedding(map: map, lengths: lengths, projection: nil, withTokens: providesTokens)
    }
}

/// A multilayer perceptron for vectors, N×F; `vector-mlp` in a recipe.
///
/// Hidden layers of linear map, optional batch normalization and ReLU, then a linear map to the
/// embedding. Names as in PyTorch's `nn.Sequential` of the same layers: `0.weight`, `0.bias`,
/// `2.weight`, … There are no tokens.
///
/// ```yaml
/// model:
///   encoder: {use: vector-mlp, hidden: [64], embedding: 32}
/// ```
public final class VectorMLP: EncoderPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// Widths of the hidden layers.
        public var hidden = [64]
        /// Width of the embedding.
        public var embedding = 32
        /// Whether the hidden features are normalized over the batch before every ReLU.
        public var batchNormalization = false

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integers("hidden", \.hidden, in: 1...65536, unit: "features", "widths of the hidden layers"),
                .integer("embedding", \.embedding, in: 1...65536, unit: "features", "width of the embedding"),
                .flag("batch-normalization", \.batchNormalization, "whether a batch normalization stands before every ReLU"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "vector-mlp", summary: "multi-layer perceptron for vectors, D", options: Options.descriptions)

    /// The option `embedding`.
    public let embeddingWidth: Int
    public var providesTokens = false
    private let layers: MLP

    public var parts: Parts { layers.parts }

    /// Makes the network for samples of F features.
    ///
    /// - Throws: `OptionFault` for samples of another rank.
    public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        guard sampleShape.rank == 1 && sampleShape.elementCount > 0 else {
            throw OptionFault.sampleShape(sampleShape, expected: "features (D)")
        }
        layers = MLP(
            sampleShape[0], hidden: options.hidden, options.embedding,
            normalization: options.batchNormalization ? .batch : .none, from: initializer)
        embeddingWidth = options.embedding
    }

    /// Encodes vectors N×F to N×D.
    public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding {
        Embedding(pooled: layers(x, pass))
    }
}
