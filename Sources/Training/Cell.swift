import Results

/// One cell of the table, in every seed: a row of the ablation on one held-out domain.
package struct Cell: Sendable {
    package let row: String
    /// The column's name.
    package let target: String
    package let variant: [String: String]
    package let repetition: [String: String]
    /// The plans to choose from; a single one where nothing is tuned. Their seeds are replaced.
    package let candidates: [Candidate]
    package let seeds: [Int]
    package let tuning: TuningRule
    /// What is measured of every trained model.
    package let measurements: [MeasurementPlan]
    /// What its scores are: the task's first one.
    package let score: ScoreDescription
    /// Epochs of a rehearsal; nil for as many as the plan's.
    package let rehearsalEpochs: Int?

    package init(
        row: String, target: String, variant: [String: String], repetition: [String: String], candidates: [Candidate], seeds: [Int],
        tuning: TuningRule, measurements: [MeasurementPlan] = [], score: ScoreDescription = .accuracy, rehearsalEpochs: Int? = nil
    ) {
        self.row = row
        self.target = target
        self.variant = variant
        self.repetition = repetition
        self.candidates = candidates
        self.seeds = seeds
        self.tuning = tuning
        self.measurements = measurements
        self.score = score
        self.rehearsalEpochs = rehearsalEpochs
    }

    package func key(seed: Int) -> TrialKey {
        TrialKey(row: row, target: target, seed: seed, variant: variant, repetition: repetition)
    }

    /// Whether something has to be rehearsed before the trials: a choice among candidates, or of the epoch.
    var needsRehearsal: Bool { candidates.count > 1 || tuning.choosesEpoch }
}

/// One setting of a row's tuned values.
package struct Candidate: Sendable {
    package let values: [ChosenValue]
    package let plan: TrialPlan
    /// The seeds that it is rehearsed with; nil for those of the rule.
    package let seeds: [Int]?

    package init(values: [ChosenValue], plan: TrialPlan, seeds: [Int]? = nil) {
        self.values = values
        self.plan = plan
        self.seeds = seeds
    }
}

/// How tuned values are chosen, always on source domains.
package struct TuningRule: Sendable, Hashable {
    package let seeds: [Int]
    /// Whether each source domain is left out in turn and scored; else the score is that of the source validation rows at the epoch
    /// that the plan's selection takes.
    package let holdsOutSources: Bool
    /// Whether the epoch is chosen here too: the best of the mean curve over the left-out domains.
    package let choosesEpoch: Bool

    package init(seeds: [Int], holdsOutSources: Bool = false, choosesEpoch: Bool = false) {
        self.seeds = seeds
        self.holdsOutSources = holdsOutSources || choosesEpoch
        self.choosesEpoch = choosesEpoch
    }
}

/// A training that serves only a choice: it scores one candidate on source domains and never measures
/// the target.
package struct Rehearsal: Sendable {
    package let candidate: Int
    package let plan: TrialPlan

    package init(candidate: Int, plan: TrialPlan) {
        self.candidate = candidate
        self.plan = plan
    }

    /// Everything that has to be trained before a cell's values are chosen.
    package static func all(for cell: Cell) -> [Rehearsal] {
        guard cell.needsRehearsal else { return [] }
        return cell.candidates.indices.flatMap { index in
            (cell.candidates[index].seeds ?? cell.tuning.seeds).flatMap { seed -> [Rehearsal] in
                var plan = cell.candidates[index].plan
                plan.seed = seed
                let epochs = cell.rehearsalEpochs ?? plan.epochs
                // An epoch beyond the length of the trials cannot be chosen.
                plan.epochs = cell.tuning.choosesEpoch ? min(epochs, plan.epochs) : epochs
                guard cell.tuning.holdsOutSources else { return [Rehearsal(candidate: index, plan: plan)] }
                return plan.sources.map { source in
                    plan.validation = .domain(source)
                    plan.selection = .lastEpoch
                    return Rehearsal(candidate: index, plan: plan)
                }
            }
        }
    }
}

/// One training of a study, by where its result lies in the run folder.
package enum StudyJob: Hashable, Sendable {
    case trial(TrialKey)
    /// By the plan's hash.
    case rehearsal(String)
}
