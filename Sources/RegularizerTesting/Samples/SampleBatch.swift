import Networks
import Regularization
import Tensors

/// What a training step knows about a batch, as plain values: a check changes one of them and sees what
/// follows.
///
/// Embeddings, logits and representation are drawn independently of each other and of the inputs, so
/// that each can be moved without the others.
struct SampleBatch {
    /// What encoders would read, `N×inputs` for each modality.
    var inputs: Inputs
    /// Embeddings drawn independently of the inputs.
    var embeddings: Embeddings
    /// Feature maps `N×L×C` of the modalities, in order, with a row for each sample; none for a regularizer that changes none.
    var featureMaps: [Tensor] = []
    /// `N×K`.
    var logits: Tensor
    /// `N×ΣD`.
    var representation: Tensor
    /// The class of each sample.
    var labels: [Int]
    /// The source domain of each sample, 0 or 1.
    var domains: [Int]

    /// Normally distributed values; each modality has a mean and a spread of its own, so that no two
    /// are alike. Labels and domains alternate.
    ///
    /// - Parameters:
    ///   - scenario: the sizes, and what is missing.
    ///   - model: what the inputs have to fit.
    ///   - seed: of all values; equal seeds give equal batches.
    init(_ scenario: Scenario, model: LinearModel, hasFeatureMaps: Bool = false, seed: UInt64 = 41) {
        let random = RandomSource(seed: seed)
        func draw(_ name: String, _ shape: Shape, mean: Float = 0, deviation: Float = 1) -> Tensor {
            var stream = random.stream(name)
            return stream.normal(shape, mean: mean, deviation: deviation)
        }
        let samples = scenario.samples
        inputs = Inputs(
            Dictionary(uniqueKeysWithValues: scenario.widths.map { ($0.modality, draw("input.\($0.modality)", [samples, model.inputs])) }),
            presences: scenario.presences)
        embeddings = Embeddings(
            scenario.widths.enumerated().map { index, item in
                let (mean, deviation) = (0.2 - 0.1 * Float(index), 0.8 + 0.3 * Float(index))
                return (
                    item.modality,
                    Embedding(
                        pooled: draw("pooled.\(item.modality)", [samples, item.width], mean: mean, deviation: deviation),
                        tokens: scenario.tokens.map { draw("tokens.\(item.modality)", [samples, $0, item.width], mean: mean, deviation: deviation) },
                        presence: scenario.presence(of: index))
                )
            })
        if hasFeatureMaps {
            featureMaps = scenario.widths.enumerated().map { index, item in
                draw("map.\(item.modality)", [samples, scenario.tokens ?? 3, 4], mean: 0.2 - 0.1 * Float(index), deviation: 0.8 + 0.3 * Float(index))
            }
        }
        logits = draw("logits", [samples, scenario.classes])
        representation = draw("representation", [samples, scenario.widths.reduce(0) { $0 + $1.width }])
        labels = (0..<samples).map { $0 % scenario.classes }
        domains = (0..<samples).map { $0 / 2 % 2 }
    }

    /// What is to be learned.
    var targets: Targets { .classes(labels, of: logits.shape[1]) }

    /// The batch with its samples in other domains, 0 or 1.
    func with(domains: [Int]) -> SampleBatch {
        var batch = self
        batch.domains = domains
        return batch
    }

    /// The batch in another order: sample `order[i]` comes `i`-th. A sample may be left out or
    /// repeated.
    func gathering(_ order: [Int]) -> SampleBatch {
        var batch = self
        batch.inputs = inputs.gathering(rows: order)
        batch.embeddings = embeddings.gathering(rows: order)
        batch.featureMaps = featureMaps.map { $0.gathering(rows: order) }
        batch.logits = logits.gathering(rows: order)
        batch.representation = representation.gathering(rows: order)
        batch.labels = order.map { labels[$0] }
        batch.domains = order.map { domains[$0] }
        return batch
    }

    /// The batch with other numbers wherever nothing is present, and with `padding` more positions at
    /// the end of every sequence. No result may depend on either.
    func garbled(padding: Int = 0) -> SampleBatch {
        var batch = self
        var stream = RandomSource(seed: 43).stream("garbage")
        /// `N×T×D` with only the first places of each sample as they were.
        func garble(_ array: Tensor, keeping lengths: [Int], padding: Int) -> Tensor {
            let (places, width) = (array.shape[1], array.shape[2])
            let values = array.values
            let rows = lengths.enumerated().map { sample, length in
                let start = sample * places * width
                return values[start..<start + length * width] + (0..<(places + padding - length) * width).map { _ in 100 * stream.normal() }
            }
            return Tensor(rows.flatMap { $0 }, shape: [lengths.count, places + padding, width])
        }
        func garbleRows(_ rows: Tensor, _ presence: Presence) -> Tensor {
            let lengths = presence.replacing(lengths: nil).lengths(of: rows.shape[0], places: 1)
            return garble(rows.unsqueezed(axis: 1), keeping: lengths, padding: 0).reshaped(rows.shape)
        }
        batch.embeddings = embeddings.mapEmbeddings { _, embedding in
            let lengths = embedding.tokens.map(embedding.tokenLengths)
            return Embedding(
                pooled: garbleRows(embedding.pooled, embedding.presence),
                tokens: embedding.tokens.map { garble($0, keeping: lengths ?? [], padding: padding) },
                presence: padding > 0 ? embedding.presence.replacing(lengths: lengths) : embedding.presence)
        }
        batch.featureMaps = zip(featureMaps, embeddings).map { map, item in
            garble(map, keeping: item.embedding.tokenLengths(of: map), padding: item.embedding.tokens == nil ? 0 : padding)
        }
        for modality in inputs.modalities {
            batch.inputs[modality] = inputs[modality].map { garbleRows($0, inputs.presence(of: modality)) }
        }
        return batch
    }

    /// The arrays that gradients are asked of, with their names.
    var arrays: [(name: String, value: Tensor)] {
        var arrays: [(name: String, value: Tensor)] = []
        for (modality, embedding) in embeddings {
            arrays.append(("embedding of \(modality)", embedding.pooled))
            if let tokens = embedding.tokens { arrays.append(("tokens of \(modality)", tokens)) }
        }
        for (modality, map) in zip(embeddings.modalities, featureMaps) { arrays.append(("feature map of \(modality)", map)) }
        return arrays + [("logits", logits), ("representation", representation)]
    }

    /// The batch with other arrays, given in the order of ``arrays`` and in the same shapes.
    func replacing(_ arrays: [Tensor]) -> SampleBatch {
        var batch = self
        var remaining = arrays[...]
        func next(_ old: Tensor) -> Tensor { remaining.popFirst() ?? old }
        batch.embeddings = embeddings.mapEmbeddings { _, embedding in
            Embedding(pooled: next(embedding.pooled), tokens: embedding.tokens.map(next), presence: embedding.presence)
        }
        batch.featureMaps = featureMaps.map(next)
        batch.logits = next(logits)
        batch.representation = next(representation)
        return batch
    }

    /// The batch with each array replaced by a variable that gradients can be asked for.
    func tracked() -> SampleBatch { replacing(arrays.map { $0.value.tracked() }) }
}
