import Networks
import Processes
import Regularization
import Tensors

/// How well a model does on some samples.
package struct Score: Hashable, Sendable {
    /// The share of samples whose largest logit is their class, in `0...1`. A prediction that is not finite is wrong.
    package let accuracy: Double
    /// Mean cross-entropy without any regularizer's terms; NaN where a prediction is not finite.
    package let loss: Double
    /// How many predictions are not finite: log Σ exp of the logits is NaN or infinite.
    package let nonFinite: Int

    package init(accuracy: Double, loss: Double, nonFinite: Int = 0) {
        self.accuracy = accuracy
        self.loss = loss
        self.nonFinite = nonFinite
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
        let pass = Pass(isTraining: false, random: RandomSource(seed: 0), step: step)
        return try withEvaluatedWeights {
            var tally = Tally()
            try forEachBatch { batch in
                CallTrace.beat()
                try withoutGradients { try measure(batch, pass, into: &tally) }
            }
            require(tally.count > 0, "evaluate: there are no samples")
            return Score(
                accuracy: Double(tally.correct) / Double(tally.count), loss: tally.loss / Double(tally.count), nonFinite: tally.nonFinite)
        }
    }

    /// Makes sure that the model can be evaluated at all: an update may leave values that no later loss shows, the last one above all.
    ///
    /// - Throws: `TrainingFailure` that names the first trained value, averaged weight or running statistic that is not finite.
    func requireFiniteModel() throws(TrainingFailure) {
        func isBroken(_ value: Tensor) -> Bool { value.withUnsafeValues { $0.contains { !$0.isFinite } } }
        // A mask may hold −∞, which no statistic becomes before another of its layer is NaN or ∞.
        func isBrokenBuffer(_ value: Tensor) -> Bool { value.withUnsafeValues { $0.contains { $0.isNaN || $0 == .infinity } } }
        func broken(_ parameters: [NamedParameter]) -> String? { parameters.first { isBroken($0.parameter.value) }?.name }
        let average = try objective.averagedWeights()
        let name =
            broken(parameters)
            ?? model.namedBuffers.first { isBrokenBuffer($0.buffer.value) }?.name
            ?? average.flatMap { $0.withAverage { broken(model.namedParameters) } }.map { "the average of \($0)" }
        if let name { throw TrainingFailure(term: "task", step: max(step - 1, 0), message: "after this step \(name) is not finite") }
    }

    /// Sums over the samples so far.
    private struct Tally {
        var correct = 0
        var count = 0
        var loss = 0.0
        var nonFinite = 0
    }

    private func measure(_ batch: Batch, _ pass: Pass, into tally: inout Tally) throws {
        let logits = try objective.predict(batch.inputs, pass).logits
        let labels = batch.targets.classes ?? []
        // The arg max of logits that are NaN is some class, and may be the right one.
        let isFinite = logits.logSumExp(axis: 1).values.map(\.isFinite)
        tally.correct += zip(zip(logits.argmax(axis: 1), labels), isFinite).count { $0.0 == $0.1 && $1 }
        tally.nonFinite += isFinite.count { !$0 }
        tally.loss += Double(objective.criterion.loss(of: logits, targets: batch.targets).item) * Double(batch.targets.count)
        tally.count += batch.targets.count
    }
}
