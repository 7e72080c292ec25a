import Foundation
import TestSupport
import Testing

@testable import Statistics

/// Values computed by SciPy and statsmodels; `Tests/Fixtures/statistics/README.md` says how.
struct StatisticsReferences: Decodable {
    struct Student: Decodable { let t, degrees, twoSided, cumulative: Double }
    struct Critical: Decodable { let p, degrees, t: Double }
    struct Noncentral: Decodable { let t, degrees, noncentrality, cumulative: Double }
    struct Normal: Decodable { let p, z: Double }
    struct Paired: Decodable {
        let ours, theirs: [Double]
        let t, p, low, high, permutation: Double
        var differences: [Double] { zip(ours, theirs).map { $0 - $1 } }
    }
    struct Resampled: Decodable { let values, means, percentile, biasCorrected: [Double] }
    struct Holm: Decodable { let p, adjusted: [Double] }
    struct Detectable: Decodable {
        let pairs: Int
        let power, effect: Double
    }

    let student: [Student]
    let critical: [Critical]
    let noncentral: [Noncentral]
    let normal: [Normal]
    let paired: [Paired]
    let bootstrap: [Resampled]
    let holm: [Holm]
    let detectable: [Detectable]

    static func load() throws -> StatisticsReferences {
        let data = try Data(contentsOf: Repository.url("Tests/Fixtures/statistics/references.json"))
        return try JSONDecoder().decode(StatisticsReferences.self, from: data)
    }
}

@Suite("Statistics beside SciPy's")
struct StatisticsReferenceTests {
    private let references: StatisticsReferences

    init() throws {
        references = try StatisticsReferences.load()
    }

    /// Relative for large numbers and for tails, absolute near one.
    private func close(_ value: Double, _ expected: Double, _ tolerance: Double = 1e-9) -> Bool {
        abs(value - expected) <= tolerance * max(abs(expected), 1e-300)
    }

    @Test("Student's t: both tails and the cumulative probability, from 1 to 100000 degrees of freedom")
    func student() {
        #expect(!references.student.isEmpty)
        for reference in references.student {
            let distribution = StudentDistribution(degrees: reference.degrees)
            #expect(close(distribution.twoSided(reference.t), reference.twoSided), "\(reference)")
            #expect(abs(distribution.cumulative(reference.t) - reference.cumulative) < 1e-10, "\(reference)")
        }
    }

    @Test("Critical values of t")
    func critical() {
        #expect(!references.critical.isEmpty)
        for reference in references.critical {
            let t = StudentDistribution(degrees: reference.degrees).critical(twoSided: reference.p)
            #expect(close(t, reference.t), "\(reference): \(t)")
        }
    }

    @Test("The noncentral t distribution")
    func noncentral() {
        #expect(!references.noncentral.isEmpty)
        for reference in references.noncentral {
            let p = StudentDistribution(degrees: reference.degrees).cumulative(reference.t, noncentrality: reference.noncentrality)
            #expect(abs(p - reference.cumulative) < 1e-9, "\(reference): \(p)")
        }
    }

    @Test("Normal quantiles")
    func normal() {
        #expect(!references.normal.isEmpty)
        for reference in references.normal {
            #expect(abs(NormalDistribution.quantile(reference.p) - reference.z) < 1e-9, "\(reference)")
        }
    }

    @Test("The paired t test and its interval")
    func pairedTTest() throws {
        for reference in references.paired {
            let test = try #require(PairedTTest(reference.differences))
            #expect(close(test.t, reference.t))
            #expect(close(test.p, reference.p))
            let interval = try #require(ConfidenceInterval.student(reference.differences))
            #expect(abs(interval.low - reference.low) < 1e-9)
            #expect(abs(interval.high - reference.high) < 1e-9)
        }
    }

    @Test("The exact sign-flip test")
    func signFlip() throws {
        for reference in references.paired {
            let test = try #require(SignFlipTest(reference.differences))
            #expect(test.isExact)
            #expect(close(test.p, reference.permutation))
        }
    }

    @Test("Percentile and bias-corrected intervals of given resamples")
    func bootstrap() throws {
        for reference in references.bootstrap {
            let bootstrap = Bootstrap(reference.values, means: reference.means)
            let percentile = bootstrap.percentile()
            #expect(abs(percentile.low - reference.percentile[0]) < 1e-12)
            #expect(abs(percentile.high - reference.percentile[1]) < 1e-12)
            let corrected = try #require(bootstrap.biasCorrected())
            #expect(abs(corrected.low - reference.biasCorrected[0]) < 1e-9)
            #expect(abs(corrected.high - reference.biasCorrected[1]) < 1e-9)
        }
    }

    @Test("Holm's correction")
    func holm() {
        #expect(!references.holm.isEmpty)
        for reference in references.holm {
            let adjusted = HolmCorrection.adjusted(reference.p)
            #expect(adjusted.count == reference.adjusted.count)
            for (ours, expected) in zip(adjusted, reference.adjusted) { #expect(abs((ours ?? -1) - expected) < 1e-12) }
        }
    }

    @Test("The smallest effect that a paired t test finds with a given probability")
    func detectable() throws {
        for reference in references.detectable {
            let effect = try #require(DetectableEffect.standardized(pairs: reference.pairs, power: reference.power))
            #expect(abs(effect - reference.effect) < 1e-6, "\(reference): \(effect)")
        }
    }
}
