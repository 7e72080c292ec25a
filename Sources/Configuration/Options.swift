/// The options of a component: a plain struct whose initial values are the defaults.
///
/// ```swift
/// struct Options: Configuration.Options {
///     var rate = 0.5
///     init() {}
///     static var fields: [OptionField<Options>] {
///         [.number("rate", \.rate, in: 0..<1, "share of the features that are dropped")]
///     }
/// }
/// ```
///
/// The one list of fields serves decoding, checking, printing and help. A type named `Options` inside a
/// component hides this protocol's name; ``ComponentOptions`` is the same protocol by a name that is
/// not hidden. A component without options uses ``NoOptions``.
public protocol Options: Sendable {
    /// The options with their defaults.
    init()

    /// One field for each option, in the order in which `describe` lists them.
    static var fields: [OptionField<Self>] { get }
}

extension Options {
    /// Makes options from the values that a recipe gives; what is left out keeps its default.
    ///
    /// - Parameter values: by the option's name in kebab-case.
    /// - Throws: `OptionFault` for an unknown name (the first in alphabetical order), a required option
    ///   that is missing, or a value of the wrong kind or out of its range.
    public static func decoding(_ values: [String: OptionValue]) throws(OptionFault) -> Self {
        let fields = self.fields
        let names = fields.map(\.name)
        if let unknown = values.keys.sorted().first(where: { !names.contains($0) }) {
            throw OptionFault(
                option: unknown,
                expected: names.isEmpty ? "no options" : "one of the options: " + names.joined(separator: ", "),
                found: unknown, suggestion: nearestName(to: unknown, among: names))
        }
        var options = Self()
        for field in fields {
            if let value = values[field.name] {
                try field.set(value, in: &options)
            } else if field.isRequired {
                throw OptionFault(option: field.name, expected: field.description.expectation, found: "nothing")
            }
        }
        return options
    }

    /// All values by name, in the order of the fields; ``decoding(_:)`` reads them back.
    public var encoded: [(name: String, value: OptionValue)] {
        Self.fields.map { ($0.name, $0.value(in: self)) }
    }

    /// The description of each option, in the order of the fields.
    public static var descriptions: [OptionDescription] { fields.map(\.description) }
}

/// Options that every component of a kind has in a recipe besides its own, such as the file of weights that an encoder starts from.
///
/// A component that declares them itself is not given them: it is asked for by `isOwn`, in each of these.
extension Options {
    /// Their descriptions, to be listed behind a component's own.
    package static func descriptions(besideOwn isOwn: Bool) -> [OptionDescription] { isOwn ? [] : descriptions }

    /// Divides what a recipe gives a component into the component's own options, which are not read here, and these.
    ///
    /// - Parameter values: by the option's name in kebab-case.
    /// - Throws: `OptionFault` for a value of these that is of the wrong kind or out of its range.
    package static func dividing(
        _ values: [String: OptionValue], besideOwn isOwn: Bool
    ) throws(OptionFault) -> (own: [String: OptionValue], beside: Self) {
        guard !isOwn else { return (values, Self()) }
        let names = Set(fields.map(\.name))
        return (values.filter { !names.contains($0.key) }, try .decoding(values.filter { names.contains($0.key) }))
    }
}

/// The protocol ``Options`` by a name that a component's own `struct Options` does not hide.
public typealias ComponentOptions = Options

/// The options of a component that has none.
public struct NoOptions: Options {
    public init() {}
    public static var fields: [OptionField<NoOptions>] { [] }
}

/// The value of one option, as a recipe can write it.
public enum OptionValue: Sendable, Hashable {
    /// `null`, `~` or nothing.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number.
    case integer(Int)
    /// Any other number.
    case number(Double)
    /// A text.
    case string(String)
    /// Values in brackets, or one a line.
    case list([OptionValue])
    /// Values by name: one of the components that an option names, with `use` and its options.
    case section([String: OptionValue])
}

extension OptionValue: CustomStringConvertible {
    /// The value as a person would type it: `0.001`, `true`, `[1, 2]`.
    public var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .number(let value): Self.text(of: value)
        case .string(let value): value
        case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
        case .section(let values): "{" + values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        }
    }

    /// The shortest decimal text that reads back as the same number, without a trailing `.0`.
    static func text(of number: Double) -> String {
        let text = String(number)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

/// Written as JSON writes it. A whole number reads back as an integer, which every option for numbers
/// accepts.
extension OptionValue: Codable {
    /// - Throws: `DecodingError` where there is something other than `null`, a flag, a number, text, or a
    ///   list or a section of these.
    public init(from decoder: any Decoder) throws {
        let field = try decoder.singleValueContainer()
        if field.decodeNil() {
            self = .null
        } else if let value = try? field.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? field.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? field.decode(Double.self) {
            self = .number(value)
        } else if let value = try? field.decode(String.self) {
            self = .string(value)
        } else if let values = try? field.decode([OptionValue].self) {
            self = .list(values)
        } else {
            self = .section(try field.decode([String: OptionValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var field = encoder.singleValueContainer()
        switch self {
        case .null: try field.encodeNil()
        case .bool(let value): try field.encode(value)
        case .integer(let value): try field.encode(value)
        case .number(let value): try field.encode(value)
        case .string(let value): try field.encode(value)
        case .list(let values): try field.encode(values)
        case .section(let values): try field.encode(values)
        }
    }
}
