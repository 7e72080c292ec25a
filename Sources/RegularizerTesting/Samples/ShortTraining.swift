import Configuration
import Networks
import Regularization
import Tensors

/// A training of a few steps by plain gradient descent, with the same objective that a real one has.
final class ShortTraining {
    let scenario: Scenario
    let model: LinearModel
    let regularizer: RegularizerList
    private(set) var step: Int

    private let objective: Objective
    private let task: TargetKind
    private let rate: Float = 0.05

    /// What the inputs of samples are multiplied by that lack a modality: nothing may come of it.
    var absentFactor: Float = 1

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
    convenience init(_ subject: Subject, on scenario: Scenario, task: TargetKind = .classes, weight: Double = 1, step: Int = 0) throws {
        let model = LinearModel(scenario)
        let term = RegularizerTerm(
            try subject.make(.sample(scenario, model: model, task: task)), instance: "contract", weight: weight, totalSteps: 10)
        self.init(scenario, model: model, regularizer: RegularizerList([term]), task: task, step: step)
    }

    /// The batch of the present step.
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

    private var targets: Targets {
        let classes = (0..<scenario.samples).map { ($0 + step) % scenario.classes }
        let array = Tensor.oneHot(classes, classes: scenario.classes)
        return switch task {
        case .classes: .classes(classes, of: scenario.classes)
        case .labels: .labels(array)
        case .values: .values(array * 3 - 1)
        }
    }

    private var pass: Pass { Pass(isTraining: true, random: RandomSource(seed: 3), step: step) }

    /// The forward pass of the present step, and the gradient of its loss.
    func differentiate() throws -> (forward: Objective.Forward, gradients: Gradients) {
        let forward = try objective.forward(batch, pass)
        return (forward, objective.gradients(of: forward.loss))
    }

    /// The gradients of the present step as the regularizer changes them.
    func changedGradients(_ gradients: Gradients, of forward: Objective.Forward) throws -> Gradients {
        try objective.changedGradients(gradients, of: forward, batch)
    }

    /// How often the objective has been run through the model.
    var passes: Int { model.passes }

    /// Takes a step and tells everything that came of it.
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
        // Every step is an epoch whose validation samples are those just seen.
        let seen = batch
        try objective.followValidation(at: step) { try $0(seen) }
        for (name, parameter) in objective.parameters { trace.add(name, parameter.value) }
        for (name, value) in regularizer.averagedWeights?.state() ?? [] { trace.add("evaluated \(name)", value) }
        step += 1
        return trace
    }

    /// Runs `body` with the weights that are evaluated.
    func withAveragedWeights<Result>(_ body: () throws -> Result) throws -> Result {
        try objective.averagedWeights()?.withAverage(body) ?? body()
    }

    /// Takes steps and tells everything that came of them.
    func takeSteps(_ count: Int) throws -> Trace {
        var trace = Trace()
        for _ in 0..<count {
            let number = step
            for (name, value) in try takeStep().entries { trace.add("step \(number): \(name)", value) }
        }
        return trace
    }
}

/// Everything that came out of something, by name, to be compared bit by bit.
struct Trace {
    private(set) var entries: [(name: String, value: Tensor?)] = []

    mutating func add(_ name: String, _ value: Tensor?) {
        entries.append((name, value?.detached()))
    }

    /// Where this trace's entry of the same name differs from one of `reference`, in words; nil where every bit is the same.
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

    /// The first entry with a value that is NaN or infinite.
    var firstNonFinite: String? {
        for (name, value) in entries {
            if let found = value?.values.first(where: { !$0.isFinite }) { return "\(name) holds \(found)" }
        }
        return nil
    }
}
