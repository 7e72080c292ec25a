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
            [.number("level", \.level, in: 0.5...0.999, "share of right predictions that have to be accepted, for the false-positive rates")]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "misclassification-detection", summary: "how well confidence tells wrong predictions: AURC, AUROC, false-positive rate",
            source: "Hendrycks and Gimpel 2017; Geifman and El-Yaniv 2017; MMDG-Bench", options: Options.descriptions,
            notes: [
                "fpr: at the highest threshold that accepts the level of the right predictions. fpr-nearest: at the point whose rate is nearest to it, as MMDG-Bench has it.",
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

/// What both measurements of detection can be told. The share decides where the threshold of the false-positive
/// rates lies; areas under curves do not depend on it.
package struct DetectionOptions: Configuration.Options {
    /// The share of positives that has to be accepted.
    package var level = 0.95
    /// The temperature of the energy.
    package var temperature = 1.0
    package init() {}
    package static var fields: [OptionField<DetectionOptions>] {
        [
            .number("level", \.level, in: 0.5...0.999, "share of the samples of the known side that have to be accepted"),
            .number("temperature", \.temperature, in: 1e-3...1000, "temperature of the energy"),
        ]
    }
}

/// How well scores tell samples of the held-out domain from those of the training domains.
///
/// It reports, for the largest softmax probability (`msp`) and for the `energy`, `-auroc`, `-fpr` with
/// source samples as positives, and `-fpr-out` with target samples as positives. Both sides have the
/// same classes, so this is detection of the shift and not of unknown classes: a model that generalizes
/// may well score near 0.5.
///
/// Validation samples stand for the training domains. The false-positive rates are those at the highest
/// threshold that accepts `level` of the positives. With a logit that is not finite every number says
/// why it has no value.
package struct ShiftDetection: MeasurementPlugin {
    package typealias Options = DetectionOptions

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "shift-detection", summary: "how well confidence tells samples of the held-out domain from those of training domains",
            formula: "msp = max softmax;  energy = T log Σ exp(logit/T)", source: "Hendrycks and Gimpel 2017; Liu et al. 2020",
            options: Options.descriptions,
            notes: [
                "Both have the same classes: this is detection of the shift, not of unknown classes. A model that generalizes may well score near 0.5.",
                "auroc and fpr count samples of training domains as positive; fpr-out counts those of the held-out domain.",
            ])
    }

    package static var tasks: [TargetKind] { [.classes] }

    private let options: Options

    package init(options: Options) { self.options = options }

    package var reads: Set<SampleSet> { [.validation, .target] }

    /// - Throws: `Undefined` where the validation or the target set is empty.
    package func measure(_ model: TrainedModel) throws -> Findings {
        var findings = Findings()
        findings.add(
            detecting: try model.outputs(on: .validation), from: try model.outputs(on: .target), level: options.level, temperature: options.temperature)
        return findings
    }
}

/// How well scores tell samples of classes that the model knows from those of classes that it was not told of, all of the held-out domain.
///
/// The classes are those of `unknown-classes:` in the recipe's evaluation. It reports, for the largest softmax probability (`msp`) and for the
/// `energy`, `-auroc`, `-fpr` with samples of known classes as positives, and `-fpr-out` with those of unknown ones. Both sides come from the same
/// unseen domain, so that what tells them apart is the class and not the place. With a logit that is not
/// finite, or with samples on one side only, every number says why it has no value.
package struct UnknownClassDetection: MeasurementPlugin {
    package typealias Options = DetectionOptions

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "unknown-class-detection", summary: "how well confidence tells samples of known classes from those of classes that training did not know",
            formula: "msp = max softmax;  energy = T log Σ exp(logit/T)", source: "Hendrycks and Gimpel 2017; Liu et al. 2020; MMDG-Bench",
            options: Options.descriptions,
            notes: [
                "The recipe says which classes those are: `evaluation: {unknown-classes: [...]}`. Both sides are of the held-out domain.",
                "auroc and fpr count samples of known classes as positive; fpr-out counts those of unknown ones.",
            ])
    }

    package static var tasks: [TargetKind] { [.classes] }

    private let options: Options

    package init(options: Options) { self.options = options }

    package var reads: Set<SampleSet> { [.target, .unknown] }

    /// - Throws: `Undefined` where the recipe names no unknown classes, or where the held-out domain has no
    ///   sample of them.
    package func measure(_ model: TrainedModel) throws -> Findings {
        var findings = Findings()
        findings.add(
            detecting: try model.outputs(on: .target), from: try model.outputs(on: .unknown), level: options.level, temperature: options.temperature)
        return findings
    }
}

extension Findings {
    /// Adds how well both scores tell samples from others: ranked, at a level, and at a level of the others.
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

/// Whether the model's confidences are what they say, as it is and after temperature scaling on source
/// samples.
///
/// On validation and on target samples it reports `ece` and `mce`, the expected and the largest
/// calibration error, `brier` and `nll`, plain and `scaled`, and draws a reliability curve. The
/// `temperature` is fitted on the validation samples, so that their scaled numbers are those of the
/// fit; the target's are not.
///
/// Without validation samples, and where no temperature between 10⁻³ and 10³ is the most likely,
/// `temperature` and all `scaled` numbers say why they have no value; the plain ones remain. Bins
/// without samples count in no number and are not on the curve.
package struct ConfidenceCalibration: MeasurementPlugin {
    /// What a recipe may set.
    package struct Options: Configuration.Options {
        /// The number of bins of confidence.
        package var bins = 15
        package init() {}
        package static var fields: [OptionField<Options>] { [.integer("bins", \.bins, in: 2...1000, "bins of confidence")] }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "calibration", summary: "calibration error, Brier score and likelihood, plain and with a temperature fitted on source samples",
            formula: "ece = Σ n_j/n |accuracy_j − confidence_j|", source: "Guo et al. 2017", options: Options.descriptions,
            notes: ["The temperature is fitted on the validation samples: their scaled figures are those of the fit, the target's are not."])
    }

    package static var tasks: [TargetKind] { [.classes] }

    private let options: Options

    package init(options: Options) { self.options = options }

    package var reads: Set<SampleSet> { [.validation, .target] }

    package func measure(_ model: TrainedModel) throws -> Findings {
        var findings = Findings()
        let temperature = Quantity.attempt {
            guard let outputs = try? model.outputs(on: .validation) else { throw Undefined("there are no validation samples") }
            return try Calibration.temperature(logits: outputs.logits, labels: outputs.labels)
        }
        findings.add("temperature", of: nil, on: .validation, temperature)
        for set in [SampleSet.validation, .target] {
            try findings.onEach(set, of: model) { findings, outputs in
                let scales: [(condition: String?, temperature: Quantity)] = [(nil, .success(1)), ("scaled", temperature)]
                for (condition, scale) in scales {
                    let found = Result<Calibration, Undefined>.attempt {
                        try Calibration(
                            ClassProbabilities(logits: outputs.logits, temperature: scale.get()), labels: outputs.labels, bins: options.bins)
                    }
                    findings.add("ece", on: set, under: condition) { try found.get().expectedError }
                    findings.add("mce", on: set, under: condition) { try found.get().maximumError }
                    findings.add("brier", on: set, under: condition) { try found.get().brierScore }
                    findings.add("nll", on: set, under: condition) { try found.get().negativeLogLikelihood }
                    guard condition == nil, let calibration = try? found.get() else { continue }
                    let bins = calibration.bins.filter { $0.count > 0 }
                    findings.curves.append(
                        Findings.Curve(
                            "reliability", samples: set.rawValue, xAxis: "confidence", yAxis: "accuracy", x: bins.map(\.confidence),
                            y: bins.map(\.accuracy)))
                }
            }
        }
        return findings
    }
}

/// The task's own scores on validation and on target samples, over all samples and over each domain.
///
/// A set of several domains has its scores under each domain's name as well. A score that cannot be
/// computed says why in its place.
package struct TaskScores: MeasuresEachSet {
    package static var description: ComponentDescription {
        ComponentDescription(
            name: "scores", summary: "the scores of the task, over all samples and in each domain",
            notes: ["`regulus describe` of the task says what they are."])
    }

    package init(options: NoOptions) {}

    package func measure(_ outputs: ModelOutputs, on set: SampleSet, of model: TrainedModel, into findings: inout Findings) throws {
        func add(_ outputs: ModelOutputs, under condition: String?) {
            for (score, found) in zip(model.task.scores, model.task.allScores(outputs.logits, outputs.targets)) {
                findings.add(score.name, of: nil, on: set, under: condition, found)
            }
        }
        add(outputs, under: nil)
        let domains = Set(outputs.domains).sorted()
        for domain in domains.count > 1 ? domains : [] {
            add(outputs.selecting(outputs.domains.indices.filter { outputs.domains[$0] == domain }), under: model.domains[domain])
        }
    }
}

/// Which classes and domains the model gets right.
///
/// On validation and on target samples it reports `accuracy`, `balanced-accuracy`, `macro-f1`,
/// `weighted-f1`, the accuracy of the `worst-class`, of the `worst-domain` and of the `worst-group` (a
/// class within a domain), and the confusion matrix.
///
/// `0/0` counts as 0. `worst-class` is the lowest accuracy among classes that occur as labels,
/// `worst-domain` and `worst-group` are over what occurs in the set. With a logit that is not finite
/// every number says why, and there is no confusion matrix.
package struct ScoresByClass: MeasuresEachSet {
    package static var description: ComponentDescription {
        ComponentDescription(
            name: "scores-by-class", summary: "worst class, worst domain, macro-F1, balanced accuracy, confusion matrix",
            formula: "worst-group: lowest accuracy of a class within a domain", source: "Sagawa et al. 2020",
            notes: ["macro-f1 is over the classes that occur among labels or predictions, balanced-accuracy over those that occur as labels."])
    }

    package static var tasks: [TargetKind] { [.classes] }

    package init(options: NoOptions) {}

    package func measure(_ outputs: ModelOutputs, on set: SampleSet, of model: TrainedModel, into findings: inout Findings) throws {
        let classes = model.classes.count
        let predictions = Result<[Int], Undefined>.attempt { try ClassProbabilities(logits: outputs.logits).predictions }
        let found = Result<ClassificationScores, Undefined>.attempt {
            try ClassificationScores(predictions: predictions.get(), labels: outputs.labels, classes: classes)
        }
        func worst(_ groups: [Int]) throws -> Double {
            try GroupAccuracies(predictions: predictions.get(), labels: outputs.labels, groups: groups).worst.accuracy
        }
        findings.add("accuracy", on: set) { try found.get().accuracy }
        findings.add("balanced-accuracy", on: set) { try found.get().balancedAccuracy }
        findings.add("macro-f1", on: set) { try found.get().macroF1 }
        findings.add("weighted-f1", on: set) { try found.get().weightedF1 }
        findings.add("worst-class", on: set) { try found.get().worstClass?.accuracy ?? .nan }
        findings.add("worst-domain", on: set) { try worst(outputs.domains) }
        findings.add("worst-group", on: set) {
            try worst(zip(outputs.labels, outputs.domains).map { $0 + classes * $1 })
        }
        guard let scores = try? found.get() else { return }
        findings.grids.append(
            Findings.Grid(
                "confusion", samples: set.rawValue, rowAxis: "class", columnAxis: "prediction", rows: model.classes, columns: model.classes,
                values: scores.confusion))
    }
}
