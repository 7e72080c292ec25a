import Results
import Training

/// The scores of one rehearsal, epoch by epoch; nil where it failed.
typealias RehearsalScores = [SourceScore]?

/// What the rehearsals of a cell led to.
struct TuningChoice: Sendable, Hashable {
    let candidate: Int
    /// The epoch to report, where leaving source domains out chose it.
    let epoch: Int?

    /// The candidate of the best mean score over its rehearsals; of equal ones the lower mean loss, then the earlier candidate.
    ///
    /// A candidate with a failed rehearsal is not chosen while another has none; where all failed it is the first.
    static func choose(in cell: Cell, from outcomes: [(rehearsal: Rehearsal, scores: RehearsalScores)]) -> TuningChoice {
        var best: (choice: TuningChoice, score: Score)?
        for index in cell.candidates.indices {
            guard let (score, epoch) = score(of: index, in: cell, from: outcomes) else { continue }
            if best.map({ score.isBetter(than: $0.score) }) ?? true {
                best = (TuningChoice(candidate: index, epoch: cell.tuning.choosesEpoch ? epoch : nil), score)
            }
        }
        return best?.choice ?? TuningChoice(candidate: 0, epoch: nil)
    }

    /// What there was to choose from, with the scores by which `choose` chose; nil where there was one candidate only.
    static func scores(in cell: Cell, from outcomes: [(rehearsal: Rehearsal, scores: RehearsalScores)]) -> [CandidateScore]? {
        guard cell.candidates.count > 1 else { return nil }
        return cell.candidates.indices.map { index in
            CandidateScore(values: cell.candidates[index].values, score: score(of: index, in: cell, from: outcomes)?.score.value)
        }
    }

    /// A candidate's mean over its rehearsals; nil where one of them failed, or where it is no number.
    private static func score(
        of candidate: Int, in cell: Cell, from outcomes: [(rehearsal: Rehearsal, scores: RehearsalScores)]
    ) -> (score: Score, epoch: Int)? {
        let scores = outcomes.filter { $0.rehearsal.candidate == candidate }.map(\.scores)
        let complete = scores.compactMap(\.self)
        guard !complete.isEmpty, complete.count == scores.count else { return nil }
        return meanScore(complete, of: cell, candidate: candidate).flatMap { $0.score.isNumber ? $0 : nil }
    }

    private static func meanScore(_ rehearsals: [[SourceScore]], of cell: Cell, candidate: Int) -> (score: Score, epoch: Int)? {
        guard cell.tuning.holdsOutSources else {
            let selection = cell.candidates[candidate].plan.selection
            let chosen = rehearsals.compactMap { selection.choose(from: $0) }
            guard let first = chosen.first, chosen.count == rehearsals.count else { return nil }
            return (Score(meanOf: chosen.compactMap(\.validation)), first.epoch)
        }
        // One epoch for all left-out domains: the best of the mean curve.
        let epochs = rehearsals.map(\.count).min() ?? 0
        let curve = (0..<epochs).map { epoch in
            SourceScore(epoch: epoch + 1, validation: Score(meanOf: rehearsals.compactMap { $0[epoch].validation }))
        }
        return EpochSelection.sourceValidation.choose(from: curve).flatMap { best in best.validation.map { ($0, best.epoch) } }
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

extension Score {
    fileprivate init(meanOf scores: [Score]) {
        let count = Double(max(scores.count, 1))
        self.init(
            scores.reduce(0) { $0 + $1.value } / count, loss: scores.reduce(0) { $0 + $1.loss } / count,
            isHigherBetter: scores.first?.isHigherBetter ?? true)
    }
}
