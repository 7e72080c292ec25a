import Networks
import Tensors

/// What a fusion model says about a batch.
public struct Prediction {
    /// One row of class scores per sample, `N×K`, before any softmax.
    public var logits: Tensor

    /// What the classifier reads, `N×F`, where the model has such a thing; terms with `at: fused` act on it.
    public var representation: Tensor?

    public init(logits: Tensor, representation: Tensor? = nil) {
        self.logits = logits
        self.representation = representation
    }
}

/// A model that encodes each modality by itself and then fuses the embeddings: all that Regulus asks of a model.
///
/// The split into `encode` and `fuse` is what lets a regularizer act: it may change the embeddings between the two, read them for a
/// penalty, or ask the model to fuse embeddings of its own making.
///
/// Parameter paths: an encoder's parameters are named `encoders.<modality>.…`, all others `fusion.…`.
public protocol MultimodalModel: Module {
    /// The modalities, in the order in which `encode` returns them.
    var modalities: [Modality] { get }

    /// Width `D` of each modality's pooled embedding.
    var embeddingWidths: [Modality: Int] { get }

    /// Width `F` of `Prediction.representation`, or nil where the model gives none.
    var representationWidth: Int? { get }

    /// Encodes a batch: for each modality an input `N×…`, in the layout that its encoder asks for.
    ///
    /// Samples that lack a modality are marked in its embeddings whether or not a model does so itself, see ``Inputs``.
    func encode(_ inputs: Inputs, pass: Pass) -> Embeddings

    /// Fuses embeddings of all modalities into class scores.
    func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction
}

extension MultimodalModel {
    public var representationWidth: Int? { nil }

    /// Encodes a batch of which nothing is missing.
    public func encode(_ inputs: [Modality: Tensor], pass: Pass) -> Embeddings { encode(Inputs(inputs), pass: pass) }

    /// The parameters of one modality's encoder, in order.
    public func encoderParameters(of modality: Modality) -> [Parameter] {
        let prefix = "encoders.\(modality.name)."
        return namedParameters.filter { $0.name.hasPrefix(prefix) }.map(\.parameter)
    }
}
