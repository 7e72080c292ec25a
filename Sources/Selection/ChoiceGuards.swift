/// What a reader must know about a choice to trust it.
package struct ChoiceGuards: Hashable, Sendable, Codable {
    /// Candidates that the rule had a criterion for.
    package var candidates: Int
    /// The largest difference of two criteria that cannot be told from zero: a binomial standard error
    /// of the best, or one sample of it where that is more. Nil where the criterion is not a share of a
    /// known number of samples.
    package var resolution: Double?
    /// Candidates whose criterion is within the resolution of the best one, that one among them.
    package var indistinct: Int
    /// Candidates with exactly the best criterion.
    package var ties: Int
    /// Standard deviation of the criterion over candidates, each the mean over seeds; nil for fewer than two.
    package var spreadOverCandidates: Double?
    /// Standard deviation over seeds, pooled over candidates; nil for fewer than two seeds.
    package var spreadOverSeeds: Double?
    /// Tuned numbers that were chosen at an end of their values.
    package var ends: [End]

    /// One end of a tuned number's values.
    package struct End: Hashable, Sendable, Codable {
        /// Path of the tuned number inside the row.
        package var path: String
        package var isHighest: Bool

        package init(path: String, isHighest: Bool) {
            self.path = path
            self.isHighest = isHighest
        }
    }

    /// Whether all candidates lie within the resolution of the best one.
    package var isSaturated: Bool { candidates > 1 && indistinct == candidates }

    /// Whether the criterion differs more between seeds than between candidates.
    package var isNoise: Bool {
        guard let spreadOverSeeds, let spreadOverCandidates else { return false }
        return spreadOverSeeds > spreadOverCandidates
    }

    /// Whether another seed or another sample could as well have led to any other choice.
    package var cannotChoose: Bool { candidates > 1 && (isSaturated || isNoise || ties == candidates) }

    /// - Parameter ends: see `End`.
    package init(of rule: SelectionRule, _ evidence: [SourceEvidence], in situation: SelectionSituation, ends: [End] = []) {
        let criteria = rule.criteria(of: evidence, in: situation)
        let known = criteria.compactMap(\.self).map { rule.rule.merit($0, in: situation) }
        candidates = known.count
        self.ends = ends
        let best = known.max()
        ties = known.count { $0 == best }
        let place = criteria.indices.first { index in criteria[index].map { rule.rule.merit($0, in: situation) } == best && best != nil }
        resolution = place.flatMap { place -> Double? in
            guard rule.rule.unit == .score, situation.isShare, let share = criteria[place] else { return nil }
            let scores = rule.rule.needs.contains(.leftOut) ? evidence[place].leftOut : evidence[place].heldBack
            guard let samples = scores.samples, samples > 0, (0...1).contains(share) else { return nil }
            return max(standardError(ofShare: share, samples: samples), 1 / Double(samples))
        }
        let width = resolution ?? 0
        indistinct = known.count { merit in best.map { merit >= $0 - width } ?? false }
        spreadOverCandidates = known.deviation
        spreadOverSeeds = Self.spreadOverSeeds(of: rule, evidence, in: situation)
    }

    private static func spreadOverSeeds(of rule: SelectionRule, _ evidence: [SourceEvidence], in situation: SelectionSituation) -> Double? {
        let variances = evidence.compactMap { candidate -> Double? in
            let criteria = candidate.seeds.compactMap { seed in
                rule.rule.criterion(of: SourceEvidence(position: candidate.position, seeds: [seed]), in: situation)
            }
            return criteria.count == candidate.seeds.count ? criteria.deviation.map { $0 * $0 } : nil
        }
        return variances.isEmpty ? nil : (variances.reduce(0, +) / Double(variances.count)).squareRoot()
    }
}

/// The binomial standard error of a share, of `(share·n + 1)/(n + 2)` so that a share of 0 or 1 has one too.
func standardError(ofShare share: Double, samples: Int) -> Double {
    let count = Double(samples)
    let smoothed = (share * count + 1) / (count + 2)
    return (max(0, smoothed * (1 - smoothed)) / count).squareRoot()
}

extension [Double] {
    /// Sample standard deviation; nil for fewer than two values, and where one is not finite.
    fileprivate var deviation: Double? {
        guard count > 1, allSatisfy(\.isFinite) else { return nil }
        let mean = reduce(0, +) / Double(count)
        return (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)).squareRoot()
    }
}
