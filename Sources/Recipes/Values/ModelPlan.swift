/// The model of a recipe: an encoder for each modality, and a fusion.
package struct ModelPlan: Sendable, Hashable {
    /// `encoder:`, for every modality that `encoders:` does not name.
    package let encoder: ComponentChoice?
    /// `encoders:`, by modality.
    package let encoders: [String: ComponentChoice]
    /// `modalities:`, those of the data set that the model reads; nil for all.
    package let modalities: [String]?
    package let fusion: ComponentChoice
    package let location: SourceLocation
    /// Where each key's value stands.
    package let locations: [String: SourceLocation]

    /// The encoder of a modality; a checked recipe has one for each modality of the model.
    package func encoder(for modality: String) -> ComponentChoice? { encoders[modality] ?? encoder }
}
