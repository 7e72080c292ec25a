import Configuration
import Datasets
import Foundation
import Networks
import Regularization
import Results
import Tensors
import Training

/// What trials of one kind take, measured on a few real batches.
struct TrialCost: Sendable {
    /// Seconds until the first step: model, weights, split, standardization.
    var setup = 0.0
    /// Seconds of a training step, data included.
    var step = 0.0
    /// Seconds of evaluating one sample.
    var evaluation = 0.0
    /// Steps that were measured.
    var steps = 0
    /// Size of the model's checkpoint.
    var checkpointBytes = 0
    /// Size of one save of a running trial.
    var saveBytes = 0
    /// The names of everything that an epoch's record logs.
    var terms: [String] = []

    /// Makes a trial and trains it for a moment.
    ///
    /// - Parameter seconds: how long to train and evaluate; two steps and one evaluated batch are always made.
    /// - Throws: `OptionFault` or `DatasetFault` where data cannot be read.
    static func measure(
        _ plan: TrialPlan, key: TrialKey, dataset: any Dataset, components: Components, for seconds: Double
    ) throws -> TrialCost {
        func time<Value>(_ body: () throws -> Value) rethrows -> (Value, seconds: Double) {
            let started = ContinuousClock.now
            let value = try body()
            return (value, started.duration(to: .now) / .seconds(1))
        }
        var cost = TrialCost()
        // Storing stems takes longer than everything that is measured here, so a step computes them, as the first step of a run does.
        var plan = plan
        plan.stemCache = false
        let (trial, setup) = try time { try Trial(plan, key: key, dataset: dataset, components: components) }
        cost.setup = setup
        let batches = trial.sampler.batches(epoch: 1)
        // The first step allocates memory and prepares kernels; it is not typical of the many steps of a trial.
        let first = try time { try trial.step(on: batches[0]) }
        cost.terms = first.0?.terms.map { $0.name } ?? []
        cost.step = first.seconds
        var elapsed = 0.0
        while elapsed < 0.7 * seconds || cost.steps == 0 {
            let (record, taken) = try time { try trial.step(on: batches[(cost.steps + 1) % batches.count]) }
            // A loss that is not a number is reported by the run, not by the estimate.
            guard record != nil else { break }
            elapsed += taken
            cost.steps += 1
            cost.step = elapsed / Double(cost.steps)
        }
        let rows = trial.split.target.rows + trial.split.validation.rows
        // Evaluation reads larger batches than training; those of a slow model would take too long here.
        let affordable = Int(min(1e6, 0.3 * seconds * Double(trial.sampler.effectiveBatchSize) / max(cost.step, 1e-9)))
        let size = min(trial.batches.evaluationBatch, max(trial.sampler.effectiveBatchSize, affordable))
        var evaluated = 0
        elapsed = 0
        for part in BatchSampler.inOrder(rows, batchSize: size) where evaluated == 0 || elapsed < 0.3 * seconds {
            elapsed += try time { try trial.evaluate(part) }.seconds
            evaluated += part.count
        }
        cost.evaluation = elapsed / Double(max(evaluated, 1))
        (cost.checkpointBytes, cost.saveBytes) = try trial.stateBytes()
        return cost
    }
}

extension Trial {
    /// One training step; nil where the loss is not a number.
    fileprivate func step(on rows: [Int]) throws -> StepRecord? {
        var record: StepRecord?
        try batches.train(on: [rows], epoch: 1) {
        } _: {
            record = try? trainer.train(on: $0)
        }
        return record
    }

    /// Sizes of the checkpoint, which describes its model, and of one save, in bytes.
    fileprivate func stateBytes() throws -> (checkpoint: Int, save: Int) {
        func bytes(_ state: NamedTensors) -> Int {
            // The header has a name, a shape and two offsets for each tensor.
            state.reduce(0) { $0 + $1.value.shape.elementCount * MemoryLayout<Float>.size + $1.name.utf8.count + 80 }
        }
        // The description is a text inside a JSON header, where quotes are escaped by backslashes.
        let described = try description(of: 0).text.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "\"") ? 2 : 1) }
        let checkpoint = described + bytes(trainer.model.state() + trainer.regularizers.parts.state())
        return (checkpoint, bytes(trainer.state()) + checkpoint)
    }
}

/// Trials of equal cost: everything in a plan that decides how long a step takes.
struct TrialKind: Hashable, Sendable {
    /// A term without its name, its weight and when it acts, and with those options alone that may change what it computes: a number such as a
    /// strength or a temperature does not, so that a grid of them is measured once.
    private struct Term: Hashable, Sendable {
        let regularizer: String
        /// A term of weight 0 may cost nothing.
        let isOff: Bool
        let options: [String: OptionValue]
        let modalities: [Modality]?
        let place: Place
        let part: EmbeddingPart
        let points: [String]?
        let projection: ProjectionOptions
        let terms: [Term]

        init(_ plan: TermPlan) {
            (regularizer, isOff) = (plan.regularizer, plan.weight == 0)
            options = plan.options.filter { if case .number = $0.value { false } else { true } }
            (modalities, place, part, points, projection) = (plan.modalities, plan.place, plan.part, plan.points, plan.projection)
            terms = plan.terms.map(Term.init)
        }
    }

    private let terms: [Term]
    private let model: TrialModel
    private let modalities: [DatasetFacts.ModalityFacts]
    private let task: ComponentPlan
    private let targets: TargetFacts
    private let batch: Int
    private let batching: BatchOrder
    private let sources: Int
    private let optimizer: String
    private let standardization: StandardizationRule

    init(_ plan: TrialPlan, facts: DatasetFacts) {
        terms = plan.regularizers.map(Term.init)
        model = plan.model
        modalities = facts.modalities
        task = plan.task
        targets = facts.targets
        batch = plan.batch
        batching = plan.batching
        sources = plan.sources.count
        optimizer = plan.optimizer.name
        standardization = plan.standardization
    }
}
