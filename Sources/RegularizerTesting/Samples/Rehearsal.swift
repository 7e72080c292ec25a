import Networks
import Regularization
import Tensors

/// A regularizer made for one scenario, with that scenario's batch, and what it does to the batch.
///
/// Nothing is trained here: a rehearsal calls the hooks of one step on embeddings drawn at random, and
/// takes gradients with respect to everything that the step holds. ``ShortTraining`` takes real steps.
struct Rehearsal {
    /// The kinds of variables that gradients are taken with respect to.
    enum Kind: String, CaseIterable {
        /// Pooled embeddings and tokens.
        case embeddings
        /// Logits and representation.
        case prediction
        /// Parameters that the regularizer owns.
        case own = "own parameters"
        /// Parameters of the model.
        case model = "the model's parameters"
    }

    /// A scalar that depends on the variables.
    enum Quantity: String, CaseIterable {
        /// The penalty with weight 1.
        case penalty
        /// The changed embeddings, multiplied by fixed random numbers and summed.
        case change
        /// The same of the changed feature maps.
        case mapChange = "change of feature maps"
    }

    /// An array that gradients are taken with respect to.
    struct Variable {
        /// Its name in messages: `embedding of video`, or the path of a parameter.
        let name: String
        /// What kind of variable it is.
        let kind: Kind
        /// Its position among the arrays of the batch; nil for a parameter.
        let position: Int?
        /// The parameter; nil for an array of the batch.
        let parameter: Parameter?
        /// Its values when the batch was made.
        let value: Tensor
    }

    /// The plug-in under test.
    let subject: Subject
    /// The sizes of the batch.
    let scenario: Scenario
    /// The model that the regularizer was made for.
    let model: LinearModel
    /// The regularizer under test.
    let regularizer: any Regularizer
    /// The regularizer wrapped as in a training, so that its results are checked.
    let term: RegularizerTerm
    /// The values of the batch.
    private(set) var batch: SampleBatch

    /// Makes the model, the regularizer and the batch.
    ///
    /// - Throws: what making the regularizer throws.
    init(_ subject: Subject, on scenario: Scenario) throws {
        self.subject = subject
        self.scenario = scenario
        model = LinearModel(scenario)
        regularizer = try subject.make(.sample(scenario, model: model))
        term = RegularizerTerm(regularizer, instance: "contract", totalSteps: 10)
        batch = SampleBatch(scenario, model: model, hasFeatureMaps: subject.hooks.contains(.featureMaps))
    }

    /// The same regularizer, in its current state, on a batch of other values.
    func onOtherValues(seed: UInt64) -> Rehearsal {
        var other = self
        other.batch = SampleBatch(scenario, model: model, hasFeatureMaps: subject.hooks.contains(.featureMaps), seed: seed)
        return other
    }

    /// The pass in which most checks run.
    static func pass(seed: UInt64 = 3, step: Int = 1, isTraining: Bool = true) -> Pass {
        Pass(isTraining: isTraining, random: RandomSource(seed: seed), step: step)
    }

    /// Everything that gradients are taken with respect to, in a fixed order.
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

    /// The forward pass as hooks within it see it, of a training of ten steps.
    func forward(_ batch: SampleBatch, _ pass: Pass) -> ForwardPass {
        ForwardPass(pass, targets: batch.targets, domains: batch.domains, presences: batch.embeddings.presences, totalSteps: 10)
    }

    /// The changed embeddings as the objective passes them on: 0 in place of what is missing.
    func changedEmbeddings(_ batch: SampleBatch, _ pass: Pass) throws -> Embeddings {
        try term.changedEmbeddings(batch.embeddings, in: forward(batch, pass)).mapEmbeddings { $1.cleared() }
    }

    /// The changed feature maps, with 0 in place of what is missing. The regularizer is given the samples alone that have the modality.
    func changedFeatureMaps(_ batch: SampleBatch, _ pass: Pass) throws -> [Tensor] {
        let forward = forward(batch, pass)
        return try zip(batch.featureMaps, batch.embeddings).map { map, item in
            let presence = item.embedding.presence
            guard presence.rows?.isEmpty != true else { return .zeros(map.shape) }
            let rows = presence.rows ?? Array(0..<map.shape[0])
            let seen = FeatureMap(map.gathering(rows: rows), at: "input", lengths: presence.gathering(rows: rows).lengths)
            let changed = try term.changedFeatureMap(seen, of: item.modality, in: forward)
            return presence.rows == nil
                ? changed : Embedding(pooled: changed.meanPooled(), tokens: changed).spread(to: rows, of: map.shape[0]).tokens ?? changed
        }
    }

    /// The changed targets of a batch, `N×K`.
    ///
    /// - Throws: `TrainingFailure` where they do not fit.
    func changedTargets(_ targets: Tensor, _ batch: SampleBatch, _ pass: Pass) throws -> Tensor {
        try term.changedTargets(targets, in: forward(batch, pass))
    }

    /// The step as a penalty sees it, with the changed embeddings and a prediction that was drawn
    /// independently of them.
    func step(_ batch: SampleBatch, _ pass: Pass) throws -> TrainingStep {
        TrainingStep(
            inputs: batch.inputs, originalEmbeddings: batch.embeddings, embeddings: try changedEmbeddings(batch, pass),
            prediction: Prediction(logits: batch.logits, representation: batch.representation), targets: batch.targets,
            domains: batch.domains, model: model, pass: pass, totalSteps: 10)
    }

    /// A quantity of a batch; nil where the regularizer does not have it.
    ///
    /// - Throws: `TrainingFailure` where a hook returns something that does not fit.
    func scalar(_ quantity: Quantity, of batch: SampleBatch, _ pass: Pass = pass()) throws -> Tensor? {
        switch quantity {
        case .penalty:
            return try term.penalty(try step(batch, pass))?.value
        case .change:
            guard changesEmbeddings else { return nil }
            return weighted(try changedEmbeddings(batch, pass).flatMap { [$1.pooled] + ($1.tokens.map { [$0] } ?? []) })
        case .mapChange:
            return weighted(try changedFeatureMaps(batch, pass))
        }
    }

    /// The sum of arrays that are multiplied by fixed random numbers; nil for none.
    private func weighted(_ arrays: [Tensor]) -> Tensor? {
        var stream = RandomSource(seed: 17).stream("weights")
        let terms = arrays.map { ($0 * stream.normal($0.shape)).sum() }
        return terms.first.map { terms.dropFirst().reduce($0, +) }
    }

    /// Whether an entry of a trace belongs to a sum in which each place is weighted by itself, so that it says nothing of other places.
    static func isWeightedByPlace(_ entry: String) -> Bool { entry.contains(" of the change") }

    /// A quantity and its gradient with respect to each of ``variables``; nil where the regularizer
    /// does not have the quantity.
    func differentiated(
        _ quantity: Quantity, of batch: SampleBatch? = nil, _ pass: Pass = pass()
    ) throws -> (value: Tensor, gradients: [Tensor?])? {
        let tracked = (batch ?? self.batch).tracked()
        guard let value = try scalar(quantity, of: tracked, pass) else { return nil }
        let leaves = tracked.arrays.map(\.value) + (regularizer.parts.namedParameters + model.namedParameters).map(\.parameter.value)
        return (value.detached(), gradients(of: value, with: leaves))
    }

    /// Everything that the regularizer computes for a batch in one pass: values and gradients by name.
    func trace(of batch: SampleBatch? = nil, _ pass: Pass = pass()) throws -> Trace {
        let batch = batch ?? self.batch
        var trace = Trace()
        for (modality, embedding) in try changedEmbeddings(batch, pass) {
            trace.add("changed embedding of \(modality)", embedding.pooled)
            trace.add("changed tokens of \(modality)", embedding.tokens)
        }
        for (modality, map) in zip(batch.embeddings.modalities, try changedFeatureMaps(batch, pass)) {
            trace.add("changed feature map of \(modality)", map)
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

    /// Whether the regularizer's results depend on the seed, found by running it with another one.
    var drawsRandomNumbers: Bool {
        get throws { try trace(Self.pass(seed: 4)).firstDifference(from: try trace(Self.pass(seed: 3))) != nil }
    }
}
