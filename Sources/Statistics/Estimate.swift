/// A mean and how well it is known.
package struct Estimate: Hashable, Sendable {
    package let mean: Double
    /// Sample standard deviation; nil for a single value.
    package let deviation: Double?
    /// Standard error of the mean; nil for a single value.
    package let standardError: Double?
    /// How many values it is made of; at least 1.
    package let count: Int

    /// Nil without values.
    package init?(_ values: [Double]) {
        guard let mean = values.mean else { return nil }
        self.mean = mean
        deviation = values.deviation
        standardError = values.standardError
        count = values.count
    }
}

/// The few descriptive statistics that a table of results needs.
///
/// All of them sum in the order of the array, so that the same results give the same digits.
extension [Double] {
    /// Arithmetic mean; nil without values.
    package var mean: Double? {
        isEmpty ? nil : reduce(0, +) / Double(count)
    }

    /// Sample standard deviation, with `n − 1` in the denominator; nil for fewer than two values, from which no spread can be estimated.
    package var deviation: Double? {
        guard count > 1, let mean else { return nil }
        let squares = reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(count - 1)).squareRoot()
    }

    /// Whether the values have no spread: equal values, or ones that are equal on paper and differ by rounding. From them nothing can be
    /// told about how far another value may lie.
    package var isConstant: Bool {
        guard let low = self.min(), let high = self.max() else { return true }
        return high - low <= 1e-12 * Swift.max(abs(low), abs(high))
    }

    /// Standard error of the mean, `deviation / √n`; nil for fewer than two values.
    package var standardError: Double? {
        deviation.map { $0 / Double(count).squareRoot() }
    }

    /// The middle value, or the mean of the two middle ones; nil without values.
    package var median: Double? {
        guard !isEmpty else { return nil }
        let sorted = sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// The value below which a share `p` of the values lies, interpolated linearly between neighbors.
    ///
    /// - Precondition: there is a value.
    package func quantile(_ p: Double) -> Double {
        sorted().quantileOfSorted(p)
    }

    /// The same of values that rise.
    func quantileOfSorted(_ p: Double) -> Double {
        let position = Swift.min(1, Swift.max(0, p)) * Double(count - 1)
        let index = Swift.min(Int(position), count - 1)
        let next = Swift.min(index + 1, count - 1)
        return self[index] + (self[next] - self[index]) * (position - Double(index))
    }
}
