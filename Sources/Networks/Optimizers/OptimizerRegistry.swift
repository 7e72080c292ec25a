import Configuration

/// The optimizers that a recipe may name.
///
/// A value made at start-up and passed on; further optimizers are added with ``register(_:_:)``.
public struct OptimizerRegistry: Sendable {
    /// Makes an optimizer for some parameters from the options of a recipe.
    public typealias Maker = @Sendable (
        _ options: [String: OptionValue], _ parameters: [NamedParameter]
    ) throws(OptionFault) -> any Optimizer

    private var registry = Registry<Maker>()

    /// A registry that knows nothing.
    public init() {}

    /// `adam`, `adamw`, `sgd` and `lars`.
    public static func standard() throws -> OptimizerRegistry {
        var registry = OptimizerRegistry()
        try registry.register(Adam.description) { options, parameters throws(OptionFault) in
            Adam(options: try .decoding(options), parameters: parameters)
        }
        try registry.register(AdamW.description) { options, parameters throws(OptionFault) in
            AdamW(options: try .decoding(options), parameters: parameters)
        }
        try registry.register(SGD.description) { options, parameters throws(OptionFault) in
            SGD(options: try .decoding(options), parameters: parameters)
        }
        try registry.register(LARS.description) { options, parameters throws(OptionFault) in
            LARS(options: try .decoding(options), parameters: parameters)
        }
        return registry
    }

    /// Adds an optimizer.
    ///
    /// - Throws: when the name is taken.
    public mutating func register(_ description: ComponentDescription, _ maker: @escaping Maker) throws {
        try registry.register(description, maker)
    }

    /// The known names, in the order of registration.
    public var names: [String] { registry.names }

    /// What `describe` prints about each.
    public var descriptions: [ComponentDescription] { registry.descriptions }

    /// What `describe` prints about one.
    public func description(of name: String) -> ComponentDescription? { registry[name]?.description }

    /// Makes an optimizer.
    ///
    /// - Throws: `OptionFault` for an unknown name (its `option` is `nil`) or an option that is unknown or out of range.
    public func make(
        _ name: String, options: [String: OptionValue] = [:], parameters: [NamedParameter]
    ) throws(OptionFault) -> any Optimizer {
        guard let entry = registry[name] else {
            throw OptionFault(
                option: nil, expected: "an optimizer: " + names.joined(separator: ", "), found: name,
                suggestion: registry.nearest(to: name))
        }
        return try entry.maker(options, parameters)
    }
}
