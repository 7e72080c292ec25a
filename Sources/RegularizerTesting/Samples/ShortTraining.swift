import Networks
import Regularization
import Tensors

/// A training of a few steps by plain gradient descent, with every hook of a regularizer in its place.
final class ShortTraining {
    let scenario: Scenario
    let model: LinearModel
    let regularizer: any Regularizer
    private(set) var step: Int

    private let parameters: [NamedParameter]
    private let rate: Float = 0.05

    /// - Parameter step: the number of steps that were taken before.
    init(_ scenario: Scenario, model: LinearModel, regularizer: any Regularizer, step: Int = 0) {
        self.scenario = scenario
        self.model = model
        self.regularizer = regularizer
        self.step = step
        parameters = model.namedParameters + regularizer.parts.namedParameters.map { (name: "regularizers.\($0.name)", parameter: $0.parameter) }
    }

    /// A training of a new model with a new instance of a regularizer.
    convenience init(_ subject: Subject, on scenario: Scenario, weight: Double = 1, step: Int = 0) throws {
        let model = LinearModel(scenario)
        let term = RegularizerTerm(
            try subject.make(.sample(scenario, model: model)), instance: "contract", weight: weight, totalSteps: 10)
        self.init(scenario, model: model, regularizer: RegularizerList([term]), step: step)
    }

    /// The loss of the present step, and its gradient.
    func differentiate() -> (step: TrainingStep, loss: Tensor, gradients: Gradients) {
        let pass = Pass(isTraining: true, random: RandomSource(seed: 3), step: step)
        let inputs = Dictionary(
            uniqueKeysWithValues: model.modalities.map { modality in
                var stream = RandomSource(seed: 29).stream("input.\(modality)", step: step)
                return (modality, stream.normal([scenario.samples, model.inputs]))
            })
        let labels = (0..<scenario.samples).map { ($0 + step) % scenario.classes }
        let original = model.encode(inputs, pass: pass)
        let embeddings = regularizer.transform(original, pass: pass)
        let prediction = model.fuse(embeddings, pass: pass)
        let targets = regularizer.transform(targets: .oneHot(labels, classes: scenario.classes), pass: pass)
        let seen = TrainingStep(
            inputs: inputs, originalEmbeddings: original, embeddings: embeddings, prediction: prediction, labels: labels,
            domains: (0..<scenario.samples).map { $0 / 2 % 2 }, model: model, pass: pass, totalSteps: 10)
        let base = prediction.logits.crossEntropy(targets: targets)
        let loss = regularizer.penalty(seen).map { base + $0.value } ?? base
        return (
            seen, loss.detached(), Gradients(names: parameters.map(\.name), values: gradients(of: loss, with: parameters.map(\.parameter.value)))
        )
    }

    /// The gradients of the present step with each parameter moved.
    func recompute(_ displacement: Gradients) -> Gradients {
        let values = parameters.map(\.parameter.value)
        for ((name, parameter), moved) in zip(parameters, zip(displacement.names, displacement.values)) where name == moved.0 {
            if let change = moved.1 { parameter.value = parameter.value.detached() + change }
        }
        defer { for ((_, parameter), value) in zip(parameters, values) { parameter.value = value } }
        return differentiate().gradients
    }

    /// Takes a step and tells everything that came of it.
    func takeStep() -> Trace {
        let (seen, loss, gradients) = differentiate()
        let changed = regularizer.transform(gradients, step: seen, recomputing: recompute)
        var trace = Trace()
        trace.add("loss", loss)
        for (modality, embedding) in seen.embeddings { trace.add("embedding of \(modality)", embedding.pooled) }
        for ((name, parameter), gradient) in zip(parameters, changed.values) {
            trace.add("gradient of \(name)", gradient)
            if let gradient { parameter.value = parameter.value.detached() + gradient * -rate }
        }
        withoutGradients { regularizer.didUpdate(model, learningRate: rate, pass: seen.pass) }
        for (name, parameter) in parameters { trace.add(name, parameter.value) }
        for (name, value) in regularizer.evaluatedWeights?.state() ?? [] { trace.add("evaluated \(name)", value) }
        step += 1
        return trace
    }

    /// Takes steps and tells everything that came of them.
    func takeSteps(_ count: Int) -> Trace {
        var trace = Trace()
        for _ in 0..<count {
            let number = step
            for (name, value) in takeStep().entries { trace.add("step \(number): \(name)", value) }
        }
        return trace
    }
}
