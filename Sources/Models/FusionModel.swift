import Networks
import Regularization
import Tensors

/// A multimodal model of one encoder per modality and a fusion: what a recipe with `encoders:` and
/// `fusion:` makes.
///
/// Modalities are in the order of their names, so that their order in a recipe changes nothing.
/// Parameters are named `encoders.<modality>.…` and `fusion.…`.
public final class FusionModel: OffersFeatureMaps {
    /// The modalities, sorted by name.
    public let modalities: [Modality]
    /// The width of each encoder's embedding.
    public let embeddingWidths: [Modality: Int]
    /// What turns embeddings into a prediction.
    public let fusion: any Fusion
    /// The encoders, in the order of ``modalities``.
    private let encoders: [any Encoder]

    /// That of the fusion.
    public var representationWidth: Int? { fusion.representationWidth }

    public var parts: Parts {
        ["encoders": Parts(zip(modalities, encoders).map { (name: $0.name, part: $1) }), "fusion": fusion]
    }

    /// Composes a model, and tells the encoders whether the fusion reads tokens.
    ///
    /// - Parameters:
    ///   - encoders: one for each modality.
    ///   - fusion: made for the same modalities and the encoders' widths.
    /// - Precondition: the fusion was made for exactly these modalities.
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

    public var featureMapPoints: [Modality: [FeatureMapPoint]] {
        let points = zip(modalities, encoders).compactMap { modality, encoder in
            (encoder as? any FeatureMapEncoder).map { (modality, $0.featureMapPoints) }
        }
        return Dictionary(points) { first, _ in first }
    }

    /// The encoder of a modality; nil where the model does not read it.
    public func encoder(of modality: Modality) -> (any Encoder)? {
        modalities.firstIndex(of: modality).map { encoders[$0] }
    }

    /// Encodes a batch. Inputs of modalities that the model lacks are ignored.
    ///
    /// An encoder is given only the samples that have its modality: neither its statistics nor its
    /// gradients depend on samples that lack it.
    ///
    /// - Precondition: there is an input for each of the model's modalities, and lengths only for
    ///   encoders that read them.
    public func encode(_ inputs: Inputs, pass: Pass) -> Embeddings { encode(inputs, only: Set(modalities), pass: pass) }

    /// Runs the encoders of some modalities and no others.
    ///
    /// - Precondition: as for all of them; inputs of other modalities are not read.
    public func encode(_ inputs: Inputs, only modalities: Set<Modality>, pass: Pass) -> Embeddings {
        embeddings(of: inputs, only: modalities) { $1.encode($2, $3, pass: pass) }
    }

    /// Encodes a batch with changes of the feature maps of those encoders that show theirs.
    ///
    /// - Precondition: as without changes.
    public func encode(_ inputs: Inputs, pass: Pass, changing change: (Modality, FeatureMap) throws -> Tensor) rethrows -> Embeddings {
        try embeddings(of: inputs, only: Set(modalities)) { modality, encoder, input, presence in
            try encoder.encode(input, presence, pass: pass) { try change(modality, $0) }
        }
    }

    /// What `encode` makes of the inputs of some modalities.
    private func embeddings(
        of inputs: Inputs, only chosen: Set<Modality>,
        _ encode: (Modality, any Encoder, _ input: Tensor, Presence) throws -> Embedding
    ) rethrows -> Embeddings {
        Embeddings(
            try zip(modalities, encoders).filter { chosen.contains($0.0) }.map { modality, encoder in
                guard let input = inputs[modality] else {
                    stop(
                        "encode: the input of \(modality) is missing; given are \(inputs.modalities)")
                }
                return (modality, try encode(modality, encoder, input, inputs.presence(of: modality)))
            })
    }

    /// Fuses embeddings of all modalities; see ``Fusion``.
    public func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        fusion(embeddings, pass: pass)
    }
}
