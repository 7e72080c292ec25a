extension OptionField {
    /// A real number.
    ///
    /// - Parameters:
    ///   - range: what is accepted, such as `0...1`, `0..<1` or `0...`.
    ///   - unit: what the number is measured in.
    ///   - required: whether a recipe has to give it, because no default would make sense.
    ///   - help: what it does.
    public static func number(
        _ name: String, _ path: WritableKeyPath<Root, Double> & Sendable, in range: some OptionBounds<Double>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .number(NumericRange(range)), unit: unit, isRequired: required, help: help,
            encode: { .number($0) }, decode: \.asNumber)
    }

    /// A real number or `null`.
    public static func number(
        _ name: String, _ path: WritableKeyPath<Root, Double?> & Sendable, in range: some OptionBounds<Double>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .number(NumericRange(range)), unit: unit, isRequired: required, acceptsNull: true, help: help,
            encode: { $0.map(OptionValue.number) ?? .null }, decode: { .some($0.asNumber) })
    }

    /// A list of real numbers, each within `range`.
    public static func numbers(
        _ name: String, _ path: WritableKeyPath<Root, [Double]> & Sendable, in range: some OptionBounds<Double>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .list(of: .number(NumericRange(range))), unit: unit, isRequired: required, help: help,
            encode: { .list($0.map(OptionValue.number)) }, decode: { $0.asList?.compactMap(\.asNumber) })
    }

    /// A whole number.
    public static func integer(
        _ name: String, _ path: WritableKeyPath<Root, Int> & Sendable, in range: some OptionBounds<Int>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .integer(NumericRange(range)), unit: unit, isRequired: required, help: help,
            encode: { .integer($0) }, decode: \.asInteger)
    }

    /// A whole number or `null`.
    public static func integer(
        _ name: String, _ path: WritableKeyPath<Root, Int?> & Sendable, in range: some OptionBounds<Int>,
        unit: String? = nil, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .integer(NumericRange(range)), unit: unit, isRequired: required, acceptsNull: true, help: help,
            encode: { $0.map(OptionValue.integer) ?? .null }, decode: { .some($0.asInteger) })
    }

    /// A list of whole numbers, each within `range`.
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
