import Networks
import Regularization
import Tensors

/// How well a model does on some samples.
package struct Score: Hashable, Sendable {
    /// The share of samples whose largest logit is their class, in `0...1`.
    package let accuracy: Double
    /// Mean cross-entropy without any regularizer's terms.
    package let loss: Double

    package init(accuracy: Double, loss: Double) {
        self.accuracy = accuracy
        self.loss = loss
    }
}

extension Trainer {
    /// Runs `body` while the model has the weights that are evaluated and saved: its own, or an average that a regularizer keeps.
    package func withEvaluatedWeights<R>(_ body: () throws -> R) rethrows -> R {
        try regularizers.evaluatedWeights?.withAverage(body) ?? body()
    }

    /// Evaluates the model on batches, without gradients and without changing any statistics.
    ///
    /// - Precondition: at least one sample.
    package func evaluate(on batches: some Sequence<Batch>) -> Score {
        evaluate { body in
            for batch in batches { body(batch) }
        }
    }

    /// Evaluates the model on batches that are handed over one by one, so that no two have to be in memory at once.
    ///
    /// - Parameter forEachBatch: calls what it is given with every batch.
    /// - Precondition: at least one sample.
    package func evaluate(_ forEachBatch: ((Batch) -> Void) throws -> Void) rethrows -> Score {
        let pass = Pass(isTraining: false, random: RandomSource(seed: 0), step: step)
        return try withEvaluatedWeights {
            var tally = Tally()
            try forEachBatch { batch in withoutGradients { measure(batch, pass, into: &tally) } }
            require(tally.count > 0, "evaluate: there are no samples")
            return Score(
                accuracy: Double(tally.correct) / Double(tally.count), loss: tally.loss / Double(tally.count))
        }
    }

    /// Sums over the samples so far.
    private struct Tally {
        var correct = 0
        var count = 0
        var loss = 0.0
    }

    private func measure(_ batch: Batch, _ pass: Pass, into tally: inout Tally) {
        let embeddings = regularizers.transform(model.encode(batch.inputs, pass: pass), pass: pass)
        let logits = model.fuse(embeddings, pass: pass).logits
        tally.correct += zip(logits.argmax(axis: 1), batch.labels).count { $0 == $1 }
        tally.loss += Double(logits.crossEntropy(labels: batch.labels).item) * Double(batch.labels.count)
        tally.count += batch.labels.count
    }
}
