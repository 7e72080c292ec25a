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
