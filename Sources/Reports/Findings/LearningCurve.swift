import Results

/// How one quantity developed over the epochs of one row: means over the row's trials.
package struct LearningCurve: Hashable, Sendable {
    package struct Point: Hashable, Sendable {
        /// Counted from 1.
        package let epoch: Int
        package let estimate: Estimate
    }

    /// What is recorded at the end of an epoch.
    package enum Quantity: Hashable, Sendable {
        case targetAccuracy
        case sourceValidationAccuracy
        case trainingLoss
        /// A logged term by its full name: `mer`, `mer.weighted`, `mer.video.gap`.
        case term(String)

        func value(in record: EpochRecord) -> Double? {
            switch self {
            case .targetAccuracy: record.targetAccuracy
            case .sourceValidationAccuracy: record.sourceValidationAccuracy
            case .trainingLoss: record.trainingLoss
            case .term(let name): record.terms[name]
            }
        }
    }

    package let row: String
    package let quantity: Quantity
    /// Epochs at which some trial has a finite value, in order.
    package let points: [Point]

    /// Every quantity's curves, one a row that has it: accuracies and loss first, then terms by name. Failed trials count
    /// up to their failure.
    package static func curves(variant: [String: String], of trials: TrialSet) -> [[LearningCurve]] {
        let rows = trials.settings.rows.map { row in
            let epochs = trials.results(row: row, variant: variant).flatMap(\.epochs)
            return (name: row, epochs: Dictionary(grouping: epochs, by: \.epoch))
        }
        let terms = Set(rows.flatMap { $0.epochs.values.joined().flatMap(\.terms.keys) }).sorted()
        let quantities: [Quantity] = [.targetAccuracy, .sourceValidationAccuracy, .trainingLoss] + terms.map { .term($0) }
        return quantities.compactMap { quantity in
            let curves = rows.compactMap { row -> LearningCurve? in
                let points = row.epochs.keys.sorted().compactMap { epoch in
                    Estimate((row.epochs[epoch] ?? []).compactMap(quantity.value).filter(\.isFinite))
                        .map { Point(epoch: epoch, estimate: $0) }
                }
                return points.isEmpty ? nil : LearningCurve(row: row.name, quantity: quantity, points: points)
            }
            return curves.isEmpty ? nil : curves
        }
    }
}
