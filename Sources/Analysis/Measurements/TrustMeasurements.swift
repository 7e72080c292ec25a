import Configuration
import Regularization
import Tensors

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
            notes: ["The temperature is fitted to the validation samples, so scaled values on these samples are optimistic, and those on the target are not."])
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
            name: "scores-by-class", summary: "worst class, worst domain, macro-F1, balanced accuracy, confusion matrix with the accuracy on each class",
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
