import Configuration
import Regularization
import Tensors

/// One class out of `K`, by cross-entropy; `classification` in a recipe, and the default for data with
/// classes.
///
/// A sample whose prediction is not finite counts as wrong in the accuracy; the other scores cannot be
/// computed then.
///
/// ```yaml
/// task: {use: classification, score: macro-f1}
/// ```
package struct Classification: TaskPlugin {
    /// What the table shows.
    package enum Measure: String, NamedScore {
        case accuracy
        case balancedAccuracy = "balanced-accuracy"
        case macroF1 = "macro-f1"
        case weightedF1 = "weighted-f1"

        package static let usual = Measure.accuracy
        package static let help = "the score of tables and of selection; accuracy is reported in any case"

        package var title: String? {
            switch self {
            case .accuracy, .balancedAccuracy: nil
            case .macroF1: "macro-F1"
            case .weightedF1: "weighted F1"
            }
        }
    }

    package typealias Options = ScoreOptions<Measure>

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "classification", summary: "one class out of several, by cross-entropy; scored by accuracy or F1",
            formula: "−(1/N) Σ_n log softmax(x_n)_{t_n}",
            notes: [
                "a prediction that is not finite counts as wrong for accuracy; the other scores cannot be computed then",
                "balanced-accuracy averages over the classes that occur, macro-f1 over those that occur or are predicted",
            ])
    }

    package static var targets: TargetKind { .classes }

    package let scores: [ScoreDescription]
    package var criterion: Criterion { .crossEntropy }

    /// Classification that is scored by accuracy.
    package init() { scores = [.accuracy] }

    package init(options: Options, context: TaskContext) {
        scores = options.score == .accuracy ? [.accuracy] : [options.score.description, .accuracy]
    }

    /// - Parameters:
    ///   - outputs: `N×K` logits; the first of equal ones is predicted.
    ///   - targets: `N` classes, at least one.
    package func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity] {
        guard let labels = targets.classes else { return [] }
        let predictions = outputs.argmax(axis: 1)
        // The arg max of logits that are NaN is some class, and may be the right one.
        let isFinite = areFinite(outputs)
        return scores.map { score in
            guard score != .accuracy else {
                let correct = zip(zip(predictions, labels), isFinite).count { $0.0 == $0.1 && $1 }
                return .success(Double(correct) / Double(labels.count))
            }
            return .of { () throws(Undefined) in
                guard !isFinite.contains(false) else { throw Undefined("a prediction is not finite") }
                let found = try ClassificationScores(predictions: predictions, labels: labels, classes: targets.width)
                return switch Measure(rawValue: score.name) {
                case .balancedAccuracy: found.balancedAccuracy
                case .macroF1: found.macroF1
                case .weightedF1: found.weightedF1
                case .accuracy, nil: found.accuracy
                }
            }
        }
    }

    /// A class may be ruled out by a logit of −∞; a prediction is one as long as log Σ exp of the
    /// logits is finite.
    ///
    /// Where all logits are finite, so are all probabilities. Only else, as where one is −∞, is each row looked at as a whole.
    package func areFinite(_ outputs: Tensor) -> [Bool] {
        let isFinite = outputs.shape[1] > 0 && outputs.withUnsafeValues { $0.allSatisfy(\.isFinite) }
        return isFinite ? Array(repeating: true, count: outputs.shape[0]) : outputs.logSumExp(axis: 1).values.map(\.isFinite)
    }
}
