import Configuration
import Regularization
import Tensors

/// How well the model's confidence tells its errors (MMDG-Bench's setting).
///
/// On validation and on target samples it reports `aurc` and `e-aurc`, the area under the risk–coverage
/// curve and its excess over the best possible order; `auroc`, `fpr` and `fpr-nearest` with right
/// predictions as positives; and `ap-correct` and `ap-error`, average precision with right or with
/// wrong predictions as positives. All are fractions; MMDG-Bench prints AURC × 1000 and the others ×
/// 100.
///
/// Confidence is the largest softmax probability, compared by its log-odds so that confidences that
/// round to 1 keep their order. Where every prediction is right, or every one is wrong, all numbers but
/// `aurc` and `e-aurc` say so instead; with a logit that is not finite all of them do.
package struct Misclassification: MeasuresEachSet {
    /// What a recipe may set.
    package struct Options: Configuration.Options {
        /// The share of right predictions that has to be accepted, for the false-positive rates.
        package var level = 0.95
        package init() {}
        package static var fields: [OptionField<Options>] {
            [.number("level", \.level, in: 0.5...0.999, "share of correct predictions that have to be accepted, for the false-positive rates")]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "misclassification-detection", summary: "how well confidence detects wrong predictions: AURC, AUROC, false-positive rate",
            source: "Hendrycks and Gimpel 2017; Geifman and El-Yaniv 2017; MMDG-Bench", options: Options.descriptions,
            notes: [
                "fpr: at the highest threshold that accepts at least that share of the correct predictions. fpr-nearest: at the point whose share is closest to it, as in MMDG-Bench.",
                "All are fractions. MMDG-Bench prints AURC × 1000 and the others × 100.",
            ])
    }

    package static var tasks: [TargetKind] { [.classes] }

    private let options: Options

    package init(options: Options) { self.options = options }

    package func measure(_ outputs: ModelOutputs, on set: SampleSet, of model: TrainedModel, into findings: inout Findings) throws {
        let found = Result<MisclassificationDetection, Undefined>.attempt {
            try MisclassificationDetection(ClassProbabilities(logits: outputs.logits), labels: outputs.labels)
        }
        findings.add("aurc", on: set) { try found.get().areaUnderRiskCoverageOfTies }
        findings.add("e-aurc", on: set) { try found.get().excessAreaUnderRiskCoverage }
        findings.add("auroc", on: set) { try found.get().correctness.get().areaUnderROC }
        findings.add("fpr", on: set) {
            try found.get().correctness.get().falsePositiveRate(atLeast: options.level)
        }
        findings.add("fpr-nearest", on: set) {
            try found.get().correctness.get().falsePositiveRate(nearest: options.level, droppingCollinear: true)
        }
        findings.add("ap-correct", on: set) { try found.get().correctness.get().averagePrecision }
        findings.add("ap-error", on: set) { try found.get().errors.get().averagePrecision }
    }
}

/// What the measurements that set two kinds of samples against each other can be told. The share decides where the threshold of the false-positive
/// rates lies; areas under curves do not depend on it.
package struct DetectionOptions: Configuration.Options {
    /// The share of positives that has to be accepted.
    package var level = 0.95
    /// The temperature of the energy.
    package var temperature = 1.0
    package init() {}
    package static var fields: [OptionField<DetectionOptions>] {
        [
            .number("level", \.level, in: 0.5...0.999, "share of the positive samples that have to be accepted"),
            .number("temperature", \.temperature, in: 1e-3...1000, "temperature of the energy"),
        ]
    }
}

/// A measurement that asks how well the model's confidence tells samples that it should know from others.
///
/// For the largest softmax probability (`msp`) and for the `energy` it reports `-auroc` and `-fpr` with samples of the ``inside`` set as positives,
/// and `-fpr-out` with those of the ``outside`` set. The false-positive rates are those at the highest threshold that accepts `level` of the
/// positives. With a logit that is not finite every number says why it has no value.
package protocol TellsSetsApart: MeasurementPlugin where Options == DetectionOptions {
    /// The samples on which the model should be confident.
    static var inside: SampleSet { get }

    /// Those on which it should not.
    static var outside: SampleSet { get }

    /// The share of the positives that has to be accepted, and the temperature of the energy.
    var options: DetectionOptions { get }
}

extension TellsSetsApart {
    package static var tasks: [TargetKind] { [.classes] }

    package var reads: Set<SampleSet> { [Self.inside, Self.outside] }

    /// - Throws: `Undefined` where one of the two sets is empty.
    package func measure(_ model: TrainedModel) throws -> Findings {
        let (inside, outside) = (try model.outputs(on: Self.inside), try model.outputs(on: Self.outside))
        var findings = Findings()
        findings.add(detecting: inside, from: outside, level: options.level, temperature: options.temperature)
        findings.note("\(inside.count) \(Self.inside.rawValue) and \(outside.count) \(Self.outside.rawValue) samples")
        return findings
    }

    /// What `regulus describe` says of one of them.
    ///
    /// - Parameters:
    ///   - summary: whose samples are told from whose.
    ///   - notes: what is special about it.
    fileprivate static func describing(_ name: String, _ summary: String, notes: [String]) -> ComponentDescription {
        ComponentDescription(
            name: name, summary: "how well confidence distinguishes \(summary)", formula: "msp = max softmax;  energy = T log Σ exp(logit/T)",
            source: "Hendrycks and Gimpel 2017; Liu et al. 2020; MMDG-Bench", options: Options.descriptions, notes: notes)
    }
}

/// How well scores tell samples of the held-out domain from those of the training domains, for which validation samples stand.
///
/// Both sides have the same classes, so this is detection of the shift and not of unknown classes: a model that generalizes
/// may well score near 0.5.
package struct ShiftDetection: TellsSetsApart {
    package static var description: ComponentDescription {
        describing(
            "shift-detection", "the held-out domain from the training domains",
            notes: [
                "Both have the same classes, so this detects the shift, not unknown classes. A model that generalizes well may score near 0.5.",
                "auroc and fpr treat samples of training domains as positive; fpr-out treats those of the held-out domain so.",
            ])
    }

    package static var inside: SampleSet { .validation }
    package static var outside: SampleSet { .target }

    package let options: DetectionOptions

    package init(options: DetectionOptions) { self.options = options }
}

/// How well scores tell samples of classes that the model knows from those of classes that it was not told of, all of the held-out domain.
///
/// The classes are those of `unknown-classes:` in the recipe's evaluation. Both sides come from the same unseen domain, so that what tells them
/// apart is the class and not the place.
package struct UnknownClassDetection: TellsSetsApart {
    package static var description: ComponentDescription {
        describing(
            "unknown-class-detection", "samples of known classes from those of unknown classes",
            notes: [
                "The recipe names these classes: `evaluation: {unknown-classes: [...]}`. All samples are from the held-out domain.",
                "auroc and fpr treat samples of known classes as positive; fpr-out treats those of unknown classes so.",
            ])
    }

    package static var inside: SampleSet { .target }
    package static var outside: SampleSet { .unknown }

    package let options: DetectionOptions

    package init(options: DetectionOptions) { self.options = options }
}

/// How well scores tell samples of the held-out domain from those of another data set.
///
/// The data set is named with the measurement, `data: {use: …}`, and has the modalities of the model in their shapes; its classes do not
/// matter. Inputs of both are brought to the scale of the training samples.
package struct OtherDataDetection: TellsSetsApart {
    package static var description: ComponentDescription {
        describing(
            "other-data-detection", "the held-out domain from another data set",
            notes: [
                "The other data set is given under `data`, as in a recipe: `other-data-detection: {data: {use: arrays, path: other.npz, modalities: [video, audio]}}`.",
                "auroc and fpr treat samples of the held-out domain as positive; fpr-out treats those of the other data set so.",
            ])
    }

    package static var inside: SampleSet { .target }
    package static var outside: SampleSet { .other }

    package let options: DetectionOptions

    package init(options: DetectionOptions) { self.options = options }
}

extension Findings {
    /// Adds how well both scores tell samples from others: ranked, at a level, and at a level of the others.
    ///
    /// - Parameters:
    ///   - inside: the samples on which the model should be confident.
    ///   - outside: those on which it should not.
    ///   - level: the share of either side that has to be accepted.
    ///   - temperature: of the energy; probabilities are those at 1.
    fileprivate mutating func add(detecting inside: ModelOutputs, from outside: ModelOutputs, level: Double, temperature: Double) {
        let isInside = Array(repeating: true, count: inside.count) + Array(repeating: false, count: outside.count)
        let logits = Tensor.concatenated([inside.logits, outside.logits], axis: 0)
        for score in OutOfDistributionScore.allCases {
            let temperature = score == .energy ? temperature : 1
            let values = Result<[Double], Undefined>.attempt {
                score.values(try ClassProbabilities(logits: logits, temperature: temperature), temperature: temperature)
            }
            let found = Result<Detection, Undefined>.attempt { try Detection(scores: values.get(), isPositive: isInside) }
            let reversed = Result<Detection, Undefined>.attempt {
                try Detection(scores: values.get().map { -$0 }, isPositive: isInside.map { !$0 })
            }
            add("\(score.rawValue)-auroc") { try found.get().areaUnderROC }
            add("\(score.rawValue)-fpr") { try found.get().falsePositiveRate(atLeast: level) }
            add("\(score.rawValue)-fpr-out") { try reversed.get().falsePositiveRate(atLeast: level) }
        }
    }
}
