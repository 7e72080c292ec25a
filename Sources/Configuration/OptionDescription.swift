/// One option as help texts and the check of a recipe need it: everything but the Swift type that holds
/// its value.
public struct OptionDescription: Sendable, Hashable {
    /// Its name in recipes, in kebab-case.
    public let name: String
    /// What it does, in a few words.
    public let help: String
    /// What its number counts or measures; nil for a bare number or none.
    public let unit: String?
    /// Which values it accepts.
    public let kind: OptionKind
    /// The value that holds where a recipe leaves the option out; without meaning where ``isRequired``.
    public let defaultValue: OptionValue
    /// Whether a recipe has to give it.
    public let isRequired: Bool
    /// Whether `null` is accepted. Where the default is `null`, writing it says the same as leaving the
    /// option out.
    public let acceptsNull: Bool

    /// Checks a value against this option.
    ///
    /// - Returns: what is wrong with it, with the nearest accepted value where there is one; nil where
    ///   it is accepted.
    public func fault(in value: OptionValue) -> OptionFault? {
        if value == .null && acceptsNull { return nil }
        if kind.accepts(value) { return nil }
        return OptionFault(
            option: name, expected: expectation, found: value.description, suggestion: kind.suggestion(for: value))
    }

    /// What is accepted, in words, with the unit: `a whole number from 1 to 4096 (features)`.
    public var expectation: String {
        kind.expectation + (unit.map { " (\($0))" } ?? "") + (acceptsNull ? ", or null" : "")
    }
}

/// Which values an option accepts.
public indirect enum OptionKind: Sendable, Hashable {
    /// A real number within the range. Whole numbers are accepted too; NaN and the infinities never
    /// are.
    case number(NumericRange)
    /// A whole number within the range. `2.0` is not one.
    case integer(NumericRange)
    /// `true` or `false`.
    case flag
    /// One of some words, compared exactly.
    case choice([String])
    /// Any text.
    case text
    /// The path of a file or folder. In a recipe it is relative to the folder of the file in which it
    /// stands.
    case path
    /// A list of values of one kind. A single text stands for a list of one: `path: file.safetensors`.
    case list(of: OptionKind)
    /// A list of components of one kind, each a section with `use`, options of its own and, where it is
    /// called otherwise than its component, a `name`.
    case components(ComponentKind)

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
        case .components(let kind): "a list of \(kind.noun)s, as in [{name: first, use: NAME}, {name: second, use: NAME}]"
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
        case .list, .components: "lists"
        }
    }

    /// Whether a value is of this kind and, for numbers, within the range.
    func accepts(_ value: OptionValue) -> Bool {
        switch (self, value) {
        case (.number(let range), .number(let number)): number.isFinite && range.contains(number)
        case (.number(let range), .integer(let number)): range.contains(Double(number))
        case (.integer(let range), .integer(let number)): range.contains(Double(number))
        case (.flag, .bool), (.text, .string), (.path, .string), (.list(of: .text), .string), (.list(of: .path), .string): true
        case (.choice(let words), .string(let word)): words.contains(word)
        case (.list(let kind), .list(let values)): values.allSatisfy(kind.accepts)
        case (.components, .list(let values)): values.allSatisfy { NamedComponent($0) != nil }
        default: false
        }
    }

    /// What the writer may have meant by a value that is not accepted: the nearest word of a choice,
    /// `true` for `yes`, a number as text where text is expected, a list around a single value.
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

/// An interval of numbers: its lower end always belongs to it, its upper end may or may not, and either
/// may be absent.
public struct NumericRange: Sendable, Hashable {
    /// The smallest number; nil for none.
    public let lower: Double?
    /// The largest number; nil for none.
    public let upper: Double?
    /// Whether `upper` itself belongs to it.
    public let includesUpper: Bool

    init(lower: Double? = nil, upper: Double? = nil, includesUpper: Bool = true) {
        self.lower = lower
        self.upper = upper
        self.includesUpper = includesUpper
    }

    /// Whether a number lies in the interval. NaN lies in none.
    public func contains(_ number: Double) -> Bool {
        if number.isNaN { return false }
        if let lower, number < lower { return false }
        if let upper { return includesUpper ? number <= upper : number < upper }
        return true
    }

    /// ` from 0 to 1`, ` from 0 up`, ` from 0 to below 1`, or nothing.
    var suffix: String {
        let from = lower.map { " from \(OptionValue.text(of: $0))" } ?? ""
        guard let upper else { return lower == nil ? "" : from + " up" }
        let word = includesUpper ? "to" : lower == nil ? "below" : "to below"
        return from + " \(includesUpper && lower == nil ? "up to" : word) \(OptionValue.text(of: upper))"
    }
}

/// The Swift ranges with which a field states what its option accepts: `0...1`, `0..<1`, `1...` and
/// `...1`.
///
/// `Range`, `ClosedRange`, `PartialRangeFrom` and `PartialRangeThrough` conform; nobody else needs to.
public protocol OptionBounds<Bound> {
    /// The type of the values that are bounded.
    associatedtype Bound: Comparable
    /// The least value, the greatest value (nil where there is no limit), and whether the greatest one
    /// is itself accepted.
    var optionBounds: (lower: Bound?, upper: Bound?, includesUpper: Bool) { get }
}

extension ClosedRange: OptionBounds {
    public var optionBounds: (lower: Bound?, upper: Bound?, includesUpper: Bool) { (lowerBound, upperBound, true) }
}

extension Range: OptionBounds {
    public var optionBounds: (lower: Bound?, upper: Bound?, includesUpper: Bool) { (lowerBound, upperBound, false) }
}

extension PartialRangeFrom: OptionBounds {
    public var optionBounds: (lower: Bound?, upper: Bound?, includesUpper: Bool) { (lowerBound, nil, true) }
}

extension PartialRangeThrough: OptionBounds {
    public var optionBounds: (lower: Bound?, upper: Bound?, includesUpper: Bool) { (nil, upperBound, true) }
}

extension NumericRange {
    init(_ range: some OptionBounds<Double>) {
        let (lower, upper, includesUpper) = range.optionBounds
        self.init(
            lower: lower == -.infinity ? nil : lower, upper: upper == .infinity ? nil : upper, includesUpper: includesUpper)
    }

    init(_ range: some OptionBounds<Int>) {
        let (lower, upper, includesUpper) = range.optionBounds
        self.init(lower: lower.map(Double.init), upper: upper.map(Double.init), includesUpper: includesUpper)
    }
}

/// The range in which a paper or a benchmark searched for the best value of an option.
///
/// `tune:` in a recipe draws from it by the name of a search, and `describe` prints it.
public struct SearchRange: Sendable, Hashable {
    /// A benchmark that publishes the ranges of many methods.
    public enum Benchmark: String, CaseIterable, Sendable {
        /// DomainBed (Gulrajani and Lopez-Paz 2021).
        case domainBed = "domainbed"
        /// MMDG-Bench.
        case mmdgBench = "mmdg-bench"
    }

    /// The option's name; `weight` for the weight of a regularizer.
    public let option: String
    /// The ends, the smaller one first.
    public let lower, upper: Double
    /// Whether draws are uniform in the logarithm of the value instead of the value itself.
    public let isLogarithmic: Bool
    /// Distance from the lower end of which every value is a multiple; nil for any value.
    public let step: Double?
    /// The benchmark whose range it is; nil for that of the component's source.
    public let benchmark: Benchmark?

    /// A range whose values, or steps, are equally likely.
    public static func linear(
        _ option: String, _ range: ClosedRange<Double>, step: Double? = nil, of benchmark: Benchmark? = nil
    ) -> SearchRange {
        SearchRange(
            option: option, lower: range.lowerBound, upper: range.upperBound, isLogarithmic: false, step: step, benchmark: benchmark)
    }

    /// A range whose orders of magnitude are equally likely.
    ///
    /// - Precondition: the range begins above 0.
    public static func logarithmic(_ option: String, _ range: ClosedRange<Double>, of benchmark: Benchmark? = nil) -> SearchRange {
        SearchRange(
            option: option, lower: range.lowerBound, upper: range.upperBound, isLogarithmic: true, step: nil, benchmark: benchmark)
    }
}

extension SearchRange: CustomStringConvertible {
    /// `weight 0.1 to 10, logarithmic (domainbed)`.
    public var description: String {
        "\(option) \(OptionValue.number(lower)) to \(OptionValue.number(upper))" + (isLogarithmic ? ", logarithmic" : "")
            + (step.map { " in steps of \(OptionValue.number($0))" } ?? "") + (benchmark.map { " (\($0.rawValue))" } ?? "")
    }
}
