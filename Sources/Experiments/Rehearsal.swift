import Datasets
import Results

/// A training whose only purpose is a choice: it scores one candidate on source domains and never measures the target.
struct Rehearsal: Sendable {
    let candidate: Int
    let plan: TrialPlan

    /// Everything that has to be trained before a cell's values are chosen.
    static func all(for cell: Cell) -> [Rehearsal] {
        guard cell.needsRehearsal else { return [] }
        return cell.candidates.indices.flatMap { index in
            cell.tuning.seeds.flatMap { seed -> [Rehearsal] in
                var plan = cell.candidates[index].plan
                plan.seed = seed
                let epochs = cell.rehearsalEpochs ?? plan.epochs
                // An epoch that the trials do not reach cannot be chosen.
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

/// The scores of one rehearsal, epoch by epoch; nil where it failed.
typealias RehearsalScores = [SourceScore]?

/// What the rehearsals of a cell led to.
struct TuningChoice: Sendable, Hashable {
    let candidate: Int
    /// The epoch to report, where leaving source domains out chose it.
    let epoch: Int?

    /// The candidate of the best mean accuracy over its rehearsals; of equal ones the lower mean loss, then the earlier candidate.
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
            CandidateScore(values: cell.candidates[index].values, accuracy: score(of: index, in: cell, from: outcomes)?.score.accuracy)
        }
    }

    /// A candidate's mean over its rehearsals; nil where one of them failed.
    private static func score(
        of candidate: Int, in cell: Cell, from outcomes: [(rehearsal: Rehearsal, scores: RehearsalScores)]
    ) -> (score: Score, epoch: Int)? {
        let scores = outcomes.filter { $0.rehearsal.candidate == candidate }.map(\.scores)
        let complete = scores.compactMap(\.self)
        guard !complete.isEmpty, complete.count == scores.count else { return nil }
        return meanScore(complete, of: cell, candidate: candidate)
    }

    private static func meanScore(_ rehearsals: [[SourceScore]], of cell: Cell, candidate: Int) -> (score: Score, epoch: Int)? {
        guard cell.tuning.holdsOutSources else {
            let selection = cell.candidates[candidate].plan.selection
            let chosen = rehearsals.compactMap { selection.choose(from: $0) }
            guard let first = chosen.first else { return nil }
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

extension SourceScore {
    /// What a record says about source validation.
    init(_ record: EpochRecord) {
        var score: Score?
        if let accuracy = record.sourceValidationAccuracy, let loss = record.sourceValidationLoss {
            score = Score(accuracy: accuracy, loss: loss)
        }
        self.init(epoch: record.epoch, validation: score)
    }
}

extension Score {
    fileprivate init(meanOf scores: [Score]) {
        let count = Double(max(scores.count, 1))
        self.init(accuracy: scores.reduce(0) { $0 + $1.accuracy } / count, loss: scores.reduce(0) { $0 + $1.loss } / count)
    }
}
