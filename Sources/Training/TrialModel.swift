import Configuration
import Regularization

/// A component by name, with the options that the recipe gave.
package struct ComponentPlan: Sendable, Hashable {
    package var name: String
    package var options: [String: OptionValue]

    package init(_ name: String, options: [String: OptionValue] = [:]) {
        self.name = name
        self.options = options
    }
}

/// What a trial trains.
package enum TrialModel: Sendable, Hashable {
    /// An encoder for each modality, and a fusion.
    case assembled(encoders: [Modality: ComponentPlan], fusion: ComponentPlan)
    /// One whole model that reads the given modalities.
    case whole(ComponentPlan, modalities: [Modality])

    /// The encoders, modality by modality; none of a whole model.
    package var encoders: [Modality: ComponentPlan] {
        if case .assembled(let encoders, _) = self { encoders } else { [:] }
    }
}
