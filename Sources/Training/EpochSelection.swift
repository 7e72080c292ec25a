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
    /// The best accuracy on source validation; of equal ones the lower validation loss, then the earlier epoch. An epoch whose score is
    /// no number is not chosen.
    case sourceValidation
    /// The last epoch.
    case lastEpoch
    /// An epoch that was chosen beforehand, counted from 1.
    case epoch(Int)

    /// The chosen epoch, or nil where there is none to choose from.
    package func choose(from scores: [SourceScore]) -> SourceScore? {
        switch self {
        case .sourceValidation:
            scores.filter { $0.validation?.isNumber == true }.reduce(nil) { best, next in
                best.map { next.isBetter(than: $0) ? next : $0 } ?? next
            }
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
    /// Whether it can be compared: neither accuracy nor loss is NaN. A loss may be infinite.
    package var isNumber: Bool { !accuracy.isNaN && !loss.isNaN }

    /// A higher accuracy, or the same with a lower loss; any score that is a number before one that is none. Of two equal scores neither
    /// is better, nor of two that are no numbers.
    package func isBetter(than other: Score) -> Bool {
        guard isNumber, other.isNumber else { return isNumber && !other.isNumber }
        return (accuracy, -loss) > (other.accuracy, -other.loss)
    }
}

extension SourceScore {
    /// What a record says about source validation.
    package init(_ record: EpochRecord) {
        var score: Score?
        if let accuracy = record.sourceValidationAccuracy, let loss = record.sourceValidationLoss {
            score = Score(accuracy: accuracy, loss: loss, nonFinite: record.sourceValidationNonFinite)
        }
        self.init(epoch: record.epoch, validation: score)
    }
}
