import Foundation

/// A range that holds a mean with a given probability.
package struct ConfidenceInterval: Hashable, Sendable {
    package let low: Double
    package let high: Double

    package init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }

    /// Mean ± critical t × standard error; nil for fewer than two values, and for equal ones, which show no spread to go by.
    package static func student(_ values: [Double], confidence: Double = 0.95) -> ConfidenceInterval? {
        guard !values.isConstant, let estimate = Estimate(values), let error = estimate.standardError else { return nil }
        let distribution = StudentDistribution(degrees: Double(values.count - 1))
        let reach = error * distribution.critical(twoSided: 1 - confidence)
        return ConfidenceInterval(low: estimate.mean - reach, high: estimate.mean + reach)
    }
}

/// Bootstrap intervals of a mean (Efron and Tibshirani 1993, chapters 13 and 14).
package struct Bootstrap: Hashable, Sendable {
    package static let resamples = 10_000

    private let values: [Double]
    /// Means of the resamples, sorted.
    private let means: [Double]

    /// Draws the resamples; equal values give equal intervals. Nil for fewer than two values.
    package init?(_ values: [Double], resamples: Int = Bootstrap.resamples) {
        guard values.count > 1 else { return nil }
        var random = CountedRandom(stream: 0)
        let means = (0..<resamples).map { _ in
            var sum = 0.0
            for _ in values { sum += values[random.next(below: values.count)] }
            return sum / Double(values.count)
        }
        self.init(values, means: means)
    }

    /// - Parameter means: means of resamples that were drawn elsewhere, in any order; at least one.
    init(_ values: [Double], means: [Double]) {
        self.values = values
        self.means = means.sorted()
    }

    /// The range between two percentiles of the resampled means.
    package func percentile(confidence: Double = 0.95) -> ConfidenceInterval {
        interval((1 - confidence) / 2, (1 + confidence) / 2)
    }

    /// The percentile interval, corrected for bias and for a spread that changes with the mean (BCa).
    ///
    /// Nil where the correction is not defined: when all values are equal, or all resampled means on one side of the mean.
    package func biasCorrected(confidence: Double = 0.95) -> ConfidenceInterval? {
        guard let mean = values.mean, let acceleration else { return nil }
        let below = means.reduce(0.0) { $0 + ($1 < mean ? 1 : $1 == mean ? 0.5 : 0) }
        let bias = NormalDistribution.quantile(below / Double(means.count))
        guard bias.isFinite else { return nil }
        func level(_ p: Double) -> Double {
            let shifted = bias + NormalDistribution.quantile(p)
            return NormalDistribution.cumulative(bias + shifted / (1 - acceleration * shifted))
        }
        return interval(level((1 - confidence) / 2), level((1 + confidence) / 2))
    }

    /// A sixth of the skewness of the jackknifed means.
    private var acceleration: Double? {
        let sum = values.reduce(0, +)
        let jackknife = values.map { (sum - $0) / Double(values.count - 1) }
        guard let center = jackknife.mean else { return nil }
        let squares = jackknife.reduce(0) { $0 + pow(center - $1, 2) }
        guard squares > 0 else { return nil }
        return jackknife.reduce(0) { $0 + pow(center - $1, 3) } / (6 * pow(squares, 1.5))
    }

    private func interval(_ low: Double, _ high: Double) -> ConfidenceInterval {
        ConfidenceInterval(low: means.quantileOfSorted(low), high: means.quantileOfSorted(high))
    }
}

/// Random bits for resampling: a function of (stream, count) alone, so that equal results have equal intervals.
///
/// The function is the output stage of SplitMix64 (Steele, Lea and Flood 2014).
struct CountedRandom {
    private var state: UInt64

    init(stream: UInt64) {
        state = Self.mixed(stream &+ 0x5EED)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// A number in `0..<bound`; how far it is from uniform is below `bound / 2⁶⁴`.
    mutating func next(below bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
