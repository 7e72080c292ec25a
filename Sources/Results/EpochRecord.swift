/// What was measured at the end of one epoch: one line of a trial's `metrics.jsonl`.
///
/// Accuracies and shares are fractions in `0...1`. Losses and terms may be non-finite where training went wrong.
package struct EpochRecord: Hashable, Sendable {
    /// Counted from 1.
    package var epoch: Int
    /// Mean over the epoch's steps of the whole training loss, penalties included.
    package var trainingLoss: Double
    /// Logged terms by name, each the mean over the epoch's steps: raw as `<instance>`,
    /// weighted as `<instance>.weighted`, further reports as `<instance>.<report>`.
    package var terms: [String: Double]
    /// Accuracy on the validation part of the source domains; nil where none was held back.
    package var sourceValidationAccuracy: Double?
    /// Loss on the same samples, the tie-breaker of the selection.
    package var sourceValidationLoss: Double?
    /// How many predictions on the same samples are not finite. They count as wrong.
    package var sourceValidationNonFinite: Int
    /// Accuracy on the target domain. Written for the report only: no selection rule is given it.
    package var targetAccuracy: Double?
    /// How many predictions on the target domain are not finite. They count as wrong.
    package var targetNonFinite: Int
    /// Each term's share of the gradient in the epoch's last step, by instance name, `task` for the cross-entropy: the norm of the gradient
    /// of the weighted term alone, divided by the sum of these norms. Empty where there is no penalty, or where it was not measured.
    package var gradientShares: [String: Double]

    package init(
        epoch: Int, trainingLoss: Double, terms: [String: Double] = [:],
        sourceValidationAccuracy: Double? = nil, sourceValidationLoss: Double? = nil, sourceValidationNonFinite: Int = 0,
        targetAccuracy: Double? = nil, targetNonFinite: Int = 0, gradientShares: [String: Double] = [:]
    ) {
        self.epoch = epoch
        self.trainingLoss = trainingLoss
        self.terms = terms
        self.sourceValidationAccuracy = sourceValidationAccuracy
        self.sourceValidationLoss = sourceValidationLoss
        self.sourceValidationNonFinite = sourceValidationNonFinite
        self.targetAccuracy = targetAccuracy
        self.targetNonFinite = targetNonFinite
        self.gradientShares = gradientShares
    }
}

extension EpochRecord: Codable {
    private enum Key: String, CodingKey {
        case epoch, trainingLoss, terms, sourceValidationAccuracy, sourceValidationLoss, sourceValidationNonFinite, targetAccuracy
        case targetNonFinite, gradientShares
    }

    /// - Throws: `DecodingError` for a record without its epoch, its loss or its terms.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        epoch = try fields.decode(Int.self, forKey: .epoch)
        trainingLoss = try fields.decode(JSONNumber.self, forKey: .trainingLoss).value
        terms = try fields.decode([String: JSONNumber].self, forKey: .terms).mapValues(\.value)
        sourceValidationAccuracy = try fields.decodeIfPresent(Double.self, forKey: .sourceValidationAccuracy)
        sourceValidationLoss = try fields.decodeIfPresent(JSONNumber.self, forKey: .sourceValidationLoss)?.value
        sourceValidationNonFinite = try fields.decodeIfPresent(Int.self, forKey: .sourceValidationNonFinite) ?? 0
        targetAccuracy = try fields.decodeIfPresent(Double.self, forKey: .targetAccuracy)
        targetNonFinite = try fields.decodeIfPresent(Int.self, forKey: .targetNonFinite) ?? 0
        gradientShares = try fields.decodeIfPresent([String: Double].self, forKey: .gradientShares) ?? [:]
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(epoch, forKey: .epoch)
        try fields.encode(JSONNumber(trainingLoss), forKey: .trainingLoss)
        try fields.encode(terms.mapValues(JSONNumber.init), forKey: .terms)
        try fields.encodeIfPresent(sourceValidationAccuracy, forKey: .sourceValidationAccuracy)
        try fields.encodeIfPresent(sourceValidationLoss.map(JSONNumber.init), forKey: .sourceValidationLoss)
        if sourceValidationNonFinite > 0 { try fields.encode(sourceValidationNonFinite, forKey: .sourceValidationNonFinite) }
        try fields.encodeIfPresent(targetAccuracy, forKey: .targetAccuracy)
        if targetNonFinite > 0 { try fields.encode(targetNonFinite, forKey: .targetNonFinite) }
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
