/// One option of a component: its name in recipes, which values it accepts, and the property of the
/// options' struct that holds it.
///
/// Fields are made by the static functions `number`, `integer`, `flag`, `choice`, `text`, `path` and
/// their plurals. A property of an optional type gives an option that also accepts `null`. The default
/// is the property's initial value, so that it stands in one place only.
///
/// ```swift
/// static var fields: [OptionField<Options>] {
///     [
///         .number("rate", \.rate, in: 0..<1, "share of the features that are dropped"),
///         .choice("axis", \.axis, "which axis is normalized"),
///     ]
/// }
/// ```
public struct OptionField<Root: Options>: Sendable {
    /// Its name in recipes, in kebab-case.
    public let name: String

    /// The option as help texts show it; its default is the initial value of the property.
    public let description: OptionDescription

    private let read: @Sendable (Root) -> OptionValue
    private let write: @Sendable (OptionValue, inout Root) -> Void

    var isRequired: Bool { description.isRequired }

    /// The value that the property holds in `options`.
    func value(in options: Root) -> OptionValue { read(options) }

    /// Puts a value into `options`.
    ///
    /// - Throws: `OptionFault` where it is of the wrong kind or out of range.
    func set(_ value: OptionValue, in options: inout Root) throws(OptionFault) {
        if let fault = description.fault(in: value) { throw fault }
        write(value, &options)
    }

    /// - Parameters:
    ///   - encode: the option as a value.
    ///   - decode: a value that `kind` accepts (or `null`, where `acceptsNull`) as the option.
    init<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ kind: OptionKind, unit: String?,
        isRequired: Bool, acceptsNull: Bool = false, help: String, encode: @escaping @Sendable (Value) -> OptionValue,
        decode: @escaping @Sendable (OptionValue) -> Value?
    ) {
        self.name = name
        description = OptionDescription(
            name: name, help: help, unit: unit, kind: kind, defaultValue: encode(Root()[keyPath: path]),
            isRequired: isRequired, acceptsNull: acceptsNull)
        read = { encode($0[keyPath: path]) }
        write = { value, root in
            if let decoded = decode(value) { root[keyPath: path] = decoded }
        }
    }
}

extension OptionField {
    /// A real number.
    ///
    /// - Parameters:
    ///   - name: the option's name in recipes, in kebab-case.
    ///   - path: the property that holds it.
    ///   - range: what is accepted, such as `0...1`, `0..<1` or `0...`. Infinity and NaN never are.
    ///   - unit: what the number is measured in, as `describe` prints it; nil for a bare number.
    ///   - required: whether a recipe has to give it because no default would make sense.
    ///   - help: what it does, in a few words, lowercase, without a full stop.
    public static func number(
        _ name: String, _ path: WritableKeyPath<Root, Double> & Sendable, in range: some OptionBounds<Double>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .number(NumericRange(range)), unit: unit, isRequired: required, help: help,
            encode: { .number($0) }, decode: \.asNumber)
    }

    /// A real number within `range`, or `null`, which the property holds as nil.
    public static func number(
        _ name: String, _ path: WritableKeyPath<Root, Double?> & Sendable, in range: some OptionBounds<Double>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .number(NumericRange(range)), unit: unit, isRequired: required, acceptsNull: true, help: help,
            encode: { $0.map(OptionValue.number) ?? .null }, decode: { .some($0.asNumber) })
    }

    /// A list of real numbers, each within `range`. An empty list is accepted.
    public static func numbers(
        _ name: String, _ path: WritableKeyPath<Root, [Double]> & Sendable, in range: some OptionBounds<Double>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .list(of: .number(NumericRange(range))), unit: unit, isRequired: required, help: help,
            encode: { .list($0.map(OptionValue.number)) }, decode: { $0.asList?.compactMap(\.asNumber) })
    }

    /// A whole number within `range`.
    public static func integer(
        _ name: String, _ path: WritableKeyPath<Root, Int> & Sendable, in range: some OptionBounds<Int>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .integer(NumericRange(range)), unit: unit, isRequired: required, help: help,
            encode: { .integer($0) }, decode: \.asInteger)
    }

    /// A whole number within `range`, or `null`, which the property holds as nil.
    public static func integer(
        _ name: String, _ path: WritableKeyPath<Root, Int?> & Sendable, in range: some OptionBounds<Int>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .integer(NumericRange(range)), unit: unit, isRequired: required, acceptsNull: true, help: help,
            encode: { $0.map(OptionValue.integer) ?? .null }, decode: { .some($0.asInteger) })
    }

    /// A list of whole numbers, each within `range`. An empty list is accepted.
    public static func integers(
        _ name: String, _ path: WritableKeyPath<Root, [Int]> & Sendable, in range: some OptionBounds<Int>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .list(of: .integer(NumericRange(range))), unit: unit, isRequired: required, help: help,
            encode: { .list($0.map(OptionValue.integer)) }, decode: { $0.asList?.compactMap(\.asInteger) })
    }
}

extension OptionValue {
    var asNumber: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    var asInteger: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    var asBool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    var asString: String? {
        if case .string(let value) = self { value } else { nil }
    }

    var asList: [OptionValue]? {
        if case .list(let values) = self { values } else { nil }
    }
}

extension OptionField {
    /// `true` or `false`.
    public static func flag(
        _ name: String, _ path: WritableKeyPath<Root, Bool> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .flag, unit: nil, isRequired: required, help: help, encode: { .bool($0) }, decode: \.asBool)
    }

    /// One word out of the raw values of an enumeration, compared exactly.
    public static func choice<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ name: String, _ path: WritableKeyPath<Root, Choice> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .choice(Choice.allCases.map(\.rawValue)), unit: nil, isRequired: required, help: help,
            encode: { .string($0.rawValue) }, decode: { $0.asString.flatMap(Choice.init) })
    }

    /// One word out of the raw values of an enumeration, or `null`, which the property holds as nil.
    public static func choice<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ name: String, _ path: WritableKeyPath<Root, Choice?> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .choice(Choice.allCases.map(\.rawValue)), unit: nil, isRequired: required, acceptsNull: true,
            help: help, encode: { $0.map { .string($0.rawValue) } ?? .null },
            decode: { .some($0.asString.flatMap(Choice.init)) })
    }

    /// Any text, the empty one included. A number has to stand in quotes.
    public static func text(
        _ name: String, _ path: WritableKeyPath<Root, String> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .text, unit: nil, isRequired: required, help: help, encode: { .string($0) }, decode: \.asString)
    }

    /// Any text, or `null`.
    public static func text(
        _ name: String, _ path: WritableKeyPath<Root, String?> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .text, unit: nil, isRequired: required, acceptsNull: true, help: help,
            encode: { $0.map(OptionValue.string) ?? .null }, decode: { .some($0.asString) })
    }

    /// The path of a file or folder. In a recipe it is relative to the folder of the file in which it
    /// stands; whether anything is there is not checked here.
    public static func path(
        _ name: String, _ path: WritableKeyPath<Root, String> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .path, unit: nil, isRequired: required, help: help, encode: { .string($0) }, decode: \.asString)
    }

    /// The path of a file or folder, or `null`. In a recipe it is relative to the folder of the file in
    /// which it stands.
    public static func path(
        _ name: String, _ path: WritableKeyPath<Root, String?> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .path, unit: nil, isRequired: required, acceptsNull: true, help: help,
            encode: { $0.map(OptionValue.string) ?? .null }, decode: { .some($0.asString) })
    }

    /// A list of paths. A single path stands for a list of one.
    public static func paths(
        _ name: String, _ path: WritableKeyPath<Root, [String]> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .list(of: .path), unit: nil, isRequired: required, help: help,
            encode: { .list($0.map(OptionValue.string)) }, decode: { $0.asTexts })
    }

    /// A list of texts; a single text stands for a list of one.
    public static func texts(
        _ name: String, _ path: WritableKeyPath<Root, [String]> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .list(of: .text), unit: nil, isRequired: required, help: help,
            encode: { .list($0.map(OptionValue.string)) }, decode: { $0.asTexts })
    }

    /// A list of texts, or `null`; a single text stands for a list of one.
    public static func texts(
        _ name: String, _ path: WritableKeyPath<Root, [String]?> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .list(of: .text), unit: nil, isRequired: required, acceptsNull: true, help: help,
            encode: { $0.map { .list($0.map(OptionValue.string)) } ?? .null },
            decode: { .some($0.asTexts) })
    }
}

extension OptionValue {
    fileprivate var asTexts: [String]? { asString.map { [$0] } ?? asList?.compactMap(\.asString) }
}

/// A component that an option names, with the options that it is given.
package struct NamedComponent: Sendable, Hashable {
    /// What it is called among the others of the option.
    package var name: String
    /// The component's name in the registry.
    package var use: String
    /// By name; whether the component has such options shows when it is made.
    package var options: [String: OptionValue]

    /// - Parameter name: the component's own where nil.
    package init(_ use: String, name: String? = nil, options: [String: OptionValue] = [:]) {
        (self.name, self.use, self.options) = (name ?? use, use, options)
    }

    /// The keys of its section that are no options of it.
    package static let reservedKeys = ["use", "name"]

    /// Reads a section; nil for another value, and for one without `use`.
    package init?(_ value: OptionValue) {
        guard case .section(let entries) = value, case .string(let use)? = entries["use"] else { return nil }
        var name = use
        if let given = entries["name"] {
            guard case .string(let text) = given else { return nil }
            name = text
        }
        self.init(use, name: name, options: entries.filter { !Self.reservedKeys.contains($0.key) })
    }

    /// The section that reads back as this.
    package var value: OptionValue {
        .section(options.merging(["use": .string(use), "name": .string(name)]) { $1 })
    }
}

extension OptionField {
    /// A list of components of one kind, each with options of its own.
    ///
    /// - Parameter kind: where their names are looked up.
    package static func components(
        _ name: String, _ path: WritableKeyPath<Root, [NamedComponent]> & Sendable, of kind: ComponentKind, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .components(kind), unit: nil, isRequired: required, help: help,
            encode: { .list($0.map(\.value)) }, decode: { $0.asList?.compactMap(NamedComponent.init) })
    }
}

extension OptionValue {
    /// The components that a value names, those among their options included.
    package var components: [NamedComponent] {
        guard case .list(let items) = self else { return [] }
        return items.compactMap(NamedComponent.init).flatMap { [$0] + $0.options.values.flatMap(\.components) }
    }

    /// The value without some options of the components that it names.
    package func leavingOut(_ names: Set<String>) -> OptionValue {
        guard case .list(let items) = self else { return self }
        return .list(
            items.map { item in
                guard var component = NamedComponent(item) else { return item }
                component.options = component.options.filter { !names.contains($0.key) }.mapValues { $0.leavingOut(names) }
                return component.value
            })
    }
}
