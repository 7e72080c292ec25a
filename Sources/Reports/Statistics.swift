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
}

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
        guard let mean = Statistics.mean(values) else { return nil }
        self.mean = mean
        deviation = Statistics.deviation(values)
        standardError = Statistics.standardError(values)
        count = values.count
    }
}

/// A mean of differences between two conditions measured on the same units.
///
/// Pairing removes what both conditions share, such as how hard a domain is; it is what makes a small
/// difference visible over few seeds.
package struct PairedDifference: Hashable, Sendable {
    /// Mean and standard error over the independent units.
    package let estimate: Estimate
    /// How many pairs went in; equal to `estimate.count` unless pairs were grouped.
    package let pairs: Int

    /// Pairs the differences within groups, averages inside each group and estimates over the groups.
    ///
    /// - Parameter groups: differences, grouped by what varies independently. With repetitions, a group
    ///   is one draw and holds all seeds and domains measured on it, which are not independent of each
    ///   other; without, every (seed, domain) pair is a group of its own. Empty groups are passed over.
    /// - Returns: nil when there is no pair.
    package init?(groups: [[Double]]) {
        guard let estimate = Estimate(groups.compactMap(Statistics.mean)) else { return nil }
        self.estimate = estimate
        pairs = groups.reduce(0) { $0 + $1.count }
    }
}
