/// What an option accepts.
public indirect enum OptionKind: Sendable, Hashable {
    /// A real number; whole numbers are accepted too. NaN never is, and infinity never is.
    case number(NumericRange)
    /// A whole number.
    case integer(NumericRange)
    /// `true` or `false`.
    case flag
    /// One of some words.
    case choice([String])
    /// Any text.
    case text
    /// The path of a file or folder. In a recipe it is relative to the folder of the file in which it stands.
    case path
    /// A list of values of one kind. A single text stands for a list of one: `path: file.safetensors`.
    case list(of: OptionKind)

    /// What is expected, in words: `a whole number from 1 to 8`.
    public var expectation: String {
        switch self {
        case .number(let range): "a number" + range.suffix
        case .integer(let range): "a whole number" + range.suffix
        case .flag: "true or false"
        case .choice(let words): "one of: " + words.joined(separator: ", ")
        case .text: "text"
        case .path: "a path"
        case .list(of: .text): "text or a list of texts"
        case .list(of: .path): "a path or a list of paths"
        case .list(let kind): "a list of " + kind.pluralExpectation
        }
    }

    private var pluralExpectation: String {
        switch self {
        case .number(let range): "numbers" + range.suffix
        case .integer(let range): "whole numbers" + range.suffix
        case .flag: "true or false"
        case .choice(let words): "words out of: " + words.joined(separator: ", ")
        case .text: "texts"
        case .path: "paths"
        case .list: "lists"
        }
    }

    /// Whether a value is of this kind and within its range.
    func accepts(_ value: OptionValue) -> Bool {
        switch (self, value) {
        case (.number(let range), .number(let number)): number.isFinite && range.contains(number)
        case (.number(let range), .integer(let number)): range.contains(Double(number))
        case (.integer(let range), .integer(let number)): range.contains(Double(number))
        case (.flag, .bool), (.text, .string), (.path, .string), (.list(of: .text), .string), (.list(of: .path), .string): true
        case (.choice(let words), .string(let word)): words.contains(word)
        case (.list(let kind), .list(let values)): values.allSatisfy(kind.accepts)
        default: false
        }
    }

    /// What the writer may have meant by a value that is not accepted.
    func suggestion(for value: OptionValue) -> String? {
        switch (self, value) {
        case (.choice(let words), .string(let word)): nearestName(to: word, among: words)
        case (.flag, .string(let word)) where ["yes", "on"].contains(word.lowercased()): "true"
        case (.flag, .string(let word)) where ["no", "off"].contains(word.lowercased()): "false"
        case (.text, .integer), (.text, .number), (.text, .bool), (.path, .integer), (.path, .number): "\"\(value)\""
        case (.list(let kind), .list(let values)):
            values.first { !kind.accepts($0) }.flatMap(kind.suggestion)
        case (.list(let kind), _) where kind.accepts(value): "[\(value)]"
        default: nil
        }
    }
}
