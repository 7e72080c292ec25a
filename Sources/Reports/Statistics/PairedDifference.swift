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
    /// - Parameter groups: differences, grouped by what varies independently. With repetitions, a group
    ///   is one draw and holds all seeds and domains measured on it, which are not independent of each
    ///   other; without, every (seed, domain) pair is a group of its own. Empty groups are passed over.
    /// - Returns: nil when there is no pair.
    package init?(groups: [[Double]]) {
        units = groups.compactMap(Statistics.mean)
        guard let estimate = Estimate(units) else { return nil }
        self.estimate = estimate
        pairs = groups.reduce(0) { $0 + $1.count }
    }
}
