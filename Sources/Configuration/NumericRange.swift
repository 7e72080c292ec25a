/// An interval of numbers: closed below, closed or open above, either side possibly unbounded.
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

    /// Whether a number lies inside. NaN lies nowhere.
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

/// The range literals with which an option can state what it accepts: `0...1`, `0..<1`, `1...` and `...1`.
public protocol OptionBounds<Bound> {
    associatedtype Bound: Comparable
    /// Least value, greatest value, and whether the greatest one belongs to it.
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
