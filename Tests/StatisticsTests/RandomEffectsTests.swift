import Foundation
import Testing

@testable import Statistics

/// Thirteen trials of the BCG vaccine against tuberculosis (Colditz et al. 1994, JAMA 271): cases and others, vaccinated and not. The
/// textbook example of random effects; Cochran's Q of its log risk ratios is 152.23.
private let tuberculosis: [[Double]] = [
    [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619], [33, 5036, 47, 5761], [180, 1361, 372, 1079],
    [8, 2537, 10, 619], [505, 87886, 499, 87892], [29, 7470, 45, 7232], [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338],
    [27, 16886, 29, 17825],
]

@Suite("Random effects over data sets")
struct RandomEffectsTests {
    private func close(_ value: Double?, _ expected: Double, _ tolerance: Double = 1e-8) -> Bool {
        value.map { abs($0 - expected) <= tolerance * max(1, abs(expected)) } ?? false
    }

    private func effects(_ values: [(Double, Double)]) -> [RandomEffects.Effect] {
        values.map { RandomEffects.Effect(mean: $0.0, standardError: $0.1) }
    }

    // The expected figures of this suite come from a script with NumPy and SciPy: brentq for τ², scipy.stats.t and chi2.

    @Test("The BCG trials have the known summary")
    func literature() throws {
        let effects = tuberculosis.map { cells in
            let (treated, control) = (cells[0] + cells[1], cells[2] + cells[3])
            let variance = 1 / cells[0] - 1 / treated + 1 / cells[2] - 1 / control
            return RandomEffects.Effect(mean: log(cells[0] / treated) - log(cells[2] / control), standardError: variance.squareRoot())
        }
        let summary = try #require(RandomEffects(effects))
        #expect(close(summary.heterogeneity, 152.23300808237326))
        #expect(close(summary.betweenVariance, 0.31806845220502394))
        #expect(close(summary.mean, -0.7149681534934442))
        #expect(close(summary.standardError, 0.18089219153762348))
        #expect(close(summary.interval.low, -1.10909838120224) && close(summary.interval.high, -0.32083792578464854))
        #expect(close(summary.p, 0.001919271831277996))
        #expect(close(summary.prediction?.low, -2.018558054184657) && close(summary.prediction?.high, 0.5886217471977684))
        #expect(close(summary.shares.reduce(0, +), 1))
    }

    @Test("Three sets that differ: a mean that is hardly known, and hardly anything about another set")
    func three() throws {
        let summary = try #require(RandomEffects(effects([(1.2, 0.4), (3.4, 0.9), (-0.5, 0.7)])))
        #expect(close(summary.betweenVariance, 3.162817117343863))
        #expect(close(summary.interval.low, -3.426059768073096) && close(summary.interval.high, 6.039919189893145))
        #expect(close(summary.prediction?.low, -25.263484266147557))
        #expect(close(summary.heterogeneityP, 0.0027207597809076646))
    }

    @Test("Two sets: one degree of freedom, and no interval for another set")
    func two() throws {
        let summary = try #require(RandomEffects(effects([(1.2, 0.4), (3.4, 0.9)])))
        #expect(close(summary.mean, 2.1522727272727273) && close(summary.standardError, 1.0900351613102037))
        #expect(close(summary.interval.low, -11.69793720196393))
        #expect(summary.prediction == nil)
    }

    @Test("Sets that happen to agree narrow nothing: the standard error stays that of known variances")
    func agreement() throws {
        let summary = try #require(RandomEffects(effects([(1.0, 0.5), (1.1, 0.4), (0.9, 0.6), (1.05, 0.3)])))
        #expect(summary.betweenVariance == 0)
        #expect(close(summary.standardError, 0.2035360594658275))
        #expect(close(summary.interval.low, 0.3896567291121804) && close(summary.prediction?.high, 1.9131442914142998))
    }

    @Test("One set, an error of zero and numbers that are none have no summary")
    func undefined() {
        #expect(RandomEffects(effects([(1, 0.5)])) == nil)
        #expect(RandomEffects(effects([(1, 0.5), (2, 0)])) == nil)
        #expect(RandomEffects(effects([(1, 0.5), (.nan, 1)])) == nil)
        #expect(RandomEffects([]) == nil)
    }

    @Test("The order of sets changes nothing but their shares' order")
    func order() throws {
        let given = effects([(1.2, 0.4), (3.4, 0.9), (-0.5, 0.7)])
        let (one, other) = (try #require(RandomEffects(given)), try #require(RandomEffects(given.reversed())))
        #expect(close(one.mean, other.mean, 1e-12) && close(one.interval.low, other.interval.low, 1e-12))
        for (share, same) in zip(one.shares, other.shares.reversed()) { #expect(close(share, same, 1e-12)) }
    }

    /// Share of intervals that hold the mean over all sets, over simulated studies of few sets.
    @Test("The interval keeps its level over few sets that differ", arguments: [3, 5, 8])
    func coverage(sets: Int) {
        var random = CountedRandom(stream: 11)
        let studies = 1500
        var covered = 0
        for _ in 0..<studies {
            let effects = (0..<sets).map { _ in
                RandomEffects.Effect(mean: random.nextNormal() + 0.5 * random.nextNormal(), standardError: 0.5)
            }
            if let interval = RandomEffects(effects)?.interval, interval.low <= 0, interval.high >= 0 { covered += 1 }
        }
        #expect(Double(covered) / Double(studies) > 0.93)
    }

    @Test("The χ² distribution has SciPy's tails")
    func chiSquared() {
        for (degrees, x, p) in [
            (1.0, 0.5, 0.47950012218695337), (3, 7.8, 0.050331097859853326), (12, 152.233, 1.9967721373353058e-26), (5, 2, 0.8491450360846096),
            (40, 60, 0.02187346844139091),
        ] { #expect(abs(ChiSquaredDistribution(degrees: degrees).above(x) - p) <= 1e-9 * p, "\(degrees), \(x)") }
        #expect(ChiSquaredDistribution(degrees: 2).above(0) == 1)
        #expect(ChiSquaredDistribution(degrees: 2).above(.infinity) == 0)
    }
}

@Suite("Ranks over data sets")
struct RankComparisonTests {
    /// Areas under the curve of four decision trees on fourteen data sets, after table 6 of Demšar (2006).
    private let trees: [[Double]] = [
        [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967], [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931], [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875], [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.975, 0.975], [0.957, 0.978, 0.946, 0.970],
    ]

    @Test("Mean ranks and Friedman's statistic are SciPy's, ties included")
    func friedman() throws {
        let ranks = try #require(RankComparison(trees, isHigherBetter: true))
        // scipy.stats.rankdata and friedmanchisquare, whose asymptotic p is 0.012.
        for (rank, expected) in zip(ranks.meanRanks, [3.142857142857143, 2, 2.928571428571429, 1.928571428571429]) {
            #expect(abs(rank - expected) < 1e-12)
        }
        #expect(abs(ranks.statistic - 10.952380952380956) < 1e-9)
        #expect(ranks.p > 0.005 && ranks.p < 0.015)
        #expect(abs(ranks.criticalDifference - 2.569031772546482 * (4.0 * 5 / (6 * 14)).squareRoot()) < 1e-6)
        #expect(ranks.isReachable)
    }

    @Test("The studentized range has the critical values of Demšar's table 5")
    func critical() {
        let table = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]
        // SciPy's, which the published ones round, the sixth of them up.
        let exact = [1.9599639845, 2.3437005864, 2.5690317725, 2.7277743709, 2.8497054196, 2.9483200175, 3.0308784496, 3.1017303413, 3.1636835771]
        for (index, (published, value)) in zip(table, exact).enumerated() {
            let ours = StudentizedRange(groups: index + 2).critical(0.05) / 2.0.squareRoot()
            #expect(abs(ours - value) < 1e-6)
            #expect(abs(ours - published) < 0.0011)
        }
    }

    @Test("A lower error is a better rank")
    func direction() throws {
        let ranks = try #require(RankComparison([[0.2, 0.1], [0.4, 0.3], [0.5, 0.2]], isHigherBetter: false))
        #expect(ranks.meanRanks == [2, 1])
        // Two rows over three sets: all of eight orders, two of them as extreme.
        #expect(abs(ranks.p - 0.25) < 0.02)
    }

    @Test("Over few sets no distance of ranks is large enough, and that can be told")
    func unreachable() throws {
        let ranks = try #require(RankComparison([[1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7]], isHigherBetter: true))
        #expect(!ranks.isReachable)
    }

    @Test("One set, one row, missing figures and sets in which all rows are equal have no ranks to compare")
    func undefined() {
        #expect(RankComparison([[1, 2]], isHigherBetter: true) == nil)
        #expect(RankComparison([[1], [2]], isHigherBetter: true) == nil)
        #expect(RankComparison([[1, .nan], [2, 3]], isHigherBetter: true) == nil)
        #expect(RankComparison([[1, 1], [2, 2]], isHigherBetter: true) == nil)
        #expect(RankComparison([[1, 1], [2]], isHigherBetter: true) == nil)
    }
}
