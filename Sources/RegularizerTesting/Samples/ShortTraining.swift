import Configuration
import Networks
import Regularization
import Tensors

/// A training of a few steps by plain gradient descent, with the same objective as a real one.
///
/// Inputs are drawn anew for every step, and every step counts as an epoch. The learning rate is 0.05.
final class ShortTraining {
    /// The sizes of the batches.
    let scenario: Scenario
    /// The model that is trained.
    let model: LinearModel
    /// The term under test, or none.
    let regularizer: RegularizerList
    /// The number of steps taken so far.
    private(set) var step: Int

    /// The loss with its terms, as in a real training.
    private let objective: Objective
    /// What is learned.
    private let task: TargetKind
    /// The learning rate.
    private let rate: Float = 0.05

    /// What the inputs of samples that lack a modality are multiplied by: no result may depend on it.
    var absentFactor: Float = 1

    /// A training that has not begun, or one that goes on after `step` steps.
    ///
    /// - Parameter step: the number of steps that were taken before.
    init(_ scenario: Scenario, model: LinearModel, regularizer: RegularizerList, task: TargetKind = .classes, step: Int = 0) {
        self.scenario = scenario
        self.model = model
        self.regularizer = regularizer
        self.task = task
        self.step = step
        let criterion: Criterion =
            switch task {
            case .classes: .crossEntropy
            case .labels: .binaryCrossEntropy
            case .values: .squared
            }
        objective = Objective(model, regularizer, criterion: criterion, totalSteps: 10)
    }

    /// A training of a new model with a new instance of a regularizer.
    ///
    /// - Throws: what making the regularizer throws.
    convenience init(_ subject: Subject, on scenario: Scenario, task: TargetKind = .classes, weight: Double = 1, step: Int = 0) throws {
        let model = LinearModel(scenario)
        let term = RegularizerTerm(
            try subject.make(.sample(scenario, model: model, task: task)), instance: "contract", weight: weight, totalSteps: 10)
        self.init(scenario, model: model, regularizer: RegularizerList([term]), task: task, step: step)
    }

    /// The batch of the current step.
    var batch: Batch {
        let inputs = model.modalities.map { modality in
            var stream = RandomSource(seed: 29).stream("input.\(modality)", step: step)
            let factors = (0..<scenario.samples).map { scenario.presences[modality]?.contains($0) ?? true ? 1 : absentFactor }
            return (modality, stream.normal([scenario.samples, model.inputs]) * Tensor(factors, shape: [scenario.samples, 1]))
        }
        return Batch(
            inputs: Inputs(Dictionary(uniqueKeysWithValues: inputs), presences: scenario.presences), targets: targets,
            domains: (0..<scenario.samples).map { $0 / 2 % 2 })
    }

    /// The targets of the current step, of the training's kind.
    private var targets: Targets {
        let classes = (0..<scenario.samples).map { ($0 + step) % scenario.classes }
        let array = Tensor.oneHot(classes, classes: scenario.classes)
        return switch task {
        case .classes: .classes(classes, of: scenario.classes)
        case .labels: .labels(array)
        case .values: .values(array * 3 - 1)
        }
    }

    /// The pass of the current step.
    private var pass: Pass { Pass(isTraining: true, random: RandomSource(seed: 3), step: step) }

    /// The forward pass of the current step, and the gradient of its loss with the weighted penalty.
    ///
    /// - Throws: `TrainingFailure` where a hook returns something that does not fit.
    func differentiate() throws -> (forward: Objective.Forward, gradients: Gradients) {
        let forward = try objective.forward(batch, pass)
        return (forward, objective.gradients(of: forward.loss))
    }

    /// The gradients of the current step as the regularizer changes them; these gradients where it has
    /// no such hook.
    ///
    /// - Throws: `TrainingFailure` where names, shapes or values do not fit.
    func changedGradients(_ gradients: Gradients, of forward: Objective.Forward) throws -> Gradients {
        try objective.changedGradients(gradients, of: forward, batch)
    }

    /// The number of passes through the model so far.
    var passes: Int { model.passes }

    /// Takes a step: forward, backward, changed gradients, update, and the hooks that follow the update
    /// and the validation.
    ///
    /// - Returns: every value that came out of it, by name.
    /// - Throws: `TrainingFailure` where a hook returns something that does not fit.
    func takeStep() throws -> Trace {
        let (forward, gradients) = try differentiate()
        let changed = try changedGradients(gradients, of: forward)
        var trace = Trace()
        trace.add("loss", forward.loss)
        for (modality, embedding) in forward.step.embeddings { trace.add("embedding of \(modality)", embedding.pooled) }
        for ((name, parameter), gradient) in zip(objective.parameters, changed.values) {
            trace.add("gradient of \(name)", gradient)
            if let gradient { parameter.value = parameter.value.detached() + gradient * -rate }
        }
        try objective.followUpdate(of: forward, learningRate: rate)
        // Each step counts as an epoch, and its batch serves as the validation samples.
        let seen = batch
        try objective.followValidation(at: step) { try $0(seen) }
        for (name, parameter) in objective.parameters { trace.add(name, parameter.value) }
        for (name, value) in regularizer.averagedWeights?.state() ?? [] { trace.add("evaluated \(name)", value) }
        step += 1
        return trace
    }

    /// Runs `body` with the weights that would be evaluated: the average where the regularizer keeps
    /// one, otherwise the model's own.
    func withAveragedWeights<Result>(_ body: () throws -> Result) throws -> Result {
        try objective.averagedWeights()?.withAverage(body) ?? body()
    }

    /// Takes several steps.
    ///
    /// - Returns: every value that came out of them, with the number of the step in its name.
    func takeSteps(_ count: Int) throws -> Trace {
        var trace = Trace()
        for _ in 0..<count {
            let number = step
            for (name, value) in try takeStep().entries { trace.add("step \(number): \(name)", value) }
        }
        return trace
    }
}

/// Named values that two computations are compared by, bit by bit.
struct Trace {
    /// The values in the order in which they were added.
    private(set) var entries: [(name: String, value: Tensor?)] = []

    /// Adds a value; nil stands for a gradient that does not exist.
    mutating func add(_ name: String, _ value: Tensor?) {
        entries.append((name, value?.detached()))
    }

    /// The first entry of `reference` that is missing here or differs by a bit, in words; nil where
    /// there is none.
    func firstDifference(from reference: Trace) -> String? {
        let mine = Dictionary(entries.map { ($0.name, $0.value) }) { first, _ in first }
        for (name, value) in reference.entries {
            guard let own = mine[name] else { return "\(name) is missing" }
            switch (own, value) {
            case (nil, nil): continue
            case (nil, _): return "\(name) is missing"
            case (_, nil): return "\(name) is new"
            case (let own?, let value?):
                guard own.shape == value.shape else { return "\(name) has shape \(own.shape), not \(value.shape)" }
                let pairs = zip(own.values, value.values)
                guard let (index, pair) = pairs.enumerated().first(where: { $1.0.bitPattern != $1.1.bitPattern }).map({ ($0, $1) }) else { continue }
                return "\(name)\(own.elementCount == 1 ? "" : "[\(index)]") is \(pair.0), not \(pair.1)"
            }
        }
        return nil
    }

    /// The first entry that holds NaN or infinity, in words; nil where there is none.
    var firstNonFinite: String? {
        for (name, value) in entries {
            if let found = value?.values.first(where: { !$0.isFinite }) { return "\(name) holds \(found)" }
        }
        return nil
    }
}
