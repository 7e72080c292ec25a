import Regularization
import Tensors

/// What a training step holds of a batch, as plain values.
struct SampleBatch {
    var inputs: [Modality: Tensor]
    var embeddings: Embeddings
    var logits: Tensor
    var representation: Tensor
    var labels: [Int]
    var domains: [Int]

    /// Normally distributed values; each modality has a mean and a spread of its own, so that no two are alike.
    init(_ scenario: Scenario, model: LinearModel, seed: UInt64 = 41) {
        let random = RandomSource(seed: seed)
        func draw(_ name: String, _ shape: Shape, mean: Float = 0, deviation: Float = 1) -> Tensor {
            var stream = random.stream(name)
            return stream.normal(shape, mean: mean, deviation: deviation)
        }
        let samples = scenario.samples
        inputs = Dictionary(uniqueKeysWithValues: scenario.widths.map { ($0.modality, draw("input.\($0.modality)", [samples, model.inputs])) })
        embeddings = Embeddings(
            scenario.widths.enumerated().map { index, item in
                let (mean, deviation) = (0.2 - 0.1 * Float(index), 0.8 + 0.3 * Float(index))
                return (
                    item.modality,
                    Embedding(
                        pooled: draw("pooled.\(item.modality)", [samples, item.width], mean: mean, deviation: deviation),
                        tokens: scenario.tokens.map { draw("tokens.\(item.modality)", [samples, $0, item.width], mean: mean, deviation: deviation) })
                )
            })
        logits = draw("logits", [samples, scenario.classes])
        representation = draw("representation", [samples, scenario.widths.reduce(0) { $0 + $1.width }])
        labels = (0..<samples).map { $0 % scenario.classes }
        domains = (0..<samples).map { $0 / 2 % 2 }
    }

    /// What is to be learned.
    var targets: Targets { .classes(labels, of: logits.shape[1]) }

    /// The same samples in another order, the one at `order[i]` coming `i`-th.
    func gathering(_ order: [Int]) -> SampleBatch {
        var batch = self
        batch.inputs = inputs.mapValues { $0.gathering(rows: order) }
        batch.embeddings = embeddings.mapEmbeddings { $1.map { array, _ in array.gathering(rows: order) } }
        batch.logits = logits.gathering(rows: order)
        batch.representation = representation.gathering(rows: order)
        batch.labels = order.map { labels[$0] }
        batch.domains = order.map { domains[$0] }
        return batch
    }

    /// The arrays that gradients are asked of, with their names.
    var arrays: [(name: String, value: Tensor)] {
        var arrays: [(name: String, value: Tensor)] = []
        for (modality, embedding) in embeddings {
            arrays.append(("embedding of \(modality)", embedding.pooled))
            if let tokens = embedding.tokens { arrays.append(("tokens of \(modality)", tokens)) }
        }
        return arrays + [("logits", logits), ("representation", representation)]
    }

    /// The batch with other arrays, in the order of ``arrays``.
    func replacing(_ arrays: [Tensor]) -> SampleBatch {
        var batch = self
        var remaining = arrays[...]
        func next(_ old: Tensor) -> Tensor { remaining.popFirst() ?? old }
        batch.embeddings = embeddings.mapEmbeddings { _, embedding in
            Embedding(pooled: next(embedding.pooled), tokens: embedding.tokens.map(next))
        }
        batch.logits = next(logits)
        batch.representation = next(representation)
        return batch
    }

    /// The batch with each array replaced by a variable that gradients may be asked of.
    func tracked() -> SampleBatch { replacing(arrays.map { $0.value.tracked() }) }
}
