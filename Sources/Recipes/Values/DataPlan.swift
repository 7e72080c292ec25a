import Configuration

/// What a recipe trains on.
package struct DataPlan: Sendable, Hashable {
    /// How inputs are brought to a common scale, with figures taken from training samples only.
    package enum Standardization: String, CaseIterable, Sendable {
        /// As they are.
        case none
        /// Each modality divided by one number.
        case scale
        /// Each channel to mean 0 and standard deviation 1.
        case channel
    }

    /// The data set and its options.
    package let source: ComponentChoice
    package let standardize: Standardization
    /// Where each key stands.
    package let locations: [String: SourceLocation]

    struct Settings: Options {
        var standardize = Standardization.channel

        static var fields: [OptionField<Settings>] {
            [.choice("standardize", \.standardize, "how inputs are brought to a common scale")]
        }
    }
}
