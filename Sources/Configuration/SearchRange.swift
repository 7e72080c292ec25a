/// The range in which a paper or a benchmark searches an option: what `tune: default` draws from.
public struct SearchRange: Sendable, Hashable {
    /// The option's name; `weight` for the weight of a regularizer.
    public let option: String
    /// The ends, the smaller one first.
    public let lower, upper: Double
    /// Whether orders of magnitude are evenly distributed, and not values.
    public let isLogarithmic: Bool

    /// Evenly distributed values.
    public static func linear(_ option: String, _ range: ClosedRange<Double>) -> SearchRange {
        SearchRange(option: option, lower: range.lowerBound, upper: range.upperBound, isLogarithmic: false)
    }

    /// Evenly distributed orders of magnitude; the range begins above 0.
    public static func logarithmic(_ option: String, _ range: ClosedRange<Double>) -> SearchRange {
        SearchRange(option: option, lower: range.lowerBound, upper: range.upperBound, isLogarithmic: true)
    }
}

extension SearchRange: CustomStringConvertible {
    /// `weight 0.1 to 10, logarithmic`.
    public var description: String {
        "\(option) \(OptionValue.number(lower)) to \(OptionValue.number(upper))" + (isLogarithmic ? ", logarithmic" : "")
    }
}
