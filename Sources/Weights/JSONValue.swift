/// A JSON value whose members keep their order and of which no member is dropped.
///
/// Foundation keeps one of two equal keys and does not say so; a file in which a tensor appears twice has to be
/// refused instead. That is why headers are read here.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One `"key": value` of an object.
    package struct Member: Hashable, Sendable {
        package let key: String
        package let value: JSONValue
    }

    /// The value of a member, or nil where this is not an object or has no such member.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The members of an object; empty for any other value.
    package var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// The elements of an array, or nil.
    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text of a string, or nil.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A whole number, or nil; `2.0` counts as whole.
    package var whole: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// Any number as a double, or nil.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// A truth value, or nil.
    package var truth: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// What kind of value this is, for messages.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// `text` as a JSON string with its quotes; control characters are escaped.
    package static func quoted(_ text: String) -> String {
        // Whatever is escaped is a byte of ASCII, which is no part of any other character.
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): result += "\\\"".utf8
            case UInt8(ascii: "\\"): result += "\\\\".utf8
            case UInt8(ascii: "\n"): result += "\\n".utf8
            case UInt8(ascii: "\r"): result += "\\r".utf8
            case UInt8(ascii: "\t"): result += "\\t".utf8
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                result += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return String(decoding: result, as: UTF8.self)
    }
}
