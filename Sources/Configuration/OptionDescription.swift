/// What is known about one option without its type: for help texts and for checking a recipe.
public struct OptionDescription: Sendable, Hashable {
    /// Its name in recipes, in kebab-case.
    public let name: String
    /// What it does, in a few words.
    public let help: String
    /// What its number counts or measures; nil for a bare number or none.
    public let unit: String?
    /// What it accepts.
    public let kind: OptionKind
    /// Its value where a recipe leaves it out. Without meaning where `isRequired`.
    public let defaultValue: OptionValue
    /// Whether a recipe has to give it.
    public let isRequired: Bool
    /// Whether `null` is accepted, and says the same as leaving it out where the default is `null`.
    public let acceptsNull: Bool

    /// What is wrong with a value, or nil.
    public func fault(in value: OptionValue) -> OptionFault? {
        if value == .null && acceptsNull { return nil }
        if kind.accepts(value) { return nil }
        return OptionFault(
            option: name, expected: expectation, found: value.description, suggestion: kind.suggestion(for: value))
    }

    /// What is accepted, in words, with the unit: `a whole number from 1 to 4096 (features)`.
    public var expectation: String {
        kind.expectation + (unit.map { " (\($0))" } ?? "") + (acceptsNull ? ", or null" : "")
    }
}
