/// The value of one option, as a recipe can write it.
public enum OptionValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([OptionValue])
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
        }
    }

    /// Shortest decimal text that reads back as the same number, without a trailing `.0`.
    static func text(of number: Double) -> String {
        let text = String(number)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
