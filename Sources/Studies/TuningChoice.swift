import Processes
import Results
import Selection
import Training

/// The scores of one rehearsal on source domains, epoch by epoch; nil where it failed.
typealias RehearsalScores = [SourceScore]?

/// What the rehearsals of a cell led to.
struct TuningChoice: Sendable, Hashable {
    let candidate: Int
    /// The epoch to report, where leaving source domains out chose it.
    let epoch: Int?

    /// One rehearsal with its scores.
    typealias Outcome = (rehearsal: Rehearsal, scores: RehearsalScores)

    /// The candidate that the cell's rule chooses from what the rehearsals left on source domains.
    ///
    /// A candidate with a failed rehearsal is not chosen while another has none; where the rule can choose none it is the first.
    static func choose(in cell: Cell, from outcomes: [Outcome]) -> TuningChoice {
        let evidence = evidence(in: cell, from: outcomes)
        let known = evidence.compactMap(\.self)
        let rule = cell.tuning.selection
        let chosen = CallTrace.during("merits(of:in:)", of: rule.name) {
            rule.choose(from: known.map(\.evidence), in: cell.tuning.situation)
        }.map { known[$0] }
        return TuningChoice(
            candidate: chosen?.evidence.position ?? 0, epoch: cell.tuning.choosesEpoch ? chosen?.epoch ?? evidence.first??.epoch : nil)
    }

    /// What there was to choose from, with the criteria by which `choose` chose; nil where there was one candidate only.
    static func scores(in cell: Cell, from outcomes: [Outcome]) -> [CandidateScore]? {
        guard cell.candidates.count > 1 else { return nil }
        let evidence = evidence(in: cell, from: outcomes)
        return cell.candidates.indices.map { index in
            let own = evidence[index]?.evidence
            let criterion = own.flatMap { cell.tuning.selection.criteria(of: [$0], in: cell.tuning.situation)[0] }
            return CandidateScore(values: cell.candidates[index].values, score: criterion, evidence: own)
        }
    }

    /// How the choice was made; nil where there was one candidate only.
    func record(in cell: Cell, from scores: [CandidateScore]?) -> ChoiceRecord? {
        guard let scores else { return nil }
        let (rule, known) = (cell.tuning.selection, scores.compactMap(\.evidence))
        let guards = ChoiceGuards(of: rule, known, in: cell.tuning.situation, ends: ends(among: cell.candidates))
        return ChoiceRecord(rule: rule.name, unit: rule.rule.unit, fallback: cell.tuning.fallback, guards: guards)
    }

    /// The tuned numbers whose chosen value is the lowest or the highest of those that there were, of three or more.
    private func ends(among candidates: [Candidate]) -> [ChoiceGuards.End] {
        candidates[candidate].values.compactMap { chosen in
            let numbers = candidates.compactMap { $0.values.first { $0.path == chosen.path } }.compactMap { Double($0.value) }
            guard numbers.count == candidates.count, Set(numbers).count > 2, let own = Double(chosen.value) else { return nil }
            if own == numbers.max() { return ChoiceGuards.End(path: chosen.path, isHighest: true) }
            return own == numbers.min() ? ChoiceGuards.End(path: chosen.path, isHighest: false) : nil
        }
    }

    /// What is known of each candidate at the epoch at which it would be reported; nil where one of its
    /// rehearsals failed or chose no epoch.
    private static func evidence(in cell: Cell, from outcomes: [Outcome]) -> [(evidence: SourceEvidence, epoch: Int?)?] {
        cell.candidates.indices.map { index in
            let own = outcomes.filter { $0.rehearsal.candidate == index }
            let complete = own.compactMap { outcome in outcome.scores.map { (rehearsal: outcome.rehearsal, scores: $0) } }
            guard complete.count == own.count, !complete.isEmpty else { return nil }
            let seeds = cell.rehearsalSeeds(of: index).map { seed -> (heldBack: [SourceScore]?, leftOut: [[SourceScore]]) in
                let trained = complete.filter { $0.rehearsal.plan.seed == seed }
                let whole = trained.filter { $0.rehearsal.leftOut == nil }
                // Rehearsals that are as long as the others come before those that are as long as
                // trials, which measure the target.
                let heldBack = whole.first { !$0.rehearsal.measuresTarget } ?? whole.first
                return (heldBack?.scores, trained.filter { $0.rehearsal.leftOut != nil }.map(\.scores))
            }
            let (plan, situation) = (cell.candidates[index].plan, epochSituation(of: cell))
            let common = commonEpoch(of: seeds, in: cell, plan, situation)
            guard seeds.allSatisfy(\.leftOut.isEmpty) || common != nil else { return nil }
            var evidence: [SourceEvidence.Seed] = []
            for seed in seeds {
                var known = SourceEvidence.Seed()
                if let curve = seed.heldBack {
                    let chosen =
                        cell.tuning.choosesEpoch ? curve.first { $0.epoch == common } : plan.selection.choose(from: curve, in: situation, ties: plan.ties)
                    guard let chosen else { return nil }
                    known.heldBack = chosen.validation
                }
                if let common {
                    known.leftOut = seed.leftOut.compactMap { curve in curve.first { $0.epoch == common }?.validation }
                    guard known.leftOut.count == seed.leftOut.count else { return nil }
                }
                evidence.append(known)
            }
            return (SourceEvidence(position: index, seeds: evidence), common)
        }
    }

    /// One epoch for all trainings that left a domain out, by their mean curve. A rule of the epoch
    /// that does not itself ask for left-out domains sees them as held-back samples.
    private static func commonEpoch(
        of seeds: [(heldBack: [SourceScore]?, leftOut: [[SourceScore]])], in cell: Cell, _ plan: TrialPlan, _ situation: SelectionSituation
    ) -> Int? {
        let curves = seeds.flatMap(\.leftOut)
        let rule: SelectionRule
        switch (cell.tuning.epochs, plan.selection) {
        case (let own?, _): rule = own
        case (nil, .rule(let own)): rule = own.breaking(plan.ties)
        case (nil, .epoch(let epoch)): return epoch
        }
        let epochs = (curves + seeds.compactMap(\.heldBack)).map(\.count).min() ?? 0
        guard epochs > 0, !curves.isEmpty else { return nil }
        let isOfLeftOut = rule.rule.needs.contains(.leftOut)
        let evidence = (0..<epochs).map { epoch in
            let known = seeds.map { seed -> SourceEvidence.Seed in
                let leftOut = seed.leftOut.compactMap { $0[epoch].validation }
                return SourceEvidence.Seed(heldBack: isOfLeftOut ? seed.heldBack?[epoch].validation : nil, leftOut: leftOut)
            }
            // Each left-out domain counts as a training's held-back samples.
            let seen = isOfLeftOut ? known : known.flatMap { seed in seed.leftOut.map { SourceEvidence.Seed(heldBack: $0) } }
            return SourceEvidence(position: epoch, seeds: seen)
        }
        return rule.choose(from: evidence, in: situation).map { $0 + 1 }
    }

    private static func epochSituation(of cell: Cell) -> SelectionSituation {
        var situation = cell.tuning.situation
        situation.subject = .epochs
        return situation
    }
}

extension Cell {
    /// What is trained once the tuned values are chosen.
    func plan(of choice: TuningChoice, seed: Int) -> TrialPlan {
        var plan = candidates[choice.candidate].plan
        plan.seed = seed
        if let epoch = choice.epoch { plan.selection = .epoch(epoch) }
        return plan
    }
}
