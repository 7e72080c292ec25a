import Configuration

/// A component that a recipe names, with the options that it gives: `{ use: sgd, momentum: 0.9 }` or just `sgd`.
package struct ComponentChoice: Sendable, Hashable {
    /// The registered name.
    package let component: String
    /// The options that the recipe gives, each checked against the component's description; others have their defaults.
    package let options: [String: OptionValue]
    /// Where the name stands.
    package let location: SourceLocation
    /// Where the value of each option stands.
    package let optionLocations: [String: SourceLocation]

    package init(
        _ component: String, options: [String: OptionValue] = [:], location: SourceLocation,
        optionLocations: [String: SourceLocation] = [:]
    ) {
        self.component = component
        self.options = options
        self.location = location
        self.optionLocations = optionLocations
    }

    /// Where to point for a fault of one option, or of the component as a whole.
    package func location(of option: String?) -> SourceLocation { option.flatMap { optionLocations[$0] } ?? location }
}

/// What is to be measured of every trained model: an item of `measure:`.
///
/// | Key | Meaning |
/// |---|---|
/// | `use` | the measurement's registered name, where the item is not written `name: {…}` |
/// | `name` | the instance's name, unique in its list |
/// | `on` | the modalities that it is about, `fused` among them for what the classifier reads; all by default |
/// | `data` | another data set, for a measurement that sets the target against one |
package struct MeasurementChoice: Sendable, Hashable {
    /// `name:`; the measurement's own by default.
    package let name: String
    /// The measurement and its options.
    package let choice: ComponentChoice
    /// `on:`; nil for all.
    package let modalities: [String]?
    /// `data:`; nil where it names none.
    package let data: ComponentChoice?
    /// Where the value of each key stands, and each name of `on:`.
    let locations: [String: SourceLocation]

    /// The keys that belong to every measurement and so are not options of any.
    static let reservedKeys = ["use", "name", "on", "data"]

    /// What `on:` calls the representation that the classifier reads.
    static let fused = "fused"
}

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

    /// The modalities that the model reads, in the data set's order.
    package func modalities(of facts: DatasetFacts) -> [String] {
        facts.modalityNames.filter { modalities?.contains($0) ?? true }
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
