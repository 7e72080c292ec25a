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

/// Components of one kind by name, with what makes them: a value that is filled at start-up and passed on.
///
/// - `Context` is what a component is told when it is made: the shape of its samples, the parameters that it changes.
/// - `Fault` is what its making throws.
public struct ComponentRegistry<Context, Component, Fault: ComponentFault>: Sendable {
    /// Makes a component from the options of a recipe.
    public typealias Maker = @Sendable (_ options: [String: OptionValue], _ context: Context) throws(Fault) -> Component

    private let kind: ComponentKind
    private var registry = Registry<Maker>()

    /// A registry that knows nothing.
    package init(of kind: ComponentKind) { self.kind = kind }

    /// Adds a component under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken; the registry is then as before.
    public mutating func register(_ description: ComponentDescription, _ maker: @escaping Maker) throws(DuplicateComponent) {
        try registry.register(description, maker)
    }

    /// The known names, in the order of registration.
    public var names: [String] { registry.names }

    /// What `list` and `describe` print about each.
    public var descriptions: [ComponentDescription] { registry.descriptions }

    /// What `describe` prints about one.
    public func description(of name: String) -> ComponentDescription? { registry[name]?.description }

    /// The known name that is most like another.
    public func nearest(to name: String) -> String? { registry.nearest(to: name) }

    /// Makes a component.
    ///
    /// - Throws: the kind's fault for an unknown name, an option that is unknown, out of range or against another option, or a context that
    ///   the component cannot be made for.
    public func make(_ name: String, options: [String: OptionValue] = [:], context: Context) throws(Fault) -> Component {
        guard let entry = registry[name] else { throw Fault(unknown: name, kind, known: names) }
        return try entry.maker(options, context)
    }

    /// The options of a component as its struct.
    package static func decode<Values: Options>(_ values: [String: OptionValue], as type: Values.Type) throws(Fault) -> Values {
        do throws(OptionFault) {
            return try type.decoding(values)
        } catch {
            throw Fault(error)
        }
    }
}

/// What making a component throws: something that an option's fault, and an unknown name, can be said with.
public protocol ComponentFault: Error {
    init(_ fault: OptionFault)

    /// - Parameter known: the names that there are.
    init(unknown name: String, _ kind: ComponentKind, known: [String])
}

extension OptionFault: ComponentFault {
    public init(_ fault: OptionFault) { self = fault }

    /// A name that is not known; its option is nil.
    public init(unknown name: String, _ kind: ComponentKind, known: [String]) {
        self.init(
            option: nil,
            expected: known.isEmpty ? "nothing here, as no \(kind.noun) is registered" : "\(kind.phrase): " + known.joined(separator: ", "),
            found: name, suggestion: nearestName(to: name, among: known))
    }
}

extension DatasetFault: ComponentFault {
    /// A fault of an option's value, before any data were looked at.
    public init(_ fault: OptionFault) {
        let place = fault.option.map { "option \($0): " } ?? ""
        self.init(
            option: fault.option, message: "\(place)found \(fault.found)", expected: fault.expected, suggestion: fault.suggestion)
    }

    public init(unknown name: String, _ kind: ComponentKind, known: [String]) {
        self.init(
            message: "there is no \(kind.noun) '\(name)'", expected: "one of: " + known.joined(separator: ", "),
            suggestion: nearestName(to: name, among: known))
    }
}

/// A name was to be registered that is already taken.
public struct DuplicateComponent: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name.
    public let name: String

    public init(name: String) { self.name = name }

    public var description: String { "'\(name)' is registered twice; every component needs a name of its own" }
}
