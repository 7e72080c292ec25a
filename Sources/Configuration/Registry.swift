/// Components by name: a value that is filled at start-up and passed on.
///
/// `Maker` is whatever makes one: a closure, a metatype, an entry with both.
public struct Registry<Maker: Sendable>: Sendable {
    private var entries: [(description: ComponentDescription, maker: Maker)] = []
    private var positions: [String: Int] = [:]

    /// A registry that knows nothing.
    public init() {}

    /// Adds a component under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken; the registry is then as before.
    public mutating func register(_ description: ComponentDescription, _ maker: Maker) throws(DuplicateComponent) {
        guard positions[description.name] == nil else { throw DuplicateComponent(name: description.name) }
        positions[description.name] = entries.count
        entries.append((description, maker))
    }

    /// What is known under a name.
    public subscript(name: String) -> (description: ComponentDescription, maker: Maker)? {
        positions[name].map { entries[$0] }
    }

    /// The names, in order of registration.
    public var names: [String] { entries.map(\.description.name) }

    /// The descriptions, in order of registration.
    public var descriptions: [ComponentDescription] { entries.map(\.description) }

    /// The registered name that is most like a mistyped one, where one is near.
    public func nearest(to name: String) -> String? { nearestName(to: name, among: names) }
}

/// A name was to be registered that is already taken.
public struct DuplicateComponent: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name.
    public let name: String

    public init(name: String) { self.name = name }

    public var description: String { "'\(name)' is registered twice; every component needs a name of its own" }
}
