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
