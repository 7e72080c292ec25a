/// The tests of several rows against one baseline, declared as one family.
///
/// A row is a member when it can be tested at all: two independent differences or more, and not all of them equal, since without any
/// spread there is nothing to compare a difference with. Both tests are made of exactly the members, and both are corrected for their
/// number; a row that is not tested makes no other row's p value larger.
package struct ComparisonFamily: Hashable, Sendable {
    /// What the tests of one row say.
    package struct Member: Hashable, Sendable {
        package let tTest: PairedTTest
        package let signFlip: SignFlipTest
        /// The p values, corrected by Holm over the whole family.
        package let adjustedTTest: Double
        package let adjustedSignFlip: Double
    }

    /// One entry per row, in the order given; nil for a row that cannot be tested.
    package let members: [Member?]
    /// How many rows are tested, which is what the p values are corrected for.
    package var count: Int { members.count { $0 != nil } }

    /// - Parameter differences: for every row, its differences to the baseline over independent units.
    package init(_ differences: [[Double]]) {
        let tests = differences.map { values -> (t: PairedTTest, flip: SignFlipTest)? in
            guard let t = PairedTTest(values), let flip = SignFlipTest(values) else { return nil }
            return (t, flip)
        }
        let tTests = HolmCorrection.adjusted(tests.map { $0?.t.p })
        let signFlips = HolmCorrection.adjusted(tests.map { $0?.flip.p })
        members = tests.indices.map { index in
            guard let test = tests[index], let t = tTests[index], let flip = signFlips[index] else { return nil }
            return Member(tTest: test.t, signFlip: test.flip, adjustedTTest: t, adjustedSignFlip: flip)
        }
    }
}

/// Holm's step-down correction for comparing several rows at once (Holm 1979).
package enum HolmCorrection {
    /// Adjusted p values in the order given. At a level of 0.05, the chance of one false finding among all of them stays
    /// below 0.05, whatever depends on what. Entries without a p value are not part of the family.
    package static func adjusted(_ values: [Double?]) -> [Double?] {
        let present = values.indices.compactMap { index in values[index].map { (index, $0) } }
        let ordered = present.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        var result: [Double?] = Array(repeating: nil, count: values.count)
        var largest = 0.0
        for (rank, (index, p)) in ordered.enumerated() {
            largest = max(largest, min(1, p * Double(ordered.count - rank)))
            result[index] = largest
        }
        return result
    }
}
