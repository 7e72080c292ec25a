import Results
import Statistics

/// How one quantity developed over the epochs of one row: means over the row's trials.
package struct LearningCurve: Hashable, Sendable {
    package struct Point: Hashable, Sendable {
        /// Counted from 1.
        package let epoch: Int
        package let estimate: Estimate
    }

    /// What is recorded at the end of an epoch.
    package enum Quantity: Hashable, Sendable {
        case target(ScoreDescription)
        case sourceValidation(ScoreDescription)
        case trainingLoss
        /// A logged term by its full name: `mer`, `mer.weighted`, `mer.video.gap`.
        case term(String)
        /// A term's share of the gradient, by its instance name.
        case gradientShare(String)

        /// - Parameter primary: the task's first score.
        func value(in record: EpochRecord, primary: ScoreDescription) -> Double? {
            switch self {
            case .target(let score): score == primary ? record.targetScore : record.otherTargetScores[score.name]
            case .sourceValidation(let score):
                score == primary ? record.sourceValidationScore : record.otherSourceValidationScores[score.name]
            case .trainingLoss: record.trainingLoss
            case .term(let name): record.terms[name]
            case .gradientShare(let name): record.gradientShares[name]
            }
        }

        /// The name that a term's raw value, its weighted value and its share have in common.
        fileprivate var order: (instance: String, form: Int) {
            switch self {
            case .target, .sourceValidation, .trainingLoss: ("", 0)
            case .term(let name): name.hasSuffix(".weighted") ? (String(name.dropLast(".weighted".count)), 1) : (name, 0)
            case .gradientShare(let name): (name, 2)
            }
        }
    }

    package let row: String
    package let quantity: Quantity
    /// Epochs at which some trial has a finite value, in order.
    package let points: [Point]

    /// The curves of every quantity, one for each row that has it: scores and loss first, then terms by
    /// name, each one raw, weighted, and as a share. Failed trials count up to their failure.
    package static func curves(of variant: VariantSettings, in trials: TrialSet) -> [[LearningCurve]] {
        let rows = variant.rows.map { row in
            let results = trials.results(row: row, of: variant)
            func byEpoch(_ results: [TrialResult]) -> [Int: [EpochRecord]] { Dictionary(grouping: results.flatMap(\.epochs), by: \.epoch) }
            return (name: row, evaluations: byEpoch(results), trainings: byEpoch(TrialResult.oncePerTraining(results, countingRestarts: false)))
        }
        let records = rows.flatMap { $0.evaluations.values.joined() }
        let terms = Set(records.flatMap(\.terms.keys)).map(Quantity.term) + Set(records.flatMap(\.gradientShares.keys)).map(Quantity.gradientShare)
        let quantities: [Quantity] =
            variant.scores.flatMap { [.target($0), .sourceValidation($0)] } + [.trainingLoss] + terms.sorted { $0.order < $1.order }
        return quantities.compactMap { quantity in
            let curves = rows.compactMap { row -> LearningCurve? in
                // What is measured during training belongs to the training, however many targets its
                // model is evaluated on.
                let epochs = if case .target = quantity { row.evaluations } else { row.trainings }
                let points = epochs.keys.sorted().compactMap { epoch in
                    Estimate((epochs[epoch] ?? []).compactMap { quantity.value(in: $0, primary: variant.score) }.filter(\.isFinite))
                        .map { Point(epoch: epoch, estimate: $0) }
                }
                return points.isEmpty ? nil : LearningCurve(row: row.name, quantity: quantity, points: points)
            }
            return curves.isEmpty ? nil : curves
        }
    }
}
