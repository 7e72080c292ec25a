import Configuration
import Networks
import Regularization
import Tensors

/// A network that turns one modality's inputs into embeddings.
public protocol Encoder: Module {
    /// The width D of the embedding, pooled and tokens alike.
    var embeddingWidth: Int { get }

    /// Whether tokens are computed where the encoder has them. A model sets it to what its fusion reads, so that no
    /// time goes into tokens that nobody reads. False at first.
    var providesTokens: Bool { get set }

    /// Encodes a batch.
    ///
    /// - Parameter x: N×…, of the sample shape for which the encoder was made.
    /// - Returns: pooled N×D, and tokens N×T×D where the encoder has them and ``providesTokens`` is set.
    func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding
}

/// An encoder that can tell the real places of a sequence from its padding.
public protocol SequenceEncoder: Encoder {
    /// Encodes a batch of sequences that are padded at their ends.
    ///
    /// What it makes of a sequence depends neither on how far it is padded nor on what with.
    ///
    /// - Parameters:
    ///   - x: N×T×….
    ///   - lengths: the real places of each sequence, each at least 1; nil where nothing is padded.
    /// - Returns: as without lengths; where there are tokens, `presence` says how many of each sample are real.
    func callAsFunction(_ x: Tensor, lengths: [Int]?, pass: Pass) -> Embedding
}

extension SequenceEncoder {
    public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding { self(x, lengths: nil, pass: pass) }
}

extension Encoder {
    /// Encodes the samples that are there.
    ///
    /// - Parameter presence: what of `x` is there.
    /// - Returns: an embedding of all samples, 0 for those that lack the modality.
    /// - Precondition: lengths only for a ``SequenceEncoder``.
    func encode(_ x: Tensor, _ presence: Presence, pass: Pass) -> Embedding {
        guard let rows = presence.rows else { return encode(x, lengths: presence.lengths, pass: pass) }
        let count = x.shape[0]
        guard !rows.isEmpty else {
            return Embedding(pooled: .zeros([count, embeddingWidth]), presence: Presence(samples: .init(repeating: false, count: count)))
        }
        return encode(x.gathering(rows: rows), lengths: presence.gathering(rows: rows).lengths, pass: pass).spread(to: rows, of: count)
    }

    private func encode(_ x: Tensor, lengths: [Int]?, pass: Pass) -> Embedding {
        guard let lengths else { return self(x, pass: pass) }
        guard let sequences = self as? any SequenceEncoder else {
            stop("encode: \(type(of: self)) was given sequences of different lengths, and is no SequenceEncoder")
        }
        return sequences(x, lengths: lengths, pass: pass)
    }
}

/// An encoder that a recipe can name.
public protocol EncoderPlugin: Encoder, SendableMetatype {
    /// What a recipe can set.
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, source and options.
    static var description: ComponentDescription { get }

    /// Makes an encoder.
    ///
    /// - Parameters:
    ///   - sampleShape: the shape of one sample, without the batch axis.
    ///   - initializer: where initial values come from, for the encoder's own path.
    /// - Throws: `OptionFault` where options and sample shape do not fit together; its `option` is `nil` where the
    ///   sample shape fits no options at all.
    init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault)
}
