/// The few statistics that a table of results needs.
///
/// All of them sum in the order given, so that the same results give the same digits.
package enum Statistics {
    /// Arithmetic mean; nil without values.
    package static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// Sample standard deviation, with `n − 1` in the denominator; nil for fewer than two values, from
    /// which no spread can be estimated.
    package static func deviation(_ values: [Double]) -> Double? {
        guard values.count > 1, let mean = mean(values) else { return nil }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }

    /// Standard error of the mean, `deviation / √n`; nil for fewer than two values.
    package static func standardError(_ values: [Double]) -> Double? {
        deviation(values).map { $0 / Double(values.count).squareRoot() }
    }

    /// The middle value, or the mean of the two middle ones; nil without values.
    package static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
