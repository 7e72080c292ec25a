import Foundation

/// Whether rows rank differently over several data sets, and how far two mean ranks have to lie apart (Demšar 2006).
///
/// Friedman's test looks at ranks alone, so that sets of different difficulty weigh the same. Its probability is that of the permutation
/// test, which holds for few sets too: the ranks of each set are shuffled, and the share of shuffles counts whose statistic is at least as
/// large, the observed ranks included. Two mean ranks differ by more than chance, over all pairs at once, where they lie further apart than
/// Nemenyi's critical difference.
package struct RankComparison: Hashable, Sendable {
    /// Shuffles that are drawn.
    package static let draws = 20_000

    /// One a row, 1 for the best; equal figures share the mean of their ranks.
    package let meanRanks: [Double]
    /// Friedman's χ², corrected for ties.
    package let statistic: Double
    package let p: Double
    /// The smallest distance between two mean ranks that is more than chance at a level of 5 %.
    package let criticalDifference: Double
    /// How many sets.
    package let count: Int

    /// Whether two mean ranks could lie as far apart as the critical difference at all: over few sets they cannot.
    package var isReachable: Bool { criticalDifference <= Double(meanRanks.count - 1) }

    /// - Parameter sets: for each set the figures of all rows, in the same order.
    /// - Returns: nil for fewer than two sets or two rows, where a figure is missing or not finite, and where all rows are equal in every set.
    package init?(_ sets: [[Double]], isHigherBetter: Bool, draws: Int = RankComparison.draws) {
        let rows = sets.first?.count ?? 0
        guard sets.count > 1, rows > 1, sets.allSatisfy({ $0.count == rows && $0.allSatisfy(\.isFinite) }) else { return nil }
        let ranks = sets.map { Self.ranks(isHigherBetter ? $0.map { -$0 } : $0) }
        let center = Double(rows + 1) / 2
        // What the ranks of each set spread, which shuffling does not change. Ties make it less.
        let spread = ranks.joined().reduce(0) { $0 + ($1 - center) * ($1 - center) }
        guard spread > 0 else { return nil }
        func sums(_ ranks: [[Double]]) -> [Double] { (0..<rows).map { row in ranks.reduce(0) { $0 + $1[row] } } }
        let count = Double(sets.count)
        func statistic(_ sums: [Double]) -> Double {
            Double(rows - 1) * sums.reduce(0) { $0 + ($1 - count * center) * ($1 - count * center) } / spread
        }
        let observed = sums(ranks)
        self.count = sets.count
        meanRanks = observed.map { $0 / count }
        self.statistic = statistic(observed)
        var random = CountedRandom(stream: 2)
        var (extreme, shuffled) = (1, ranks)
        let threshold = self.statistic * (1 - 1e-12)
        for _ in 0..<draws {
            for set in shuffled.indices {
                for last in stride(from: rows - 1, to: 0, by: -1) { shuffled[set].swapAt(last, random.next(below: last + 1)) }
            }
            if statistic(sums(shuffled)) >= threshold { extreme += 1 }
        }
        p = Double(extreme) / Double(draws + 1)
        criticalDifference =
            StudentizedRange(groups: rows).critical(0.05) / 2.0.squareRoot() * (Double(rows * (rows + 1)) / (6 * count)).squareRoot()
    }

    /// 1 for the smallest.
    static func ranks(_ values: [Double]) -> [Double] {
        values.map { value in
            let below = values.count { $0 < value }
            let equal = values.count { $0 == value }
            return Double(below) + Double(equal + 1) / 2
        }
    }
}

/// The range of several standard normal values: what the largest is above the smallest.
package struct StudentizedRange: Hashable, Sendable {
    /// How many values, at least 2.
    package let groups: Int

    package init(groups: Int) {
        self.groups = groups
    }

    /// `P(Q ≤ q)`, by Simpson's rule over the largest value.
    package func cumulative(_ q: Double) -> Double {
        guard q > 0 else { return 0 }
        let (low, high, steps) = (-8.0, 8.0, 512)
        let width = (high - low) / Double(steps)
        let density = { (z: Double) in exp(-z * z / 2) / (2 * Double.pi).squareRoot() }
        let sum = (0...steps).reduce(0.0) { sum, step in
            let z = low + Double(step) * width
            let weight = step == 0 || step == steps ? 1.0 : step.isMultiple(of: 2) ? 2 : 4
            let between = NormalDistribution.cumulative(z) - NormalDistribution.cumulative(z - q)
            return sum + weight * density(z) * pow(between, Double(groups - 1))
        }
        return min(1, Double(groups) * sum * width / 3)
    }

    /// The `q` with `P(Q > q) = p`, for `p` in `0 < p < 1`.
    package func critical(_ p: Double) -> Double {
        Bisection.root(from: 1) { cumulative($0) - (1 - p) }
    }
}
