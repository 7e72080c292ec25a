import Testing

@testable import Statistics

@Suite("Statistics")
struct StatisticsTests {
    // 2, 4, 4, 4, 5, 5, 7, 9: mean 40 / 8 = 5, squared deviations 9+1+1+1+0+0+4+16 = 32.
    static let values: [Double] = [2, 4, 4, 4, 5, 5, 7, 9]

    @Test("The mean, sample deviation and standard error are those computed by hand")
    func handComputed() throws {
        let estimate = try #require(Estimate(Self.values))
        #expect(estimate.mean == 5)
        #expect(estimate.deviation == (32.0 / 7).squareRoot())
        #expect(estimate.standardError == (32.0 / 7 / 8).squareRoot())
        #expect(estimate.count == 8)
    }

    @Test("A single value has a mean but neither deviation nor standard error")
    func singleValue() throws {
        let estimate = try #require(Estimate([0.25]))
        #expect(estimate.mean == 0.25)
        #expect(estimate.deviation == nil)
        #expect(estimate.standardError == nil)
    }

    @Test("Equal values have a deviation of zero, which is not the same as none")
    func equalValues() throws {
        #expect(try #require(Estimate([0.5, 0.5])).deviation == 0)
    }

    @Test("Without values there is no estimate")
    func noValues() {
        #expect(Estimate([]) == nil)
        #expect([Double]().deviation == nil)
        #expect(PairedDifference(groups: []) == nil)
        #expect(PairedDifference(groups: [[], []]) == nil)
    }

    @Test("Ungrouped pairs: the standard error is taken over all of them")
    func ungroupedPairs() throws {
        // 1, 2, 3, 6: mean 3, squared deviations 4+1+0+9 = 14, error √(14/3/4).
        let difference = try #require(PairedDifference(groups: [[1], [2], [3], [6]]))
        #expect(difference.estimate.mean == 3)
        #expect(difference.estimate.standardError == (14.0 / 3).squareRoot() / 2)
        #expect(difference.pairs == 4)
        #expect(difference.estimate.count == 4)
    }

    @Test("Grouped pairs: groups are averaged first and the standard error is taken over groups")
    func groupedPairs() throws {
        // Groups 1, 3, 8 (means of 0+2, 3, 7+8+9): mean 4, squared deviations 9+1+16 = 26, error √(26/2/3).
        let difference = try #require(PairedDifference(groups: [[0, 2], [3], [], [7, 8, 9]]))
        #expect(difference.estimate.mean == 4)
        #expect(difference.estimate.deviation == 13.0.squareRoot())
        #expect(difference.estimate.standardError == 13.0.squareRoot() / 3.0.squareRoot())
        #expect(difference.pairs == 6)
        #expect(difference.estimate.count == 3)
    }

    @Test("Spearman's coefficient is the one computed by hand, ties share a rank, and what has no order has none")
    func rankCorrelation() {
        // Ranks 1 2 3 4 5 against 2 1 4 3 5: Σd² = 4, 1 − 6·4/(5·24) = 0.8.
        let coefficient = RankCorrelation.spearman([10, 20, 30, 40, 50], [2, 1, 4, 3, 5])
        #expect(coefficient.map { abs($0 - 0.8) < 1e-12 } == true)
        #expect(RankCorrelation.ranks(of: [3, 1, 3, 2]) == [3.5, 1, 3.5, 2])
        #expect(RankCorrelation.spearman([1, 2, 3], [9, 4, 1]).map { abs($0 + 1) < 1e-12 } == true)
        for (one, other) in [([1.0, 1, 1], [1.0, 2, 3]), ([1, 2], [1, 2]), ([1, .nan, 2], [1, 2, 3]), ([1, 2, 3], [1, 2])] {
            #expect(RankCorrelation.spearman(one, other) == nil)
        }
    }
}
