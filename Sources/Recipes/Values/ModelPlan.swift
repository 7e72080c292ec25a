/// The model of a recipe: an encoder for each modality and a fusion, or one whole model.
package struct ModelPlan: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// `encoder:` for every modality that `encoders:` does not name, `encoders:` by modality, and `fusion:`.
        case assembled(encoder: ComponentChoice?, encoders: [String: ComponentChoice], fusion: ComponentChoice)
        /// `use:`, a model that does all of it by itself, with its options.
        case whole(ComponentChoice)
    }

    package let content: Content
    /// `modalities:`, those of the data set that the model reads; nil for all.
    package let modalities: [String]?
    package let location: SourceLocation
    /// Where each key's value stands.
    package let locations: [String: SourceLocation]

    /// The encoder of a modality; a checked recipe has one for each modality of an assembled model.
    package func encoder(for modality: String) -> ComponentChoice? {
        if case .assembled(let encoder, let encoders, _) = content { encoders[modality] ?? encoder } else { nil }
    }

    /// The component that makes class scores: the fusion, or the whole model.
    package var fusion: ComponentChoice {
        switch content {
        case .assembled(_, _, let fusion): fusion
        case .whole(let model): model
        }
    }

    /// The whole model; nil for encoders and a fusion.
    package var whole: ComponentChoice? {
        if case .whole(let model) = content { model } else { nil }
    }
}
