/// Components by name, in the order in which they were registered: a value that is filled at start-up
/// and passed on.
///
/// `Component` is whatever is known about one: an entry with its description and what makes it.
public struct Registry<Component: Sendable>: Sendable {
    /// The names, in order of registration.
    public private(set) var names: [String] = []
    /// The components, in order of registration.
    public private(set) var components: [Component] = []
    private var positions: [String: Int] = [:]

    /// A registry without components.
    public init() {}

    /// Adds a component under a name.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken; the registry then stays as it was.
    public mutating func register(_ name: String, _ component: Component) throws(DuplicateComponent) {
        guard positions[name] == nil else { throw DuplicateComponent(name: name) }
        positions[name] = components.count
        names.append(name)
        components.append(component)
    }

    /// The component of a name; nil where there is none.
    public subscript(name: String) -> Component? { positions[name].map { components[$0] } }

    /// The registered name that a mistyped one most probably means; nil where none is near. See
    /// ``nearestName(to:among:)``.
    public func nearest(to name: String) -> String? { nearestName(to: name, among: names) }
}

/// The components of one kind by name, with what makes them: a value that is filled at start-up and
/// passed on.
///
/// - `Context` is what a component is told when it is made, such as the shape of its samples or the
///   parameters that it changes.
/// - `Fault` is the error that making it throws.
public struct ComponentRegistry<Context, Component, Fault: ComponentFault>: Sendable {
    /// Makes a component from the options of a recipe.
    public typealias Maker = @Sendable (_ options: [String: OptionValue], _ context: Context) throws(Fault) -> Component

    private let kind: ComponentKind
    private var registry = Registry<Entry>()

    private struct Entry: Sendable {
        let description: ComponentDescription
        let maker: Maker
    }

    /// A registry that knows nothing.
    package init(of kind: ComponentKind) { self.kind = kind }

    /// Adds a component under the name in its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken; the registry then stays as it was.
    public mutating func register(_ description: ComponentDescription, _ maker: @escaping Maker) throws(DuplicateComponent) {
        try registry.register(description.name, Entry(description: description, maker: maker))
    }

    /// The known names, in the order of registration.
    public var names: [String] { registry.names }

    /// What `list` and `describe` print about each.
    public var descriptions: [ComponentDescription] { registry.components.map(\.description) }

    /// What `describe` prints about one component; nil where the name is unknown.
    public func description(of name: String) -> ComponentDescription? { registry[name]?.description }

    /// The registered name that a mistyped one most probably means; nil where none is near.
    public func nearest(to name: String) -> String? { registry.nearest(to: name) }

    /// Makes a component.
    ///
    /// - Parameters:
    ///   - name: a registered name.
    ///   - options: the values that a recipe gives, by the option's name; the rest keep their defaults.
    ///   - context: what the component is told about where it is used.
    /// - Throws: the kind's fault for an unknown name (with the nearest known one), for an option that
    ///   is unknown, out of range or in conflict with another, and for a context that the component
    ///   cannot serve.
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

/// The error that making a component of some kind throws. It has to be able to say that an option is
/// wrong and that a name is unknown.
public protocol ComponentFault: Error {
    /// Says that an option has a wrong value.
    init(_ fault: OptionFault)

    /// Says that no component of the kind has this name.
    ///
    /// - Parameter known: the names that exist.
    init(unknown name: String, _ kind: ComponentKind, known: [String])
}

extension OptionFault: ComponentFault {
    /// The fault itself.
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

    /// A name that is not known.
    public init(unknown name: String, _ kind: ComponentKind, known: [String]) {
        self.init(
            message: "there is no \(kind.noun) '\(name)'", expected: "one of: " + known.joined(separator: ", "),
            suggestion: nearestName(to: name, among: known))
    }
}

/// Two components of one kind were given the same name.
public struct DuplicateComponent: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name that is taken.
    public let name: String

    /// A fault of a name.
    public init(name: String) { self.name = name }

    public var description: String { "'\(name)' is registered twice; every component needs a name of its own" }
}
