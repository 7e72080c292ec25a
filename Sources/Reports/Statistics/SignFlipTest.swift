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
        var counter = CountedRandom(stream: 1)
        var extreme = 1
        for _ in 0..<draws {
            var sum = 0.0
            var bits: UInt64 = 0
            for (index, difference) in differences.enumerated() {
                if index.isMultiple(of: 64) { bits = counter.next() }
                sum += bits & 1 == 0 ? difference : -difference
                bits >>= 1
            }
            if abs(sum) >= threshold { extreme += 1 }
        }
        // The observed assignment counts as one of those drawn, which keeps p above zero (Phipson and Smyth 2010).
        return Double(extreme) / Double(draws + 1)
    }

    // Sums that are equal on paper differ by rounding; they count as equal.
    private static func threshold(_ differences: [Double]) -> Double {
        abs(differences.reduce(0, +)) - 1e-12 * differences.reduce(0) { $0 + abs($1) }
    }
}
