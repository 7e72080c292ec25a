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
    /// The best score on source validation; of equal ones the lower validation loss, then the earlier epoch. An epoch whose score is
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
    /// Whether the score can be compared: neither its value nor its loss is NaN. A loss may be
    /// infinite.
    package var isNumber: Bool { !value.isNaN && !loss.isNaN }

    /// Whether the value is better, or the same with a lower loss. A score that is a number is better
    /// than one that is not. Of two equal scores neither is better, nor of two that are not numbers.
    package func isBetter(than other: Score) -> Bool {
        guard isNumber, other.isNumber else { return isNumber && !other.isNumber }
        return value == other.value ? loss < other.loss : isHigherBetter ? value > other.value : value < other.value
    }
}

extension SourceScore {
    /// What a record says about source validation.
    ///
    /// - Parameter description: what the record's scores are.
    package init(_ record: EpochRecord, of description: ScoreDescription) {
        var score: Score?
        if let value = record.sourceValidationScore, let loss = record.sourceValidationLoss {
            score = Score(
                value, loss: loss, nonFinite: record.sourceValidationNonFinite, isHigherBetter: description.isHigherBetter)
        }
        self.init(epoch: record.epoch, validation: score)
    }
}
