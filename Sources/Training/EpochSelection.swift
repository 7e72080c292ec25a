import Configuration
import Processes
import Results
import Selection

/// What the choice of an epoch may look at: one epoch's scores on source domains. There is no field for the target.
package struct SourceScore: Hashable, Sendable {
    /// Counted from 1.
    package let epoch: Int
    /// Nil where nothing was held back.
    package let validation: SourceScores?

    package init(epoch: Int, validation: SourceScores?) {
        self.epoch = epoch
        self.validation = validation
    }

    /// What a record says about source domains.
    package init(_ record: EpochRecord) { self.init(epoch: record.epoch, validation: record.sourceScores) }
}

/// Which epoch's model is reported.
package enum EpochSelection: Sendable, Hashable {
    /// The one that a rule chooses.
    case rule(SelectionRule)
    /// An epoch that was chosen beforehand, counted from 1.
    case epoch(Int)

    package static let sourceValidation = EpochSelection.rule(.sourceValidation)
    package static let lastEpoch = EpochSelection.rule(.lastEpoch)

    /// The chosen epoch, or nil where there is none to choose from.
    ///
    /// - Parameter ties: which of equal scores source validation takes.
    package func choose(
        from scores: [SourceScore], in situation: SelectionSituation = SelectionSituation(.epochs), ties: TieRule = .lowerLoss
    ) -> SourceScore? {
        switch self {
        case .rule(let rule):
            let evidence = scores.enumerated().map { SourceEvidence(position: $0, seeds: [.init(heldBack: $1.validation)]) }
            return CallTrace.during("merits(of:in:)", of: rule.name) { rule.breaking(ties).choose(from: evidence, in: situation) }.map { scores[$0] }
        case .epoch(let epoch): return scores.first { $0.epoch == epoch }
        }
    }

    /// What has to be trained and measured for it.
    package var needs: Set<SelectionNeed> { if case .rule(let rule) = self { rule.rule.needs } else { [] } }

    /// Whether held-back samples are needed.
    package var needsValidation: Bool { !needs.isDisjoint(with: [.heldBack, .modalities]) }

    /// The names of the components that it asks for; those of rules that a rule combines are among them.
    var componentNames: [String] {
        guard case .rule(let rule) = self else { return [] }
        return [rule.name] + rule.options.values.flatMap(\.texts)
    }
}

extension OptionValue {
    /// The texts in a list of them.
    fileprivate var texts: [String] {
        guard case .list(let items) = self else { return [] }
        return items.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
}

extension SelectionSituation {
    /// - Parameters:
    ///   - score: what the scores are.
    ///   - kind: what is learned.
    ///   - sources: how many domains are trained on.
    package init(_ subject: Subject, score: ScoreDescription, kind: TargetKind, sources: Int, modalities: Int) {
        self.init(
            subject, isHigherBetter: score.isHigherBetter, isShare: score.form == .percent, hasClasses: kind == .classes, sourceDomains: sources,
            modalities: modalities)
    }
}
