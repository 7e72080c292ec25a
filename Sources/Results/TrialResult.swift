/// A value of the recipe that tuning chose for a trial.
package struct ChosenValue: Hashable, Codable, Sendable {
    /// Path inside the row, for example `regularizers.mer.weight`.
    package var path: String
    /// The value, as the recipe spells it.
    package var value: String

    package init(path: String, value: String) {
        self.path = path
        self.value = value
    }
}

/// What a result comes from beside its recipe.
package struct ResultOrigin: Hashable, Codable, Sendable {
    /// The digest of the program that trained.
    package var program: String
    /// The fingerprint of the data.
    package var data: String

    package init(program: String, data: String) {
        self.program = program
        self.data = data
    }
}

/// Everything that a report needs to know about one trial: the content of its `result.json`.
///
/// Accuracies are fractions in `0...1`, times are seconds of wall time.
package struct TrialResult: Hashable, Codable, Sendable {
    package var key: TrialKey
    /// Hash of the resolved plan that the trial was run from; a result of another plan is not reused.
    package var plan: String
    /// What of the plan is none of the recipe's; nil in results that do not say it.
    package var origin: ResultOrigin?
    package var status: TrialStatus
    /// One record an epoch, in order; for a failed trial, the epochs before the failure.
    package var epochs: [EpochRecord]
    /// The epoch that the selection rule chose (counted from 1); nil for a failed trial.
    package var selectedEpoch: Int?
    /// Accuracy on the target at the selected epoch: the figure of the table.
    package var targetAccuracy: Double?
    /// Best accuracy on the target over all epochs. It looks at the target, so it is reported
    /// beside the result under that label and never used to choose anything.
    package var oracleAccuracy: Double?
    /// Accuracy on the target after the last epoch.
    package var lastAccuracy: Double?
    /// Accuracy on source validation data at the selected epoch.
    package var sourceValidationAccuracy: Double?
    /// What tuning chose; empty for a row without a grid.
    package var chosen: [ChosenValue]
    /// What tuning chose from, with its scores; nil where there was no choice.
    package var candidates: [CandidateScore]?
    /// Wall time of the trial, evaluation included.
    package var seconds: Double
    /// Training steps taken.
    package var steps: Int
    /// Part of `seconds` spent in the regularizers' penalties, as far as it was measured.
    package var secondsInPenalties: Double
    /// What one training step takes, and what each regularizer adds to it; nil where it was not measured.
    package var stepCost: StepCost?
    /// Number of trained scalars, those owned by regularizers included.
    package var parameters: Int
    /// How media files were read; nil where the data set decodes none.
    package var loading: LoadingRecord?
    /// Whether each regularizer has changed anything; nil where it was not observed, as in results of earlier builds.
    package var effects: [TermEffect]?

    package init(
        key: TrialKey, plan: String = "", origin: ResultOrigin? = nil, status: TrialStatus = .finished, epochs: [EpochRecord] = [],
        selectedEpoch: Int? = nil, targetAccuracy: Double? = nil, oracleAccuracy: Double? = nil,
        lastAccuracy: Double? = nil, sourceValidationAccuracy: Double? = nil, chosen: [ChosenValue] = [],
        candidates: [CandidateScore]? = nil, seconds: Double = 0, steps: Int = 0, secondsInPenalties: Double = 0, stepCost: StepCost? = nil,
        parameters: Int = 0, loading: LoadingRecord? = nil, effects: [TermEffect]? = nil
    ) {
        self.key = key
        self.plan = plan
        self.origin = origin
        self.status = status
        self.epochs = epochs
        self.selectedEpoch = selectedEpoch
        self.targetAccuracy = targetAccuracy
        self.oracleAccuracy = oracleAccuracy
        self.lastAccuracy = lastAccuracy
        self.sourceValidationAccuracy = sourceValidationAccuracy
        self.chosen = chosen
        self.candidates = candidates
        self.seconds = seconds
        self.steps = steps
        self.secondsInPenalties = secondsInPenalties
        self.stepCost = stepCost
        self.parameters = parameters
        self.loading = loading
        self.effects = effects
    }

    /// Whether the trial reached its end.
    package var isFinished: Bool { status == .finished }
}
