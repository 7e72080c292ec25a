import Configuration
import Regularization
import Tensors

/// Any of `K` labels, each by itself, by binary cross-entropy; `multi-label` in a recipe.
///
/// Targets are `N×K` of 0 and 1, and a label is predicted where its logit is above 0. All scores cannot
/// be computed where a prediction is not finite; mean average precision leaves out labels that occur in
/// all samples or in none.
///
/// ```yaml
/// task: {use: multi-label, score: micro-f1}
/// ```
package struct MultiLabel: TaskPlugin {
    /// What the table shows.
    package enum Measure: String, CaseIterable, Sendable {
        case meanAveragePrecision = "mean-average-precision"
        case microF1 = "micro-f1"
        case macroF1 = "macro-f1"
        case sampleF1 = "sample-f1"
    }

    package struct Options: ComponentOptions {
        /// The score of tables and of selection; all are reported.
        package var score = Measure.meanAveragePrecision

        package init() {}

        package static var fields: [OptionField<Options>] {
            [.choice("score", \.score, "the score of tables and of selection; all are reported")]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "multi-label", summary: "any of several labels, by binary cross-entropy; scored by mean average precision and F1",
            formula: "−mean_{n,k} t log σ(x) + (1 − t) log(1 − σ(x))",
            notes: [
                "a label is predicted where its logit is above 0",
                "mean-average-precision is over the labels that occur in some samples and not in others; macro-f1 over all labels",
            ])
    }

    package static var targets: TargetKind { .labels }

    package let scores: [ScoreDescription]
    package var criterion: Criterion { .binaryCrossEntropy }

    package init(options: Options, context: TaskContext) {
        let all = [
            ScoreDescription(Measure.meanAveragePrecision.rawValue), ScoreDescription(Measure.microF1.rawValue, title: "micro-F1"),
            ScoreDescription(Measure.macroF1.rawValue, title: "macro-F1"), ScoreDescription(Measure.sampleF1.rawValue, title: "F1 of samples"),
        ]
        scores = all.filter { $0.name == options.score.rawValue } + all.filter { $0.name != options.score.rawValue }
    }

    package func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity] {
        let found = Result<LabelScores, Undefined>.attempt { try LabelScores(logits: outputs, labels: targets.array) }
        return scores.map { score in
            .attempt { () throws -> Double in
                let all = try found.get()
                switch Measure(rawValue: score.name) {
                case .microF1: return all.microF1
                case .macroF1: return all.macroF1
                case .sampleF1: return all.sampleF1
                case .meanAveragePrecision, nil: return try all.meanAveragePrecision.get()
                }
            }
        }
    }
}
