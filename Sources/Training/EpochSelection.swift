import Results

/// What a selection may look at: one epoch's score on validation samples of the source domains. There is no field for the target.
package struct SourceScore: Hashable, Sendable {
    /// Counted from 1.
    package let epoch: Int
    /// Nil where nothing was held back.
    package let validation: Score?

    package init(epoch: Int, validation: Score?) {
        self.epoch = epoch
        self.validation = validation
    }
}

/// Which epoch's model is reported.
package enum EpochSelection: Sendable, Hashable {
    /// The best accuracy on source validation; of equal ones the lower validation loss, then the earlier epoch.
    case sourceValidation
    /// The last epoch.
    case lastEpoch
    /// An epoch that was chosen beforehand, counted from 1.
    case epoch(Int)

    /// The chosen epoch, or nil where there is none to choose from.
    package func choose(from scores: [SourceScore]) -> SourceScore? {
        switch self {
        case .sourceValidation:
            scores.filter { $0.validation != nil }.reduce(nil) { best, next in best.map { next.isBetter(than: $0) ? next : $0 } ?? next }
        case .lastEpoch: scores.last
        case .epoch(let epoch): scores.first { $0.epoch == epoch }
        }
    }
}

extension SourceScore {
    fileprivate func isBetter(than other: SourceScore) -> Bool {
        guard let validation, let others = other.validation else { return false }
        return validation.isBetter(than: others)
    }
}

extension Score {
    /// A higher accuracy, or the same with a lower loss. Of two equal scores neither is better.
    package func isBetter(than other: Score) -> Bool { (accuracy, -loss) > (other.accuracy, -other.loss) }
}

extension SourceScore {
    /// What a record says about source validation.
    package init(_ record: EpochRecord) {
        var score: Score?
        if let accuracy = record.sourceValidationAccuracy, let loss = record.sourceValidationLoss {
            score = Score(accuracy: accuracy, loss: loss)
        }
        self.init(epoch: record.epoch, validation: score)
    }
}
