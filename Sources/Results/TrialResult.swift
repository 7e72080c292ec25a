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

/// When a trial was trained, by the clock of the machine that did it: seconds since 1970 (UTC).
package struct TrialTimes: Hashable, Codable, Sendable {
    package var started: Double
    /// When each epoch ended. What was trained again after an interruption has the later time.
    package var epochs: [Double]

    package init(started: Double, epochs: [Double] = []) {
        self.started = started
        self.epochs = epochs
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
    /// Names the training that this is an evaluation of: results with equal names come from the same model. Nil where each trial has a
    /// training of its own, or where the run's settings say which targets share one.
    package var training: String?
    /// When the trial was trained; nil in results that do not say.
    package var times: TrialTimes?

    package init(
        key: TrialKey, plan: String = "", origin: ResultOrigin? = nil, status: TrialStatus = .finished, epochs: [EpochRecord] = [],
        selectedEpoch: Int? = nil, targetAccuracy: Double? = nil, oracleAccuracy: Double? = nil,
        lastAccuracy: Double? = nil, sourceValidationAccuracy: Double? = nil, chosen: [ChosenValue] = [],
        candidates: [CandidateScore]? = nil, seconds: Double = 0, steps: Int = 0, secondsInPenalties: Double = 0, stepCost: StepCost? = nil,
        parameters: Int = 0, loading: LoadingRecord? = nil, effects: [TermEffect]? = nil, training: String? = nil, times: TrialTimes? = nil
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
        self.training = training
        self.times = times
    }

    /// Whether the trial reached its end.
    package var isFinished: Bool { status == .finished }
}

/// How a trial ended.
///
/// In a file it is one flat object: `{"state": "finished"}`, or
/// `{"state": "failed", "term": "mer", "step": 132, "message": "…"}`.
package enum TrialStatus: Hashable, Sendable {
    case finished
    /// - Parameters:
    ///   - term: the term of the loss that failed, by its instance name (`task` for the base loss).
    ///   - step: the training step at which it happened, counted from 0.
    ///   - message: one sentence for people.
    case failed(term: String, step: Int, message: String)
}

extension TrialStatus: Codable {
    private enum Key: String, CodingKey { case state, term, step, message }
    private enum State: String, Codable { case finished, failed }

    /// - Throws: `DecodingError` for an unknown state or a failure without term, step or message.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        switch try fields.decode(State.self, forKey: .state) {
        case .finished:
            self = .finished
        case .failed:
            self = .failed(
                term: try fields.decode(String.self, forKey: .term),
                step: try fields.decode(Int.self, forKey: .step),
                message: try fields.decode(String.self, forKey: .message))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        switch self {
        case .finished:
            try fields.encode(State.finished, forKey: .state)
        case .failed(let term, let step, let message):
            try fields.encode(State.failed, forKey: .state)
            try fields.encode(term, forKey: .term)
            try fields.encode(step, forKey: .step)
            try fields.encode(message, forKey: .message)
        }
    }
}

/// What one training step takes, in seconds of wall time.
package struct StepCost: Hashable, Codable, Sendable {
    /// What one regularizer adds to a step: its hooks, and the part of the backward pass that is its own.
    package struct Term: Hashable, Codable, Sendable {
        /// The regularizer's name in its row.
        package var instance: String
        package var seconds: Double

        package init(instance: String, seconds: Double) {
            self.instance = instance
            self.seconds = seconds
        }
    }

    /// The whole step with every regularizer.
    package var seconds: Double
    /// In the row's order.
    package var terms: [Term]

    package init(seconds: Double, terms: [Term]) {
        self.seconds = seconds
        self.terms = terms
    }
}

/// How one setting of a row's tuned values did in the rehearsals that the choice among them rests on.
package struct CandidateScore: Hashable, Codable, Sendable {
    /// The setting, one entry for each tuned path.
    package var values: [ChosenValue]
    /// Mean accuracy on source domains, a fraction in `0...1`; nil where a rehearsal failed.
    package var accuracy: Double?

    package init(values: [ChosenValue], accuracy: Double?) {
        self.values = values
        self.accuracy = accuracy
    }
}
