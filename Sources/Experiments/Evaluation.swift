import Networks
import Regularization
import Tensors

/// How well a model does on some samples.
package struct Score: Hashable, Sendable {
    /// The share of samples whose largest logit is their class, in `0...1`.
    package let accuracy: Double
    /// Mean cross-entropy without any regularizer's terms.
    package let loss: Double
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
        let pass = Pass(isTraining: false, random: RandomSource(seed: 0), step: step)
        return withEvaluatedWeights { measure(on: batches, pass) }
    }

    private func measure(on batches: some Sequence<Batch>, _ pass: Pass) -> Score {
        withoutGradients {
            var correct = 0
            var count = 0
            var loss = 0.0
            for batch in batches {
                let embeddings = regularizers.transform(model.encode(batch.inputs, pass: pass), pass: pass)
                let logits = model.fuse(embeddings, pass: pass).logits
                correct += zip(logits.argmax(axis: 1), batch.labels).count { $0 == $1 }
                loss += Double(logits.crossEntropy(labels: batch.labels).item) * Double(batch.labels.count)
                count += batch.labels.count
            }
            require(count > 0, "evaluate: there are no samples")
            return Score(accuracy: Double(correct) / Double(count), loss: loss / Double(count))
        }
    }
}
