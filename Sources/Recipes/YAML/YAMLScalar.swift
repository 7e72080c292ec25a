import Configuration

/// A single value: its text, and what that means. Two are equal when they mean the same: `~` and `null`.
struct YAMLScalar: Sendable {
    let text: String
    /// Never a list.
    let value: OptionValue

    /// A value in quotes is text, whatever it looks like.
    init(quoted text: String) {
        self.text = text
        value = .string(text)
    }

    /// A value without quotes, by the rules of YAML 1.2's core schema: `yes` and `on` are text.
    init(plain text: String) {
        self.text = text
        value = Self.value(of: text)
    }

    private static func value(of text: String) -> OptionValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        default: break
        }
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        if [".inf", ".Inf", ".INF"].contains(unsigned) {
            return .number(text.first == "-" ? -.infinity : .infinity)
        }
        if text.hasPrefix("0o"), let value = digits(text.dropFirst(2), radix: 8) { return .integer(value) }
        if text.hasPrefix("0x"), let value = digits(text.dropFirst(2), radix: 16) { return .integer(value) }
        guard isDecimal(unsigned) else { return .string(text) }
        if let value = Int(text) { return .integer(value) }
        return Double(text).map(OptionValue.number) ?? .string(text)
    }

    private static func digits(_ text: Substring, radix: Int) -> Int? {
        text.first == "-" || text.first == "+" ? nil : Int(text, radix: radix)
    }

    /// `12`, `1.5`, `.5`, `1.` or `1e-3`, without a sign.
    private static func isDecimal(_ text: Substring) -> Bool {
        var rest = text.utf8[...]
        func takeDigits() -> Int {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest.dropFirst(digits.count)
            return digits.count
        }
        let whole = takeDigits()
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = takeDigits()
        }
        guard whole + fraction > 0 else { return false }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard takeDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}

extension YAMLScalar: Hashable {
    static func == (a: YAMLScalar, b: YAMLScalar) -> Bool {
        // Not a number equals nothing, not even itself, but the same text means the same.
        a.value == b.value || (a.isNaN && b.isNaN)
    }

    func hash(into hasher: inout Hasher) {
        if !isNaN { hasher.combine(value) }
    }

    private var isNaN: Bool {
        if case .number(let number) = value { number.isNaN } else { false }
    }
}
