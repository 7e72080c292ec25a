import Datasets
import Synchronization

/// Data as trials meet them before anything is trained: with domains held out, divided, and measured for a common scale.
///
/// No row of a table changes these, and all three take as long as there are samples. So the trials of a study share one of these, which makes
/// each of them once and hands it to all who ask. What it keeps is bounded by ``capacity``; beyond that some are made again.
package final class PreparedData: Sendable {
    /// What a trial begins with.
    struct Parts: Sendable {
        /// The data set as the plan's held-out domains let it be seen.
        let data: any Dataset
        let split: SourceSplit
        /// Of the rows to train on.
        let standardization: Standardization

        /// - Throws: `DatasetFault` where the data cannot be divided as the plan asks, or cannot be read.
        fileprivate init(of plan: TrialPlan, dataset: any Dataset) throws {
            data = dataset.holdingOut(plan.targets)
            split = try plan.makeSplit(of: data)
            standardization = try Standardization(plan.standardization, of: data, rows: split.training)
        }
    }

    /// Everything in a plan that they depend on.
    private struct Key: Hashable {
        let data: ComponentPlan
        let fingerprint: String
        let sources, targets: [Int]
        let validation: ValidationRule
        let needsValidation: Bool
        let standardization: StandardizationRule
        let seed: Int

        init(_ plan: TrialPlan) {
            (data, fingerprint) = (plan.data, plan.dataFingerprint)
            (sources, targets) = (plan.sources, plan.targets)
            (validation, needsValidation, standardization) = (plan.validation, plan.selection.needsValidation, plan.standardization)
            seed = plan.seed
        }
    }

    /// Made by the first who asks, while others who ask for the same wait.
    private final class Place: Sendable {
        let rows: Int
        let parts = Mutex<Parts?>(nil)

        init(rows: Int) { self.rows = rows }
    }

    /// How many rows are kept over all divisions, at 8 bytes each: 128 MiB.
    package static let capacity = 1 << 24

    private let capacity: Int
    private let places = Mutex<[Key: Place]>([:])
    private let texts = Mutex<[ModelDescription: String]>([:])

    /// Nothing has been made yet.
    package convenience init() { self.init(capacity: Self.capacity) }

    /// - Parameter capacity: how many rows are kept; one division is kept however many it has.
    init(capacity: Int) { self.capacity = capacity }

    /// How many are kept.
    var count: Int { places.withLock(\.count) }

    /// A model's description as it stands in a checkpoint. Rows that differ in their regularizers alone have one and the same.
    ///
    /// - Throws: `EncodingError` where a value cannot be written.
    package func text(of model: ModelDescription) throws -> String {
        try texts.withLock { texts in
            if let known = texts[model] { return known }
            if texts.count >= Self.mostTexts { texts.removeAll() }
            let made = try model.text
            texts[model] = made
            return made
        }
    }

    /// How many descriptions are kept: some megabytes.
    private static let mostTexts = 1000

    /// What the trials of a plan begin with.
    ///
    /// - Throws: `DatasetFault` where the data cannot be divided as the plan asks, or cannot be read; the next who asks tries again.
    func parts(for plan: TrialPlan, of dataset: any Dataset) throws -> Parts {
        let key = Key(plan)
        let place = places.withLock { places in
            if let known = places[key] { return known }
            var kept = places.values.reduce(dataset.count) { $0 + $1.rows }
            // Trials go through the divisions in turn: the one that was asked for longest ago is needed next. So any other will do.
            while kept > capacity, let other = places.popFirst() { kept -= other.value.rows }
            let new = Place(rows: dataset.count)
            places[key] = new
            return new
        }
        return try place.parts.withLock { parts in
            if let parts { return parts }
            let made = try Parts(of: plan, dataset: dataset)
            parts = made
            return made
        }
    }
}
