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
