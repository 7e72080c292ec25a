import Configuration

/// The whole models that a recipe may name.
///
/// A value made at start-up and passed on; models are added with ``register(_:)``. Regulus itself brings none: its models are made of
/// encoders and a fusion.
public struct ModelRegistry: Sendable {
    typealias Maker = @Sendable (_ options: [String: OptionValue], _ context: ModelContext) throws(OptionFault) -> any ModelPlugin

    private var registry = Registry<Maker>()

    /// A registry that knows nothing.
    public init() {}

    /// Adds a model under the name of its description.
    ///
    /// - Throws: when the name is taken.
    public mutating func register<M: ModelPlugin>(_ type: M.Type) throws(DuplicateComponent) {
        @Sendable func make(_ options: [String: OptionValue], _ context: ModelContext) throws(OptionFault) -> any ModelPlugin {
            try M(options: .decoding(options), context: context)
        }
        try registry.register(M.description, make)
    }

    /// The known names, in the order of registration.
    public var names: [String] { registry.names }

    /// What `describe` prints about each.
    public var descriptions: [ComponentDescription] { registry.descriptions }

    /// What `describe` prints about one.
    public func description(of name: String) -> ComponentDescription? { registry[name]?.description }

    /// Makes a model.
    ///
    /// - Throws: `OptionFault` for an unknown name (its `option` is `nil`), or an option that is unknown, out of range or against
    ///   another option or the data.
    public func make(_ name: String, options: [String: OptionValue] = [:], context: ModelContext) throws(OptionFault) -> any ModelPlugin {
        guard let entry = registry[name] else {
            throw OptionFault(
                option: nil, expected: names.isEmpty ? "encoders and a fusion, as no whole model is registered" : "a model: " + names.joined(separator: ", "),
                found: name, suggestion: registry.nearest(to: name))
        }
        return try entry.maker(options, context)
    }
}
