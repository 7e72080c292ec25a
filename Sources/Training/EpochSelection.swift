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

/// Which of equal scores on source validation is taken.
package enum TieRule: String, Sendable {
    /// The one of the lower validation loss, then the earlier epoch.
    case lowerLoss = "lower-loss"
    /// The earlier epoch, whatever its loss.
    case first
    /// The later epoch, whatever its loss.
    case latest
}

/// Which epoch's model is reported.
package enum EpochSelection: Sendable, Hashable {
    /// The best score on source validation; of equal ones that of the ``TieRule``. An epoch whose score is no number is not chosen.
    case sourceValidation
    /// The last epoch.
    case lastEpoch
    /// An epoch that was chosen beforehand, counted from 1.
    case epoch(Int)

    /// The chosen epoch, or nil where there is none to choose from.
    ///
    /// - Parameter ties: which of equal scores on source validation is taken.
    package func choose(from scores: [SourceScore], ties: TieRule = .lowerLoss) -> SourceScore? {
        switch self {
        case .sourceValidation:
            scores.filter { $0.validation?.isNumber == true }.reduce(nil) { best, next in
                best.map { next.isTaken(before: $0, ties) ? next : $0 } ?? next
            }
        case .lastEpoch: scores.last
        case .epoch(let epoch): scores.first { $0.epoch == epoch }
        }
    }
}

extension SourceScore {
    /// Whether this later epoch takes the place of an earlier one.
    fileprivate func isTaken(before other: SourceScore, _ ties: TieRule) -> Bool {
        guard let validation, let others = other.validation else { return false }
        guard validation.value == others.value, ties != .lowerLoss else { return validation.isBetter(than: others) }
        return ties == .latest
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
