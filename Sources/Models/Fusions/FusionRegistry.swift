import Configuration
import Networks
import Tensors

/// The fusions that a recipe may name.
///
/// A value made at start-up and passed on; further fusions are added with ``register(_:)``.
public struct FusionRegistry: Sendable {
    typealias Maker = @Sendable (
        _ options: [String: OptionValue], _ context: FusionContext
    ) throws(OptionFault) -> any Fusion

    private var registry = Registry<Maker>()

    /// A registry that knows nothing.
    public init() {}

    /// `late` and `cross-attention`.
    public static func standard() throws -> FusionRegistry {
        var registry = FusionRegistry()
        try registry.register(LateFusion.self)
        try registry.register(CrossAttentionFusion.self)
        return registry
    }

    /// Adds a fusion under the name of its description.
    ///
    /// - Throws: when the name is taken.
    public mutating func register<F: FusionPlugin>(_ type: F.Type) throws {
        @Sendable func make(
            _ options: [String: OptionValue], _ context: FusionContext
        ) throws(OptionFault) -> any Fusion {
            try F(options: .decoding(options), context: context)
        }
        try registry.register(F.description, make)
    }

    /// The known names, in the order of registration.
    public var names: [String] { registry.names }

    /// What `describe` prints about each.
    public var descriptions: [ComponentDescription] { registry.descriptions }

    /// What `describe` prints about one.
    public func description(of name: String) -> ComponentDescription? { registry[name]?.description }

    /// The known name that is most like another.
    public func nearest(to name: String) -> String? { registry.nearest(to: name) }

    /// Makes a fusion.
    ///
    /// - Throws: `OptionFault` for an unknown name (its `option` is `nil`), or an option that is unknown, out of range
    ///   or against another option.
    public func make(
        _ name: String, options: [String: OptionValue] = [:], context: FusionContext
    ) throws(OptionFault) -> any Fusion {
        guard let entry = registry[name] else {
            throw OptionFault(
                option: nil, expected: "a fusion: " + names.joined(separator: ", "), found: name,
                suggestion: nearest(to: name))
        }
        return try entry.maker(options, context)
    }
}
