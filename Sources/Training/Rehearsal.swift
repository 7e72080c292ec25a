import Selection

/// A training that serves only a choice: it scores one candidate on source domains. It never measures
/// the target, unless the recipe asks how well the choice is made, and then the choice is not given what
/// it measured.
package struct Rehearsal: Sendable {
    package let candidate: Int
    package let plan: TrialPlan
    /// Whether the target is measured for the report.
    package let measuresTarget: Bool
    /// The name of its result: the training's, or the whole plan's where the target is measured.
    package let name: String

    package init(candidate: Int, plan: TrialPlan, measuresTarget: Bool = false) {
        self.candidate = candidate
        self.plan = plan
        self.measuresTarget = measuresTarget
        name = measuresTarget ? plan.hash : plan.training
    }

    /// The source domain that is left out; nil for a training on a part of each.
    package var leftOut: Int? { if case .domain(let source) = plan.validation { source } else { nil } }

    /// Everything that has to be trained before a cell's values are chosen.
    ///
    /// - Parameter targets: the domains that the plans name as targets; nil for those of the cell.
    package static func all(for cell: Cell, targets: [Int]? = nil) -> [Rehearsal] {
        guard cell.needsRehearsal else { return [] }
        let needs = cell.tuning.needs(among: cell.candidates.count)
        return cell.candidates.indices.flatMap { index -> [Rehearsal] in
            let candidate = cell.candidates[index].plan
            let planned = targets.map(candidate.measured(on:)) ?? candidate
            var rehearsals: [Rehearsal] = []
            if cell.measuresCandidates, cell.candidates.count > 1 {
                for seed in cell.seeds {
                    var plan = planned
                    plan.seed = seed
                    rehearsals.append(Rehearsal(candidate: index, plan: plan, measuresTarget: true))
                }
            }
            let measured = Set(rehearsals.map(\.plan.training))
            for seed in cell.rehearsalSeeds(of: index) {
                var plan = planned
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

/// A rehearsal with all the places of a study that wait for it: rules that choose among the same candidates, and rows that differ in nothing that
/// is rehearsed, share one training.
package struct SharedRehearsal: Sendable {
    /// As the first of the places has it.
    package let rehearsal: Rehearsal
    /// Where it stands: the group, and the position among the group's rehearsals. At least one.
    package private(set) var places: [(group: Int, index: Int)]

    /// Each training once, in the order of the groups that need it first.
    static func all(of groups: [CellGroup]) -> [SharedRehearsal] {
        var shared: [SharedRehearsal] = []
        var positions: [String: Int] = [:]
        for (group, own) in groups.enumerated() {
            for (index, rehearsal) in own.rehearsals.enumerated() {
                if let known = positions[rehearsal.name] {
                    shared[known].places.append((group, index))
                } else {
                    positions[rehearsal.name] = shared.count
                    shared.append(SharedRehearsal(rehearsal: rehearsal, places: [(group, index)]))
                }
            }
        }
        return shared
    }
}
