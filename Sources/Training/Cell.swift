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

/// A training that serves only a choice: it scores one candidate on source domains. It never measures
/// the target, unless the recipe asks how well the choice is made, and then the choice is not given what
/// it measured.
package struct Rehearsal: Sendable {
    package let candidate: Int
    package let plan: TrialPlan
    /// Whether the target is measured for the report.
    package let measuresTarget: Bool

    package init(candidate: Int, plan: TrialPlan, measuresTarget: Bool = false) {
        self.candidate = candidate
        self.plan = plan
        self.measuresTarget = measuresTarget
    }

    /// The name of its result: the training's, or the whole plan's where the target is measured.
    package var name: String { measuresTarget ? plan.hash : plan.training }

    /// The source domain that is left out; nil for a training on a part of each.
    package var leftOut: Int? { if case .domain(let source) = plan.validation { source } else { nil } }

    /// Everything that has to be trained before a cell's values are chosen.
    package static func all(for cell: Cell) -> [Rehearsal] {
        guard cell.needsRehearsal else { return [] }
        let needs = cell.tuning.needs(among: cell.candidates.count)
        return cell.candidates.indices.flatMap { index -> [Rehearsal] in
            var rehearsals: [Rehearsal] = []
            if cell.measuresCandidates, cell.candidates.count > 1 {
                for seed in cell.seeds {
                    var plan = cell.candidates[index].plan
                    plan.seed = seed
                    rehearsals.append(Rehearsal(candidate: index, plan: plan, measuresTarget: true))
                }
            }
            let measured = Set(rehearsals.map(\.plan.training))
            for seed in cell.rehearsalSeeds(of: index) {
                var plan = cell.candidates[index].plan
                plan.seed = seed
                let epochs = cell.rehearsalEpochs ?? plan.epochs
                // An epoch beyond the length of the trials cannot be chosen.
                plan.epochs = cell.tuning.choosesEpoch ? min(epochs, plan.epochs) : epochs
                // One that is trained for the report serves the choice as well.
                if !needs.isDisjoint(with: [.heldBack, .modalities]), !measured.contains(plan.training) {
                    rehearsals.append(Rehearsal(candidate: index, plan: plan))
                }
                guard needs.contains(.leftOut) else { continue }
                plan.selection = .lastEpoch
                for source in plan.sources {
                    plan.validation = .domain(source)
                    rehearsals.append(Rehearsal(candidate: index, plan: plan))
                }
            }
            return rehearsals
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
        rehearsals = Rehearsal.all(for: cells[0]).map {
            Rehearsal(candidate: $0.candidate, plan: $0.plan.measured(on: targets), measuresTarget: $0.measuresTarget)
        }
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
            /// How values or the epoch are chosen; nil where there is nothing to choose.
            let tuning: TuningRule?
            let rehearsalEpochs: Int?
            /// Where candidates are measured on the target, each target has trainings of its own.
            let measuredTarget: String?
        }
        // Names of trainings are digests, and few cells can be alike at all.
        let alike = Dictionary(grouping: cells.indices) { index in
            Likeness(row: cells[index].row, seeds: cells[index].seeds, sources: cells[index].candidates[0].plan.sources)
        }
        let groups = alike.values.flatMap { places -> [[Int]] in
            guard places.count > 1 else { return [places] }
            let equal = Dictionary(grouping: places) { place in
                let cell = cells[place]
                return Identity(
                    trainings: cell.candidates.map(\.plan.training), tuning: cell.needsRehearsal ? cell.tuning : nil,
                    rehearsalEpochs: cell.needsRehearsal ? cell.rehearsalEpochs : nil,
                    measuredTarget: cell.measuresCandidates ? cell.target : nil)
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
