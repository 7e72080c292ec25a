import Results
import Selection

/// One cell of the table, in every seed: a row of the ablation on one held-out domain.
package struct Cell: Sendable {
    package let row: String
    /// The column's name.
    package let target: String
    package let variant: [String: String]
    package let repetition: [String: String]
    /// The plans to choose from; a single one where nothing is tuned. Their seeds are replaced.
    package let candidates: [Candidate]
    package var seeds: [Int]
    package let tuning: TuningRule
    /// What is measured of every trained model.
    package let measurements: [MeasurementPlan]
    /// What its scores are: the task's first one.
    package let score: ScoreDescription
    /// Epochs of a rehearsal; nil for as many as the plan's.
    package let rehearsalEpochs: Int?
    /// Where `seeds` are the most that are trained: how it is decided how many are. Equal in all cells of a variant.
    package var design: SeedDesign?
    /// Whether every candidate is trained in every seed and measured on the target, so that a report can tell how well values were chosen.
    package var measuresCandidates = false

    package init(
        row: String, target: String, variant: [String: String], repetition: [String: String], candidates: [Candidate], seeds: [Int],
        tuning: TuningRule, measurements: [MeasurementPlan] = [], score: ScoreDescription = .accuracy, rehearsalEpochs: Int? = nil,
        design: SeedDesign? = nil
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
        self.design = design
    }

    package func key(seed: Int) -> TrialKey {
        TrialKey(row: row, target: target, seed: seed, variant: variant, repetition: repetition)
    }

    /// The seeds that a candidate is rehearsed with.
    package func rehearsalSeeds(of candidate: Int) -> [Int] { candidates[candidate].seeds ?? tuning.seeds }

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
    /// The rule that chooses among candidates.
    package let selection: SelectionRule
    /// The rule that chooses the epoch too, one for all trainings of a candidate, where it leaves source domains out; nil where each training
    /// has an epoch of its own, by its plan.
    package let epochs: SelectionRule?
    /// What other rules need that are compared with this one.
    package let alsoNeeds: Set<SelectionNeed>
    /// What candidates are chosen in.
    package let situation: SelectionSituation
    /// Why the rule is not the one that the recipe names; nil where it is.
    package let fallback: String?

    package init(
        seeds: [Int], selection: SelectionRule = .sourceValidation, epochs: SelectionRule? = nil, alsoNeeds: Set<SelectionNeed> = [],
        situation: SelectionSituation = SelectionSituation(.values), fallback: String? = nil
    ) {
        self.seeds = seeds
        self.selection = selection
        self.epochs = epochs
        self.alsoNeeds = alsoNeeds
        self.situation = situation
        self.fallback = fallback
    }

    /// Whether the epoch is chosen here too.
    package var choosesEpoch: Bool { epochs != nil }

    /// What has to be trained for a choice among so many candidates.
    func needs(among candidates: Int) -> Set<SelectionNeed> {
        (candidates > 1 ? selection.rule.needs.union(alsoNeeds) : []).union(epochs?.rule.needs ?? [])
    }
}

extension TuningRule: CustomStringConvertible {
    /// The rule in words, the same in every process: equal rules have equal texts.
    package var description: String {
        func text(_ rule: SelectionRule) -> String { "\(rule.name) \(rule.options.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })" }
        return "\(seeds) \(text(selection)) \(epochs.map(text) ?? "") \(alsoNeeds.map(\.rawValue).sorted()) \(fallback ?? "")"
    }
}
