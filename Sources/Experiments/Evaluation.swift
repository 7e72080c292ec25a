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
    /// Evaluates the model on batches, without gradients and without changing any statistics.
    ///
    /// - Precondition: at least one sample.
    package func evaluate(on batches: some Sequence<Batch>) -> Score {
        withoutGradients {
            var correct = 0
            var count = 0
            var loss = 0.0
            for batch in batches {
                let embeddings = regularizers.transform(model.encode(batch.inputs, pass: .evaluation), pass: .evaluation)
                let logits = model.fuse(embeddings, pass: .evaluation).logits
                correct += zip(logits.argmax(axis: 1), batch.labels).count { $0 == $1 }
                loss += Double(logits.crossEntropy(labels: batch.labels).item) * Double(batch.labels.count)
                count += batch.labels.count
            }
            require(count > 0, "evaluate: there are no samples")
            return Score(accuracy: Double(correct) / Double(count), loss: loss / Double(count))
        }
    }
}
