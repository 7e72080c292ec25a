import Analysis
import Configuration
import Datasets
import Networks
import Regularization
import Results
import Training

/// What measuring one trial's model takes, tried on a model that has not been trained.
struct MeasuringCost: Sendable {
    /// Seconds of each measurement, by its name in the recipe, in the recipe's order.
    var parts: [(name: String, seconds: Double)] = []

    /// Seconds of all of them.
    var seconds: Double { parts.reduce(0) { $0 + $1.seconds } }

    /// Tries every measurement once.
    ///
    /// Of large sets it measures as many samples as the model reads in a moment, and takes the time to grow with the number of samples. That
    /// is too little for a measurement of all pairs whose `samples` allows more than were tried.
    ///
    /// - Parameters:
    ///   - cost: what the trial's evaluation takes.
    ///   - others: the other data sets that measurements name.
    ///   - moment: seconds that one pass over a set may take.
    /// - Throws: `OptionFault` or `DatasetFault` where data cannot be read.
    static func measure(
        _ measurements: [MeasurementPlan], of plan: TrialPlan, key: TrialKey, dataset: any Dataset, others: [ComponentPlan: any Dataset],
        components: Components, cost: TrialCost, moment: Double
    ) throws -> MeasuringCost {
        var plan = plan
        // As in the estimate of a step: storing stems takes longer than all that is measured here.
        plan.stemCache = false
        let trial = try Trial(plan, key: key, dataset: dataset, components: components)
        let limit = max(fewest, Int(min(1e9, moment / max(cost.evaluation, 1e-9))))
        let model = trial.model(limit: limit)
        var result = MeasuringCost()
        for measurement in measurements {
            let made = try components.measurements.make(
                measurement.component.name, options: measurement.component.options, for: dataset.facts.targets.kind)
            var counts = trial.sampleCounts.filter { made.reads.contains($0.key) }.map(\.value)
            var other: TrainedModel?
            if let data = measurement.other.flatMap({ others[$0.plan] }) {
                other = try trial.model(reading: data, limit: limit)
                counts.append(data.knownRows.count)
            }
            let started = ContinuousClock.now
            // A measurement that breaks its word is reported where it counts.
            do { _ = try model.measure(with: made, on: measurement.modalities, against: other) } catch is MeasurementFault {} catch is TrainingFailure {}
            let seconds = started.duration(to: .now) / .seconds(1)
            let (all, tried) = (counts.reduce(0, +), counts.reduce(0) { $0 + min($1, limit) })
            result.parts.append((measurement.instance, seconds * (tried > 0 ? Double(all) / Double(tried) : 1)))
        }
        return result
    }

    /// With fewer samples of a set, fixed costs would be taken for those of samples.
    private static let fewest = 64
}

/// Trials whose measurements take equally long.
struct MeasuringKind: Hashable {
    private let model: TrialModel
    private let task: ComponentPlan
    private let facts: DatasetFacts
    private let measurements: [MeasurementPlan]

    init(_ plan: TrialPlan, facts: DatasetFacts, measurements: [MeasurementPlan]) {
        (model, task) = (plan.model, plan.task)
        self.facts = facts
        self.measurements = measurements
    }
}
