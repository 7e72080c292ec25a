/// A mean of differences between two conditions measured on the same units.
///
/// Pairing removes what both conditions share, such as how hard a domain is; it is what makes a small
/// difference visible over few seeds.
package struct PairedDifference: Hashable, Sendable {
    /// Mean and standard error over the independent units.
    package let estimate: Estimate
    /// How many pairs went in; equal to `estimate.count` unless pairs were grouped.
    package let pairs: Int
    /// The differences of the independent units, which tests and intervals rest on.
    package let units: [Double]

    /// Pairs the differences within groups, averages inside each group and estimates over the groups.
    ///
    /// - Parameter groups: differences, grouped by what varies independently: see `IndependentUnits`. Empty groups are passed over.
    /// - Returns: nil when there is no pair.
    package init?(groups: [[Double]]) {
        units = groups.compactMap(\.mean)
        guard let estimate = Estimate(units) else { return nil }
        self.estimate = estimate
        pairs = groups.reduce(0) { $0 + $1.count }
    }
}

/// Student's t test of paired differences against zero, two-sided.
package struct PairedTTest: Hashable, Sendable {
    package let t: Double
    /// Degrees of freedom: pairs − 1.
    package let degrees: Int
    /// Probability of a `|t|` at least as large if the differences were normal with mean zero.
    package let p: Double

    /// Nil for fewer than two differences, and for differences that are all equal, which have no spread to compare with.
    package init?(_ differences: [Double]) {
        guard !differences.isConstant, let estimate = Estimate(differences), let error = estimate.standardError, error > 0 else { return nil }
        t = estimate.mean / error
        degrees = differences.count - 1
        p = StudentDistribution(degrees: Double(degrees)).twoSided(t)
    }
}

/// The permutation test of paired differences: if a row made no difference, each difference could as well have had the
/// other sign.
///
/// It supposes nothing about the distribution. Its `p` is the share of all sign assignments whose sum is at least as far
/// from zero as the one observed, the observed one included; with `n` pairs it cannot go below `2 / 2ⁿ`.
package struct SignFlipTest: Hashable, Sendable {
    /// Up to this number of pairs all assignments are counted, from there on a sample of them.
    package static let largestExact = 18
    /// Assignments that are drawn beyond that.
    package static let draws = 50_000

    package let p: Double
    package let isExact: Bool

    /// Nil without differences.
    package init?(_ differences: [Double]) {
        guard !differences.isEmpty else { return nil }
        isExact = differences.count <= Self.largestExact
        p = isExact ? Self.exact(differences) : Self.sampled(differences)
    }

    private static func exact(_ differences: [Double]) -> Double {
        // Assignments come in pairs of equal size and opposite sign, so the first sign can stay.
        let rest = differences.dropFirst()
        let threshold = threshold(differences)
        func count(_ index: Int, _ sum: Double) -> Int {
            if index == rest.endIndex { return abs(sum) >= threshold ? 1 : 0 }
            return count(index + 1, sum + rest[index]) + count(index + 1, sum - rest[index])
        }
        return Double(count(rest.startIndex, differences[0])) / Double(1 << rest.count)
    }

    private static func sampled(_ differences: [Double]) -> Double {
        let threshold = threshold(differences)
        let blocks = (differences.count + 63) / 64
        var counter = CountedRandom(stream: 1)
        var extreme = 1
        // Eight assignments at once. A drawn bit is the sign bit of its difference, since a branch on it would be guessed wrong half the time.
        var bits = Array(repeating: SIMD8<UInt64>(), count: blocks)
        for first in stride(from: 0, to: draws, by: 8) {
            for lane in 0..<8 { for block in 0..<blocks { bits[block][lane] = counter.next() } }
            var sums = SIMD8<Double>()
            for block in 0..<blocks {
                var signs = bits[block]
                for index in 64 * block..<min(64 * block + 64, differences.count) {
                    sums += unsafeBitCast(SIMD8(repeating: differences[index].bitPattern) ^ (signs &<< 63), to: SIMD8<Double>.self)
                    signs &>>= 1
                }
            }
            for lane in 0..<min(8, draws - first) where abs(sums[lane]) >= threshold { extreme += 1 }
        }
        // The observed assignment counts as one of those drawn, which keeps p above zero (Phipson and Smyth 2010).
        return Double(extreme) / Double(draws + 1)
    }

    // Sums that are equal on paper differ by rounding; they count as equal.
    private static func threshold(_ differences: [Double]) -> Double {
        abs(differences.reduce(0, +)) - 1e-12 * differences.reduce(0) { $0 + abs($1) }
    }
}

/// The smallest mean difference that a paired t test on this many pairs finds with a given probability.
///
/// From the noncentral t distribution, not its normal approximation, which promises too much for a handful of pairs.
package enum DetectableEffect {
    /// The smallest effect in standard deviations of the differences.
    ///
    /// - Returns: nil for fewer than two pairs.
    package static func standardized(pairs: Int, power: Double = 0.8, level: Double = 0.05) -> Double? {
        guard pairs > 1 else { return nil }
        let distribution = StudentDistribution(degrees: Double(pairs - 1))
        let critical = distribution.critical(twoSided: level)
        let noncentrality = Bisection.root(from: 1) { noncentrality in
            let missed =
                distribution.cumulative(critical, noncentrality: noncentrality)
                - distribution.cumulative(-critical, noncentrality: noncentrality)
            return 1 - missed - power
        }
        return noncentrality / Double(pairs).squareRoot()
    }

    /// The smallest effect in the unit of the differences, taking their spread as it was observed; nil where there is none.
    ///
    /// - Parameter standardized: that of their number, which many rows have in common.
    package static func mean(of differences: [Double], standardized: Double?) -> Double? {
        guard !differences.isConstant, let deviation = differences.deviation else { return nil }
        return standardized.map { $0 * deviation }
    }
}
