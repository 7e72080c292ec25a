import Analysis
import Networks
import Processes
import Regularization
import Tensors

/// How well a model does on some samples.
package struct Score: Hashable, Sendable {
    /// The task's first score; NaN where it cannot be computed.
    package let value: Double
    /// Mean base loss without any regularizer's terms; NaN where a prediction is not finite.
    package let loss: Double
    /// How many predictions are not finite.
    package let nonFinite: Int
    /// How many samples it was taken on.
    package let samples: Int
    /// The task's other scores, by name; NaN where one cannot be computed.
    package let others: [String: Double]
    /// Why scores cannot be computed, by name.
    package let undefined: [String: String]

    package init(
        _ value: Double, loss: Double, nonFinite: Int = 0, samples: Int = 1, others: [String: Double] = [:],
        undefined: [String: String] = [:]
    ) {
        self.value = value
        self.loss = loss
        self.nonFinite = nonFinite
        self.samples = samples
        self.others = others
        self.undefined = undefined
    }
}

extension Trainer {
    /// Runs `body` while the model has the weights that are evaluated and saved: its own, or an average that a regularizer keeps.
    ///
    /// - Throws: what `body` throws, and `TrainingFailure` where an average is not one of this model.
    package func withEvaluatedWeights<R>(_ body: () throws -> R) throws -> R {
        try objective.averagedWeights()?.withAverage(body) ?? body()
    }

    /// Evaluates the model on batches, without gradients and without changing any statistics.
    ///
    /// - Precondition: at least one sample.
    package func evaluate(on batches: some Sequence<Batch>) throws -> Score {
        try evaluate { body in
            for batch in batches { try body(batch) }
        }
    }

    /// Evaluates the model on batches that are handed over one by one, so that no two have to be in memory at once.
    ///
    /// - Parameter forEachBatch: calls what it is given with every batch.
    /// - Precondition: at least one sample.
    /// - Throws: what `forEachBatch` throws, and `TrainingFailure` where the model or a regularizer gives something that does not fit.
    package func evaluate(_ forEachBatch: ((Batch) throws -> Void) throws -> Void) throws -> Score {
        var probes: SourceProbes?
        return try evaluate(forEachBatch, probes: &probes)
    }

    /// The same of held-back samples of source domains, of which more can be asked afterwards.
    ///
    /// - Parameter samples: how many there are.
    func evaluateSources(samples: Int, _ forEachBatch: ((Batch) throws -> Void) throws -> Void) throws -> (score: Score, probes: SourceProbes) {
        var probes: SourceProbes? = SourceProbes(samples: samples)
        let score = try evaluate(forEachBatch, probes: &probes)
        return (score, probes ?? SourceProbes(samples: samples))
    }

    /// What the samples tell of each modality alone and of recombined pairs. The model must be the one that evaluated them.
    func scores(of probes: SourceProbes) throws -> (alone: [String: Double], recombined: Double?) {
        let pass = evaluationPass
        return try withEvaluatedWeights {
            try withoutGradients {
                func logits(_ embeddings: Embeddings) throws -> Tensor {
                    CallTrace.beat()
                    return try objective.prediction(of: embeddings, pass).logits
                }
                return (try probes.alone(task, fuse: logits), try probes.recombined(task, fuse: logits))
            }
        }
    }

    private var evaluationPass: Pass { Pass(isTraining: false, random: RandomSource(seed: 0), step: step) }

    /// - Parameter probes: is given the embeddings of every batch; nil where they are not asked for.
    private func evaluate(_ forEachBatch: ((Batch) throws -> Void) throws -> Void, probes: inout SourceProbes?) throws -> Score {
        let pass = evaluationPass
        return try withEvaluatedWeights {
            var tally = Tally()
            try forEachBatch { batch in
                CallTrace.beat()
                try withoutGradients {
                    let embeddings = try objective.embeddings(batch.inputs, pass)
                    try measure(batch, embeddings, pass, into: &tally)
                    probes?.add(embeddings, batch)
                }
            }
            guard let targets = Targets.concatenated(tally.targets) else { stop("evaluate: there are no samples") }
            let outputs = Tensor.concatenated(tally.outputs, axis: 0)
            var (values, undefined): ([Double], [String: String]) = ([], [:])
            for (score, found) in zip(task.scores, withoutGradients { task.allScores(outputs, targets) }) {
                if case .failure(let reason) = found { undefined[score.name] = reason.reason }
                values.append(found.number ?? .nan)
            }
            return Score(
                values[0], loss: tally.loss / Double(tally.count), nonFinite: task.areFinite(outputs).count { !$0 },
                samples: tally.count,
                others: Dictionary(zip(task.scores.map(\.name), values).dropFirst()) { first, _ in first }, undefined: undefined)
        }
    }

    /// Makes sure that the model can be evaluated at all. An update may leave values that are not
    /// finite without any later loss showing it, the last update above all.
    ///
    /// - Throws: `TrainingFailure` that names the first trained value, averaged weight or running
    ///   statistic that is not finite.
    func requireFiniteModel() throws(TrainingFailure) {
        // A mask may hold −∞, which no statistic becomes before another of its layer is NaN or ∞.
        func isBrokenBuffer(_ value: Tensor) -> Bool { value.withUnsafeValues { $0.contains { $0.isNaN || $0 == .infinity } } }
        func broken(_ parameters: [NamedParameter]) -> String? { parameters.first { !$0.parameter.value.isFinite }?.name }
        let average = try objective.averagedWeights()
        let name =
            broken(parameters)
            ?? model.namedBuffers.first { isBrokenBuffer($0.buffer.value) }?.name
            ?? average.flatMap { $0.withAverage { broken(model.namedParameters) } }.map { "the average of \($0)" }
        if let name { throw TrainingFailure(term: "task", step: max(step - 1, 0), message: "after this step \(name) is not finite") }
    }

    /// Predictions and losses of the samples so far.
    private struct Tally {
        var outputs: [Tensor] = []
        var targets: [Targets] = []
        var count = 0
        var loss = 0.0
    }

    private func measure(_ batch: Batch, _ embeddings: Embeddings, _ pass: Pass, into tally: inout Tally) throws {
        let logits = try objective.prediction(of: embeddings, pass).logits
        tally.outputs.append(logits)
        tally.targets.append(batch.targets)
        tally.loss += Double(objective.criterion.loss(of: logits, targets: batch.targets.array).item) * Double(batch.targets.count)
        tally.count += batch.targets.count
    }
}
