import Results

/// What makes a row's figures mean something other than they seem to.
///
/// A term that is multiplied by zero, detached from the gradients, or never reached trains the baseline
/// under another name. The table would show two rows that agree, and a reader would take that for a
/// finding. Predictions that are not numbers count as wrong, which looks as if the model were merely
/// bad.
package struct RowCaveats: Hashable, Sendable {
    /// A score that could not be computed in some trial.
    package struct UndefinedScore: Hashable, Sendable {
        package let name: String
        /// To be read after "cannot be computed because".
        package let reason: String
    }

    package let row: String
    /// How many trials ran exactly as the baseline's did on the same target, seed and repetition; nil for the baseline itself.
    package let equalToBaseline: Int?
    /// How many pairs of finished trials were looked at.
    package let pairs: Int
    /// Regularizers that changed nothing in any finished trial, each with what was seen instead, by name.
    package let idle: [TermEffect]
    /// Predictions on the target that are not finite at the epochs that are reported, over all finished trials.
    package let nonFinitePredictions: Int
    /// Whether a trial with such predictions has no score; else they count as wrong.
    package let leavesScoreUndefined: Bool
    /// Scores on the target that could not be computed at the epochs that are reported, with the first reason of each.
    package let undefinedScores: [UndefinedScore]

    /// Whether every trial of the row equals one of the baseline's, bit for bit.
    package var isBaseline: Bool { pairs > 0 && equalToBaseline == pairs }

    /// One entry per row.
    package static func all(of variant: VariantSettings, in trials: TrialSet) -> [RowCaveats] {
        variant.rows.map { row in
            let pairs =
                variant.baseline.map { baseline in
                    trials.matches(of: [row, baseline], in: variant).filter { $0.allSatisfy { $0?.isFinished ?? false } }
                } ?? []
            let equal = pairs.count { pair in
                guard let ours = pair[0], let theirs = pair[1] else { return false }
                return isSameTraining(ours.epochs, theirs.epochs)
            }
            let finished = trials.results(row: row, of: variant).filter(\.isFinished)
            return RowCaveats(
                row: row, equalToBaseline: row == variant.baseline || variant.baseline == nil ? nil : equal,
                pairs: row == variant.baseline ? 0 : pairs.count,
                idle: idle(finished), nonFinitePredictions: finished.reduce(0) { $0 + nonFinitePredictions($1) },
                leavesScoreUndefined: finished.contains { nonFinitePredictions($0) > 0 && $0.targetScore?.isFinite == false },
                undefinedScores: undefinedScores(finished))
        }
    }

    /// Whether two trainings went the same way, by everything that was measured of their models. The loss on validation samples changes
    /// with any bit of a model; where none were held back, the training loss has to serve.
    private static func isSameTraining(_ ours: [EpochRecord], _ theirs: [EpochRecord]) -> Bool {
        guard !ours.isEmpty, ours.count == theirs.count else { return false }
        return zip(ours, theirs).allSatisfy { ours, theirs in
            let isSameLoss =
                ours.sourceValidationLoss == nil
                ? ours.trainingLoss == theirs.trainingLoss : ours.sourceValidationLoss == theirs.sourceValidationLoss
            return isSameLoss && ours.sourceValidationScore == theirs.sourceValidationScore && ours.targetScore == theirs.targetScore
        }
    }

    private static func nonFinitePredictions(_ result: TrialResult) -> Int {
        result.selected?.targetNonFinite ?? 0
    }

    private static func undefinedScores(_ results: [TrialResult]) -> [UndefinedScore] {
        let reasons = results.compactMap(\.selected).map(\.undefinedTargetScores)
        return Set(reasons.flatMap(\.keys)).sorted().compactMap { name in
            reasons.lazy.compactMap { $0[name] }.first.map { UndefinedScore(name: name, reason: $0) }
        }
    }

    private static func idle(_ results: [TrialResult]) -> [TermEffect] {
        let observed = results.flatMap { $0.effects ?? Self.effects(by: $0.epochs) }
        let active = Set(observed.filter(\.hasActed).map(\.term))
        return observed.filter { !active.contains($0.term) }.distinct(by: \.term).sorted { $0.term < $1.term }
    }

    /// What the shares of the gradient say about terms, for results that do not record it themselves.
    private static func effects(by epochs: [EpochRecord]) -> [TermEffect] {
        let names = Set(epochs.flatMap(\.gradientShares.keys)).subtracting(["task"])
        return names.sorted().map { name in
            let hasActed = epochs.contains { $0.gradientShares[name].map { $0 != 0 } ?? false }
            return TermEffect(term: name, hasActed: hasActed, finding: hasActed ? "" : "its gradient was zero whenever it was measured")
        }
    }
}
