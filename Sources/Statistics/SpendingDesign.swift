import Foundation

/// A number of seeds that is decided by how well differences are known: seeds are trained in stages, after each of which somebody looks, and
/// no more are trained once all intervals are narrow enough.
///
/// Whoever looks several times and stops when it suits has more chances to be wrong than 5 %. So the level of 5 % is divided among the
/// looks beforehand, each in proportion to the seeds that are new at it: look `j`, after `nⱼ` of at most `N` seeds, has the interval of Student's t at the
/// level `0.05 · (nⱼ − nⱼ₋₁) / N` (alpha spending, Lan and DeMets 1983, with their linear function). The levels add up to 5 %, so the
/// chance that any of these intervals misses is at most 5 %, and so is that of the one at which the study stops, whatever made it stop. That
/// is a union bound: it needs nothing of how looks depend on each other, and is a little on the safe side.
///
/// Confidence sequences, which hold at every number of seeds without an end, are wider where the end is known: of those with a Gaussian mixture
/// over standardized differences (Lai 1976) the narrowest reaches 3.3 standard errors at 30 seeds, and the last of seven looks here 2.6. For
/// the same width they take 1.6 times the seeds. A study has a declared end, so it divides its level.
package struct SpendingDesign: Hashable, Codable, Sendable {
    /// Numbers of seeds after which somebody looks, rising, each 2 or more.
    package let looks: [Int]
    /// The probability with which an interval may miss, over all looks.
    package let level: Double

    /// - Precondition: the looks rise, and the first is at least 2.
    package init(looks: [Int], level: Double = 0.05) {
        precondition(looks.first.map { $0 > 1 } == true && zip(looks, looks.dropFirst()).allSatisfy { $0 < $1 }, "looks do not rise from 2: \(looks)")
        self.looks = looks
        self.level = level
    }

    /// The part of the level that a look spends.
    package func level(ofLook look: Int) -> Double {
        let before = look > 0 ? looks[look - 1] : 0
        return level * Double(looks[look] - before) / Double(looks[looks.count - 1])
    }

    /// How many standard errors an interval reaches to either side at a look.
    ///
    /// - Parameter count: how many values there are, 2 or more; those of all seeds up to the look unless some are missing.
    package func reach(ofLook look: Int, count: Int) -> Double {
        StudentDistribution(degrees: Double(count - 1)).critical(twoSided: level(ofLook: look))
    }

    /// The interval of a mean at a look.
    ///
    /// - Returns: nil for fewer than two values, and for values without spread.
    package func interval(of values: [Double], atLook look: Int) -> ConfidenceInterval? {
        ConfidenceInterval.student(values, confidence: 1 - level(ofLook: look))
    }

    /// The look at which a study ends whose differences are to be known to ± `reach`: the first at which all rows' intervals are that narrow,
    /// else the last.
    ///
    /// - Parameter differences: for each row one value per seed, nil for one that failed.
    /// - Returns: nil where values of a seed are needed that is not among them yet.
    package func stop(_ differences: [[Double?]], reach: Double, seeds: Int) -> Int? {
        for look in looks.indices {
            guard seeds >= looks[look] else { return nil }
            let isNarrow = differences.allSatisfy { values in
                let known = values.prefix(looks[look]).compactMap(\.self)
                return interval(of: known, atLook: look).map { ($0.high - $0.low) / 2 <= reach } ?? false
            }
            if isNarrow || look == looks.count - 1 { return look }
        }
        return nil
    }

    /// The first look at which differences of a given spread from seed to seed are known to ± `reach`; nil where it is not reached.
    package func look(forDeviation deviation: Double, reach: Double) -> Int? {
        looks.indices.first { self.reach(ofLook: $0, count: looks[$0]) * deviation / Double(looks[$0]).squareRoot() <= reach }
    }
}

/// How a design does in studies whose truth is known.
package struct DesignSimulation: Hashable, Sendable {
    /// How often the interval at the stop holds the true difference.
    package let coverage: Double
    /// How often the usual 95 % interval, taken at the same stop as if nobody had looked before, does.
    package let naiveCoverage: Double
    /// The mean number of seeds at the stop.
    package let seeds: Double
    /// How often the study ended with an interval as narrow as it was asked for.
    package let narrow: Double
    package let studies: Int

    /// - Parameters:
    ///   - deviation: standard deviation of a row's differences from seed to seed, in the unit of `reach`.
    ///   - rows: rows that are compared; the study stops when all of them are known well enough.
    ///   - tail: degrees of freedom of Student's t from which differences are drawn, scaled to the deviation; nil for normal ones.
    package init(of design: SpendingDesign, reach: Double, deviation: Double, rows: Int = 1, studies: Int, tail: Int? = nil, stream: UInt64 = 3) {
        var random = CountedRandom(stream: stream)
        let most = design.looks[design.looks.count - 1]
        var (covered, naive, seeds, narrow) = (0, 0, 0, 0)
        for _ in 0..<studies {
            let differences = (0..<rows).map { _ in (0..<most).map { _ in deviation * random.nextNormal(tail: tail) } }
            guard let look = design.stop(differences.map { $0.map(Optional.some) }, reach: reach, seeds: most) else { continue }
            seeds += design.looks[look]
            // The true difference is 0. The first row stands for all, which are alike.
            let values = Array(differences[0].prefix(design.looks[look]))
            if let interval = design.interval(of: values, atLook: look) {
                covered += interval.low <= 0 && interval.high >= 0 ? 1 : 0
                narrow += (interval.high - interval.low) / 2 <= reach ? 1 : 0
            }
            if let interval = ConfidenceInterval.student(values) { naive += interval.low <= 0 && interval.high >= 0 ? 1 : 0 }
        }
        let count = Double(studies)
        (coverage, naiveCoverage, self.seeds) = (Double(covered) / count, Double(naive) / count, Double(seeds) / count)
        self.narrow = Double(narrow) / count
        self.studies = studies
    }
}

extension CountedRandom {
    /// A standard normal value (Box and Muller 1958), or one of Student's t, scaled to a variance of 1.
    ///
    /// - Parameter tail: degrees of freedom, above 2; nil for the normal distribution.
    mutating func nextNormal(tail: Int? = nil) -> Double {
        // In 0 < u ≤ 1.
        let u = (Double(next() >> 11) + 1) * 0x1p-53
        let normal = (-2 * log(u)).squareRoot() * cos(2 * Double.pi * Double(next() >> 11) * 0x1p-53)
        guard let tail else { return normal }
        let squares = (0..<tail).reduce(0.0) { sum, _ in
            let value = nextNormal()
            return sum + value * value
        }
        return normal / (squares / Double(tail)).squareRoot() * (Double(tail - 2) / Double(tail)).squareRoot()
    }
}
