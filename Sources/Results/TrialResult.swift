import Selection

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
/// Scores are as in ``EpochRecord``, times are seconds of wall time.
package struct TrialResult: Hashable, Sendable {
    package var key: TrialKey
    /// Hash of the resolved plan that the trial was run from; a result of another plan is not reused.
    package var plan: String
    /// What of the plan is none of the recipe's; nil in results that do not say it.
    package var origin: ResultOrigin?
    package var status: TrialStatus
    /// One record per epoch, in order; for a failed trial, the epochs before the failure.
    package var epochs: [EpochRecord]
    /// The epoch that the selection rule chose (counted from 1); nil for a failed trial.
    package var selectedEpoch: Int?
    /// What the scores are: the task's first one.
    package var score: ScoreDescription
    /// Score on the target at the selected epoch: the figure of the table.
    package var targetScore: Double?
    /// Best score on the target over all epochs. It looks at the target, so it is reported
    /// beside the result under that label and never used to choose anything.
    package var oracleScore: Double?
    /// Score on the target after the last epoch.
    package var lastScore: Double?
    /// Score on source validation data at the selected epoch.
    package var sourceValidationScore: Double?
    /// What tuning chose; empty for a row without a grid.
    package var chosen: [ChosenValue]
    /// What tuning chose from, with its scores; nil where there was no choice.
    package var candidates: [CandidateScore]?
    /// How tuning chose; nil where there was no choice, and in results that do not say it.
    package var choice: ChoiceRecord?
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
    /// Names the training that this is an evaluation of: results with equal names come from the same model. Nil in results that do not
    /// say it; where the run's settings say which targets share a training, they do.
    package var training: String?
    /// When the trial was trained; nil in results that do not say.
    package var times: TrialTimes?

    package init(
        key: TrialKey, plan: String = "", origin: ResultOrigin? = nil, status: TrialStatus = .finished, epochs: [EpochRecord] = [],
        selectedEpoch: Int? = nil, score: ScoreDescription = .accuracy, targetScore: Double? = nil, oracleScore: Double? = nil,
        lastScore: Double? = nil, sourceValidationScore: Double? = nil, chosen: [ChosenValue] = [],
        candidates: [CandidateScore]? = nil, choice: ChoiceRecord? = nil, seconds: Double = 0, steps: Int = 0, secondsInPenalties: Double = 0,
        stepCost: StepCost? = nil,
        parameters: Int = 0, loading: LoadingRecord? = nil, effects: [TermEffect]? = nil, training: String? = nil, times: TrialTimes? = nil
    ) {
        self.key = key
        self.plan = plan
        self.origin = origin
        self.status = status
        self.epochs = epochs
        self.selectedEpoch = selectedEpoch
        self.score = score
        self.targetScore = targetScore
        self.oracleScore = oracleScore
        self.lastScore = lastScore
        self.sourceValidationScore = sourceValidationScore
        self.chosen = chosen
        self.candidates = candidates
        self.choice = choice
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

    /// One of all results that come from one training.
    ///
    /// - Parameter countingRestarts: whether a training that was done again for some of its trials counts again, as its time and cost do. What
    ///   it led to is the same each time, to the bit, and counts once.
    package static func oncePerTraining(_ results: [TrialResult], countingRestarts: Bool = true) -> [TrialResult] {
        struct Start: Hashable {
            let training: String
            let started: Double?
        }
        var seen: Set<Start> = []
        return results.filter { result in
            result.training.map { seen.insert(Start(training: $0, started: countingRestarts ? result.times?.started : nil)).inserted } ?? true
        }
    }

    /// The record of the epoch that was chosen; nil for a failed trial.
    package var selected: EpochRecord? { epochs.first { $0.epoch == selectedEpoch } }
}

extension TrialResult: Codable {
    fileprivate enum Key: String, CodingKey {
        case key, plan, origin, status, epochs, selectedEpoch, score, targetScore, oracleScore, lastScore, sourceValidationScore, chosen
        case candidates, choice, seconds, steps, secondsInPenalties, stepCost, parameters, loading, effects, training, times
        // What scores were called while there was one task.
        case targetAccuracy, oracleAccuracy, lastAccuracy, sourceValidationAccuracy
    }

    /// - Throws: `DecodingError` where an entry is missing or has another type.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        self.init(
            key: try fields.decode(TrialKey.self, forKey: .key), plan: try fields.decode(String.self, forKey: .plan),
            origin: try fields.decodeIfPresent(ResultOrigin.self, forKey: .origin),
            status: try fields.decode(TrialStatus.self, forKey: .status), epochs: try fields.decode([EpochRecord].self, forKey: .epochs),
            selectedEpoch: try fields.decodeIfPresent(Int.self, forKey: .selectedEpoch),
            score: try fields.decodeIfPresent(ScoreDescription.self, forKey: .score) ?? .accuracy,
            targetScore: try fields.score(.targetScore, former: .targetAccuracy), oracleScore: try fields.score(.oracleScore, former: .oracleAccuracy),
            lastScore: try fields.score(.lastScore, former: .lastAccuracy),
            sourceValidationScore: try fields.score(.sourceValidationScore, former: .sourceValidationAccuracy),
            chosen: try fields.decode([ChosenValue].self, forKey: .chosen),
            candidates: try fields.decodeIfPresent([CandidateScore].self, forKey: .candidates),
            choice: try fields.decodeIfPresent(ChoiceRecord.self, forKey: .choice),
            seconds: try fields.decode(Double.self, forKey: .seconds), steps: try fields.decode(Int.self, forKey: .steps),
            secondsInPenalties: try fields.decode(Double.self, forKey: .secondsInPenalties),
            stepCost: try fields.decodeIfPresent(StepCost.self, forKey: .stepCost),
            parameters: try fields.decode(Int.self, forKey: .parameters),
            loading: try fields.decodeIfPresent(LoadingRecord.self, forKey: .loading),
            effects: try fields.decodeIfPresent([TermEffect].self, forKey: .effects),
            training: try fields.decodeIfPresent(String.self, forKey: .training),
            times: try fields.decodeIfPresent(TrialTimes.self, forKey: .times))
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(key, forKey: .key)
        try fields.encode(plan, forKey: .plan)
        try fields.encodeIfPresent(origin, forKey: .origin)
        try fields.encode(status, forKey: .status)
        try fields.encode(epochs, forKey: .epochs)
        try fields.encodeIfPresent(selectedEpoch, forKey: .selectedEpoch)
        try fields.encode(score, forKey: .score)
        for (value, key) in [
            (targetScore, Key.targetScore), (oracleScore, .oracleScore), (lastScore, .lastScore), (sourceValidationScore, .sourceValidationScore),
        ] { try fields.encodeIfPresent(value.map(JSONNumber.init), forKey: key) }
        try fields.encode(chosen, forKey: .chosen)
        try fields.encodeIfPresent(candidates, forKey: .candidates)
        try fields.encodeIfPresent(choice, forKey: .choice)
        try fields.encode(seconds, forKey: .seconds)
        try fields.encode(steps, forKey: .steps)
        try fields.encode(secondsInPenalties, forKey: .secondsInPenalties)
        try fields.encodeIfPresent(stepCost, forKey: .stepCost)
        try fields.encode(parameters, forKey: .parameters)
        try fields.encodeIfPresent(loading, forKey: .loading)
        try fields.encodeIfPresent(effects, forKey: .effects)
        try fields.encodeIfPresent(training, forKey: .training)
        try fields.encodeIfPresent(times, forKey: .times)
    }
}

/// How a trial ended, as far as it is counted and shown while a study runs: what of ten thousand results fits a screen. What was recorded
/// epoch by epoch and candidate by candidate, which is most of a result's file, is not read for it.
package struct TrialOutline: Hashable, Sendable {
    package var key: TrialKey
    package var status: TrialStatus
    /// What the score is.
    package var score: ScoreDescription
    /// As in ``TrialResult``.
    package var targetScore: Double?
    /// Wall time of the trial, evaluation included.
    package var seconds: Double

    /// Whether the trial reached its end.
    package var isFinished: Bool { status == .finished }
}

extension TrialOutline: Decodable {
    /// - Throws: `DecodingError`, as of a whole result.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: TrialResult.Key.self)
        key = try fields.decode(TrialKey.self, forKey: .key)
        status = try fields.decode(TrialStatus.self, forKey: .status)
        score = try fields.decodeIfPresent(ScoreDescription.self, forKey: .score) ?? .accuracy
        targetScore = try fields.score(.targetScore, former: .targetAccuracy)
        seconds = try fields.decode(Double.self, forKey: .seconds)
    }
}

extension TrialResult {
    package var outline: TrialOutline { TrialOutline(key: key, status: status, score: score, targetScore: targetScore, seconds: seconds) }
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
