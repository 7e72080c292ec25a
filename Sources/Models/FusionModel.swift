import Networks
import Regularization
import Tensors

/// A multimodal model made of one encoder per modality and a fusion.
///
/// Modalities stand in the order of their names, so that the order in a recipe changes nothing. Parameters are named
/// `encoders.<modality>.…` and `fusion.…`.
public final class FusionModel: MultimodalModel {
    public let modalities: [Modality]
    public let embeddingWidths: [Modality: Int]
    /// What turns embeddings into class scores.
    public let fusion: any Fusion
    private let encoders: [any Encoder]

    public var representationWidth: Int? { fusion.representationWidth }

    public var parts: Parts {
        ["encoders": Parts(zip(modalities, encoders).map { (name: $0.name, part: $1) }), "fusion": fusion]
    }

    /// Composes a model, and tells the encoders whether the fusion reads tokens.
    ///
    /// - Precondition: the fusion was made for the same modalities.
    public init(encoders: [Modality: any Encoder], fusion: any Fusion) {
        let sorted = encoders.sorted { $0.key < $1.key }
        modalities = sorted.map(\.key)
        self.encoders = sorted.map(\.value)
        embeddingWidths = encoders.mapValues(\.embeddingWidth)
        self.fusion = fusion
        require(
            fusion.modalities == modalities,
            "FusionModel: encoders for \(modalities), but a fusion for \(fusion.modalities)")
        for encoder in self.encoders { encoder.providesTokens = fusion.readsTokens }
    }

    /// The encoder of a modality.
    public func encoder(of modality: Modality) -> (any Encoder)? {
        modalities.firstIndex(of: modality).map { encoders[$0] }
    }

    /// Encodes a batch; inputs of modalities that the model lacks are ignored. An encoder is given the samples that have its modality, and no
    /// others: neither its statistics nor its gradients know of samples that lack it.
    ///
    /// - Precondition: an input for each of the model's modalities; lengths only for encoders that read them.
    public func encode(_ inputs: Inputs, pass: Pass) -> Embeddings {
        Embeddings(
            zip(modalities, encoders).map { modality, encoder in
                guard let input = inputs[modality] else {
                    stop(
                        "encode: the input of \(modality) is missing; given are \(inputs.modalities)")
                }
                return (modality, encoder.encode(input, inputs.presence(of: modality), pass: pass))
            })
    }

    public func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        fusion(embeddings, pass: pass)
    }
}
