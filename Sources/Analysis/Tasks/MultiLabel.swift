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
    package enum Measure: String, NamedScore {
        case meanAveragePrecision = "mean-average-precision"
        case microF1 = "micro-f1"
        case macroF1 = "macro-f1"
        case sampleF1 = "sample-f1"

        package static let usual = Measure.meanAveragePrecision
        package static let help = "the score of tables and of selection; all are reported"

        package var title: String? {
            switch self {
            case .meanAveragePrecision: nil
            case .microF1: "micro-F1"
            case .macroF1: "macro-F1"
            case .sampleF1: "F1 of samples"
            }
        }
    }

    package typealias Options = ScoreOptions<Measure>

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "multi-label", summary: "any of several labels, by binary cross-entropy; scored by mean average precision and F1",
            formula: "−mean_{n,k} t log σ(x) + (1 − t) log(1 − σ(x))",
            notes: [
                "a label is predicted where its logit is above 0",
                "mean-average-precision averages over labels that some samples have and others lack, macro-f1 over all labels",
            ])
    }

    package static var targets: TargetKind { .labels }

    package let scores: [ScoreDescription]
    package var criterion: Criterion { .binaryCrossEntropy }

    package init(options: Options, context: TaskContext) {
        scores = [options.score.description] + Measure.allCases.filter { $0 != options.score }.map(\.description)
    }

    /// Every score says why where a prediction is not finite; mean average precision also where each
    /// label occurs in all samples or in none.
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
