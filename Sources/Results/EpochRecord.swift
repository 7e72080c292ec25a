import Selection

/// What was measured at the end of one epoch: one line of a trial's `metrics.jsonl`.
///
/// A score is the task's first one, an accuracy for classification; as a fraction where it is written in percent. It is NaN where it cannot be
/// computed. Shares are fractions in `0...1`. Losses and terms may be non-finite where training went wrong.
package struct EpochRecord: Hashable, Sendable {
    /// Counted from 1.
    package var epoch: Int
    /// Mean over the epoch's steps of the whole training loss, penalties included.
    package var trainingLoss: Double
    /// Logged terms by name, each the mean over the epoch's steps: raw as `<instance>`,
    /// weighted as `<instance>.weighted`, further reports as `<instance>.<report>`.
    package var terms: [String: Double]
    /// Score on the validation part of the source domains; nil where none was held back.
    package var sourceValidationScore: Double?
    /// Loss on the same samples, the tie-breaker of the selection.
    package var sourceValidationLoss: Double?
    /// How many predictions on the same samples are not finite.
    package var sourceValidationNonFinite: Int
    /// How many samples those are; nil in records that do not say.
    package var sourceValidationCount: Int?
    /// Score on the same samples by each modality alone, the embeddings of all others replaced by their mean; empty where it was not measured.
    package var sourceValidationAlone: [String: Double]
    /// Score on the same samples with modalities that come from two samples of one class and different domains; nil where it was not measured.
    package var sourceValidationRecombined: Double?
    /// The task's other scores on the same samples, by name.
    package var otherSourceValidationScores: [String: Double]
    /// Score on the target domain. Written for the report only: no selection rule is given it.
    package var targetScore: Double?
    /// How many predictions on the target domain are not finite.
    package var targetNonFinite: Int
    /// The task's other scores on the target domain, by name.
    package var otherTargetScores: [String: Double]
    /// Why scores on the target domain cannot be computed, by name; to be read after "cannot be computed because".
    package var undefinedTargetScores: [String: String]
    /// Each term's share of the gradient in the epoch's last step, by instance name, `task` for the base loss: the norm of the gradient
    /// of the weighted term alone, divided by the sum of these norms. Empty where there is no penalty, or where it was not measured.
    package var gradientShares: [String: Double]

    package init(
        epoch: Int, trainingLoss: Double, terms: [String: Double] = [:],
        sourceValidationScore: Double? = nil, sourceValidationLoss: Double? = nil, sourceValidationNonFinite: Int = 0,
        sourceValidationCount: Int? = nil, sourceValidationAlone: [String: Double] = [:], sourceValidationRecombined: Double? = nil,
        otherSourceValidationScores: [String: Double] = [:], targetScore: Double? = nil, targetNonFinite: Int = 0,
        otherTargetScores: [String: Double] = [:], undefinedTargetScores: [String: String] = [:], gradientShares: [String: Double] = [:]
    ) {
        self.epoch = epoch
        self.trainingLoss = trainingLoss
        self.terms = terms
        self.sourceValidationScore = sourceValidationScore
        self.sourceValidationLoss = sourceValidationLoss
        self.sourceValidationNonFinite = sourceValidationNonFinite
        self.sourceValidationCount = sourceValidationCount
        self.sourceValidationAlone = sourceValidationAlone
        self.sourceValidationRecombined = sourceValidationRecombined
        self.otherSourceValidationScores = otherSourceValidationScores
        self.targetScore = targetScore
        self.targetNonFinite = targetNonFinite
        self.otherTargetScores = otherTargetScores
        self.undefinedTargetScores = undefinedTargetScores
        self.gradientShares = gradientShares
    }

    /// What a selection rule is given of it; nil where nothing was held back.
    package var sourceScores: SourceScores? {
        guard let score = sourceValidationScore, let loss = sourceValidationLoss else { return nil }
        return SourceScores(
            score, loss: loss, samples: sourceValidationCount, alone: sourceValidationAlone, recombined: sourceValidationRecombined)
    }
}

extension EpochRecord: Codable {
    private enum Key: String, CodingKey {
        case epoch, trainingLoss, terms, sourceValidationScore, sourceValidationLoss, sourceValidationNonFinite, targetScore
        case sourceValidationCount, sourceValidationAlone, sourceValidationRecombined
        case targetNonFinite, gradientShares, otherSourceValidationScores, otherTargetScores, undefinedTargetScores
        // What scores were called while there was one task.
        case sourceValidationAccuracy, targetAccuracy
    }

    /// - Throws: `DecodingError` for a record without its epoch, its loss or its terms, and for counts that are none.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        epoch = try fields.decode(Int.self, forKey: .epoch)
        trainingLoss = try fields.decode(JSONNumber.self, forKey: .trainingLoss).value
        terms = try fields.decode([String: JSONNumber].self, forKey: .terms).mapValues(\.value)
        sourceValidationScore = try fields.score(.sourceValidationScore, former: .sourceValidationAccuracy)
        sourceValidationLoss = try fields.decodeIfPresent(JSONNumber.self, forKey: .sourceValidationLoss)?.value
        sourceValidationNonFinite = try fields.count(.sourceValidationNonFinite) ?? 0
        sourceValidationCount = try fields.count(.sourceValidationCount)
        sourceValidationAlone = try fields.numbers(.sourceValidationAlone)
        sourceValidationRecombined = try fields.decodeIfPresent(JSONNumber.self, forKey: .sourceValidationRecombined)?.value
        otherSourceValidationScores = try fields.numbers(.otherSourceValidationScores)
        targetScore = try fields.score(.targetScore, former: .targetAccuracy)
        otherTargetScores = try fields.numbers(.otherTargetScores)
        undefinedTargetScores = try fields.decodeIfPresent([String: String].self, forKey: .undefinedTargetScores) ?? [:]
        targetNonFinite = try fields.count(.targetNonFinite) ?? 0
        gradientShares = try fields.decodeIfPresent([String: Double].self, forKey: .gradientShares) ?? [:]
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(epoch, forKey: .epoch)
        try fields.encode(JSONNumber(trainingLoss), forKey: .trainingLoss)
        try fields.encode(terms.mapValues(JSONNumber.init), forKey: .terms)
        try fields.encodeIfPresent(sourceValidationScore.map(JSONNumber.init), forKey: .sourceValidationScore)
        try fields.encodeIfPresent(sourceValidationLoss.map(JSONNumber.init), forKey: .sourceValidationLoss)
        if sourceValidationNonFinite > 0 { try fields.encode(sourceValidationNonFinite, forKey: .sourceValidationNonFinite) }
        try fields.encodeIfPresent(sourceValidationCount, forKey: .sourceValidationCount)
        if !sourceValidationAlone.isEmpty { try fields.encode(sourceValidationAlone.mapValues(JSONNumber.init), forKey: .sourceValidationAlone) }
        try fields.encodeIfPresent(sourceValidationRecombined.map(JSONNumber.init), forKey: .sourceValidationRecombined)
        try fields.encodeIfPresent(targetScore.map(JSONNumber.init), forKey: .targetScore)
        if targetNonFinite > 0 { try fields.encode(targetNonFinite, forKey: .targetNonFinite) }
        for (scores, key) in [(otherSourceValidationScores, Key.otherSourceValidationScores), (otherTargetScores, .otherTargetScores)] where !scores.isEmpty {
            try fields.encode(scores.mapValues(JSONNumber.init), forKey: key)
        }
        if !undefinedTargetScores.isEmpty { try fields.encode(undefinedTargetScores, forKey: .undefinedTargetScores) }
        if !gradientShares.isEmpty { try fields.encode(gradientShares, forKey: .gradientShares) }
    }
}

/// A number in a JSON file that may be non-finite.
///
/// JSON has no such numbers, and an encoder refuses them; but the losses of a trial that goes wrong are
/// what one wants to read later. They are written as the strings `"nan"`, `"inf"` and `"-inf"`, whatever
/// encoder is used.
struct JSONNumber: Codable {
    let value: Double

    init(_ value: Double) {
        self.value = value
    }

    /// - Throws: `DecodingError` when there is neither a number nor one of the three strings.
    init(from decoder: any Decoder) throws {
        let field = try decoder.singleValueContainer()
        if let name = try? field.decode(String.self) {
            guard let value = Double(name), !value.isFinite else {
                throw DecodingError.dataCorruptedError(
                    in: field, debugDescription: "expected a number, \"nan\", \"inf\" or \"-inf\", found \"\(name)\"")
            }
            self.value = value
        } else {
            value = try field.decode(Double.self)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var field = encoder.singleValueContainer()
        if value.isFinite {
            try field.encode(value)
        } else {
            try field.encode(value.isNaN ? "nan" : String(value))
        }
    }
}

/// Whether a term of the loss, or another regularizer, has changed anything in a training.
package struct TermEffect: Hashable, Codable, Sendable {
    /// The term's name in the recipe.
    package var term: String
    /// Whether it had a penalty with a gradient other than 0, or changed embeddings, targets, gradients or state.
    package var hasActed: Bool
    /// What was seen where it has not, as a sentence's end: "its gradient was exactly 0"; empty where it has.
    package var finding: String

    package init(term: String, hasActed: Bool, finding: String = "") {
        self.term = term
        self.hasActed = hasActed
        self.finding = finding
    }
}
