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

/// Cells whose trials differ in the domain that they measure alone: one training for each seed serves them all.
///
/// Where one domain is trained on and all others are held out, the cells of a row and source form a group. Else a cell is a group of its own.
package struct CellGroup: Sendable {
    /// Where the cells stand in the study, ascending; at least one.
    package let places: [Int]
    package let cells: [Cell]
    /// Everything that has to be trained before the values of all its cells are chosen. No target is looked at, so that cells which share
    /// their trainings share their choice.
    package let rehearsals: [Rehearsal]

    private init(places: [Int], of study: [Cell]) {
        self.places = places
        cells = places.map { study[$0] }
        let targets = cells.flatMap { $0.candidates[0].plan.targets }
        rehearsals = Rehearsal.all(for: cells[0]).map { Rehearsal(candidate: $0.candidate, plan: $0.plan.measured(on: targets)) }
    }

    package var seeds: [Int] { cells[0].seeds }

    /// The trials of one seed, in the order of the cells.
    package func keys(seed: Int) -> [TrialKey] { cells.map { $0.key(seed: seed) } }

    /// The groups of a study, in the order of their first cells.
    package static func all(of cells: [Cell]) -> [CellGroup] {
        struct Likeness: Hashable {
            let row: String
            let seeds: [Int]
            let sources: [Int]
        }
        struct Identity: Hashable {
            let trainings: [String]
            let tuning: TuningRule
            let rehearsalEpochs: Int?
        }
        // Names of trainings are digests, and few cells can be alike at all.
        let alike = Dictionary(grouping: cells.indices) { index in
            Likeness(row: cells[index].row, seeds: cells[index].seeds, sources: cells[index].candidates[0].plan.sources)
        }
        let groups = alike.values.flatMap { places -> [[Int]] in
            guard places.count > 1 else { return [places] }
            let equal = Dictionary(grouping: places) { place in
                let cell = cells[place]
                return Identity(trainings: cell.candidates.map(\.plan.training), tuning: cell.tuning, rehearsalEpochs: cell.rehearsalEpochs)
            }
            return Array(equal.values)
        }
        return groups.sorted { $0[0] < $1[0] }.map { CellGroup(places: $0, of: cells) }
    }
}

/// One training of a study, or an evaluation of one, by where its result lies in the run folder.
package enum StudyJob: Hashable, Sendable {
    case trial(TrialKey)
    /// By the name of the training.
    case rehearsal(String)
}
