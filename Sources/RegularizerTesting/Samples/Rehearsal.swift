import Networks
import Regularization
import Tensors

/// A regularizer made for one scenario, and what it does to that scenario's batch.
struct Rehearsal {
    /// What gradients are asked of.
    enum Kind: String, CaseIterable {
        case embeddings
        case prediction
        case own = "own parameters"
        case model = "the model's parameters"
    }

    /// A scalar that depends on the variables.
    enum Quantity: String, CaseIterable {
        case penalty
        /// The changed embeddings, multiplied by fixed random numbers and summed.
        case change
    }

    /// An array that gradients are asked of.
    struct Variable {
        let name: String
        let kind: Kind
        /// Its place among the arrays of the batch; nil for a parameter.
        let position: Int?
        let parameter: Parameter?
        /// Its values in the batch as it was made.
        let value: Tensor
    }

    let subject: Subject
    let scenario: Scenario
    let model: LinearModel
    let regularizer: any Regularizer
    /// The regularizer as training has it: its results are checked.
    let term: RegularizerTerm
    private(set) var batch: SampleBatch

    init(_ subject: Subject, on scenario: Scenario) throws {
        self.subject = subject
        self.scenario = scenario
        model = LinearModel(scenario)
        regularizer = try subject.make(.sample(scenario, model: model))
        term = RegularizerTerm(regularizer, instance: "contract", totalSteps: 10)
        batch = SampleBatch(scenario, model: model)
    }

    /// The same regularizer, as it now is, on other values.
    func onOtherValues(seed: UInt64) -> Rehearsal {
        var other = self
        other.batch = SampleBatch(scenario, model: model, seed: seed)
        return other
    }

    /// The pass in which most is checked.
    static func pass(seed: UInt64 = 3, step: Int = 1, isTraining: Bool = true) -> Pass {
        Pass(isTraining: isTraining, random: RandomSource(seed: seed), step: step)
    }

    /// Everything that gradients are asked of, in a fixed order.
    var variables: [Variable] {
        let arrays = batch.arrays.enumerated().map { position, array in
            let isPrediction = position >= batch.arrays.count - 2
            return Variable(name: array.name, kind: isPrediction ? .prediction : .embeddings, position: position, parameter: nil, value: array.value)
        }
        func variables(_ parameters: [NamedParameter], _ kind: Kind) -> [Variable] {
            parameters.map { Variable(name: $0.name, kind: kind, position: nil, parameter: $0.parameter, value: $0.parameter.value.detached()) }
        }
        return arrays + variables(regularizer.parts.namedParameters, .own) + variables(model.namedParameters, .model)
    }

    /// Whether the regularizer changes embeddings on their way to the fusion.
    var changesEmbeddings: Bool { subject.hooks.contains(.embeddings) }

    /// The forward pass as hooks in it see it.
    func forward(_ batch: SampleBatch, _ pass: Pass) -> ForwardPass {
        ForwardPass(pass, targets: batch.targets, domains: batch.domains, presences: batch.embeddings.presences, totalSteps: 10)
    }

    /// The changed embeddings as a model would hand them on: with nothing in place of what is missing.
    func changedEmbeddings(_ batch: SampleBatch, _ pass: Pass) throws -> Embeddings {
        try term.changedEmbeddings(batch.embeddings, in: forward(batch, pass)).mapEmbeddings { $1.cleared() }
    }

    func changedTargets(_ targets: Tensor, _ batch: SampleBatch, _ pass: Pass) throws -> Tensor {
        try term.changedTargets(targets, in: forward(batch, pass))
    }

    /// The step as a penalty sees it.
    func step(_ batch: SampleBatch, _ pass: Pass) throws -> TrainingStep {
        TrainingStep(
            inputs: batch.inputs, originalEmbeddings: batch.embeddings, embeddings: try changedEmbeddings(batch, pass),
            prediction: Prediction(logits: batch.logits, representation: batch.representation), targets: batch.targets,
            domains: batch.domains, model: model, pass: pass, totalSteps: 10)
    }

    /// A quantity of a batch; nil where the regularizer does not have it.
    func scalar(_ quantity: Quantity, of batch: SampleBatch, _ pass: Pass = pass()) throws -> Tensor? {
        switch quantity {
        case .penalty:
            return try term.penalty(try step(batch, pass))?.value
        case .change:
            guard changesEmbeddings else { return nil }
            var stream = RandomSource(seed: 17).stream("weights")
            let terms = try changedEmbeddings(batch, pass).flatMap { _, embedding in
                ([embedding.pooled] + (embedding.tokens.map { [$0] } ?? [])).map { ($0 * stream.normal($0.shape)).sum() }
            }
            guard let first = terms.first else { return nil }
            return terms.dropFirst().reduce(first, +)
        }
    }

    /// A quantity and its gradient in each of ``variables``; nil where it does not exist.
    func differentiated(
        _ quantity: Quantity, of batch: SampleBatch? = nil, _ pass: Pass = pass()
    ) throws -> (value: Tensor, gradients: [Tensor?])? {
        let tracked = (batch ?? self.batch).tracked()
        guard let value = try scalar(quantity, of: tracked, pass) else { return nil }
        let leaves = tracked.arrays.map(\.value) + (regularizer.parts.namedParameters + model.namedParameters).map(\.parameter.value)
        return (value.detached(), gradients(of: value, with: leaves))
    }

    /// Everything that the regularizer makes of a batch in one pass.
    func trace(of batch: SampleBatch? = nil, _ pass: Pass = pass()) throws -> Trace {
        let batch = batch ?? self.batch
        var trace = Trace()
        for (modality, embedding) in try changedEmbeddings(batch, pass) {
            trace.add("changed embedding of \(modality)", embedding.pooled)
            trace.add("changed tokens of \(modality)", embedding.tokens)
        }
        trace.add("targets", try changedTargets(batch.targets.array, batch, pass))
        for quantity in Quantity.allCases {
            guard let (value, gradients) = try differentiated(quantity, of: batch, pass) else { continue }
            trace.add("value of the \(quantity.rawValue)", value)
            for (variable, gradient) in zip(variables, gradients) {
                trace.add("gradient of the \(quantity.rawValue) in \(variable.name)", gradient)
            }
        }
        return trace
    }

    /// Whether the regularizer's results depend on the seed.
    var drawsRandomNumbers: Bool {
        get throws { try trace(Self.pass(seed: 4)).firstDifference(from: try trace(Self.pass(seed: 3))) != nil }
    }
}
