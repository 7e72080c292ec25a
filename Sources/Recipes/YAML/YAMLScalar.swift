import Configuration

/// A single value: its text, and what that means. Two are equal when they mean the same: `~` and `null`.
struct YAMLScalar: Sendable {
    let text: String
    /// Never a list.
    let value: OptionValue
    /// Whether it stands in quotes, and so is text whatever it looks like.
    let isQuoted: Bool

    /// A value in quotes is text, whatever it looks like.
    init(quoted text: String) {
        self.text = text
        value = .string(text)
        isQuoted = true
    }

    /// A value without quotes, by the rules of YAML 1.2's core schema: `yes` and `on` are text.
    init(plain text: String) {
        self.text = text
        value = Self.value(of: text)
        isQuoted = false
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
        let whole = rest.removeDigits()
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = rest.removeDigits()
        }
        guard whole + fraction > 0 else { return false }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard rest.removeDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}

extension Substring.UTF8View {
    /// Takes digits off the front, and says how many.
    fileprivate mutating func removeDigits() -> Int {
        let digits = prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        self = dropFirst(digits.count)
        return digits.count
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

/// How a value is written so that readers of YAML 1.1 (PyYAML, Ruby) understand what is meant here, which follows YAML 1.2.
///
/// In 1.1 `on` is true, `010` is 8, `1:30` is 90 and `2024-01-01` a date, while `1e-3` is text.
extension YAMLScalar {
    /// The text to write without quotes; nil where quotes are needed.
    ///
    /// Numbers whose spelling the two versions read differently are spelled another way.
    var plainText: String? {
        switch value {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): Self.isCanonicalInteger(text) ? text : String(value)
        case .number(let value): Self.isCanonicalNumber(text) ? text : Self.spelling(of: value)
        case .string: Self.isText(text) ? text : nil
        case .list, .section: nil
        }
    }

    /// Whether a text without quotes is text to readers of both versions. Some that would be are taken for something else here, which
    /// costs a pair of quotes.
    static func isText(_ text: String) -> Bool {
        guard case .string = YAMLScalar(plain: text).value, !reservedWords.contains(text.lowercased()) else { return false }
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        let body = unsigned.first == "." ? unsigned.dropFirst() : unsigned
        guard body.first?.isNumber == true else { return true }
        // Hexadecimal, binary and sexagesimal numbers, numbers with underscores or exponents, dates and times.
        return !text.allSatisfy { $0.isHexDigit || "xob_.:+-tTzZ ".contains($0) }
    }

    private static let reservedWords: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<"]

    /// `0`, `12`, `-3`.
    private static func isCanonicalInteger(_ text: String) -> Bool {
        let unsigned = text.hasPrefix("-") ? text.dropFirst() : text[...]
        return unsigned == "0" || (unsigned.first != "0" && unsigned.utf8.allSatisfy { (0x30...0x39).contains($0) })
    }

    /// `0.01`, `-1.5e-07`: with a point, and with a sign in front of an exponent.
    private static func isCanonicalNumber(_ text: String) -> Bool {
        var rest = (text.hasPrefix("-") ? text.dropFirst() : text[...]).utf8[...]
        guard rest.removeDigits() > 0, rest.first == UInt8(ascii: ".") else { return false }
        rest = rest.dropFirst()
        guard rest.removeDigits() > 0, !rest.isEmpty else { return rest.isEmpty }
        return rest.removeFirst() == UInt8(ascii: "e") && [UInt8(ascii: "-"), UInt8(ascii: "+")].contains(rest.popFirst())
            && rest.removeDigits() > 0 && rest.isEmpty
    }

    private static func spelling(of number: Double) -> String {
        if number.isNaN { return ".nan" }
        if number.isInfinite { return number < 0 ? "-.inf" : ".inf" }
        let text = "\(number)"
        guard let exponent = text.firstIndex(of: "e"), !text[..<exponent].contains(".") else { return text }
        return text[..<exponent] + ".0" + text[exponent...]
    }
}
