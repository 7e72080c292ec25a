import Configuration
import Networks
import Regularization
import Tensors

/// Modality dropout: in training, sets one modality's embedding of a random sample to 0, so that the
/// fusion learns to do without it.
///
///     with probability r, for each sample by itself:  z⁽ᵐ⁾_n = 0  for one modality m        all others stay as they are
///
/// The modality is drawn evenly among those that the term sees and the sample has, or is the one of the
/// option `modality`. At most one is dropped, and none of a sample that has no other of them, so a
/// sample never loses all. Tokens (`N×T×D`) are dropped together with the pooled vector (`N×D`).
/// Nothing is rescaled.
///
/// To the fusion and to later regularizers the sample lacks the modality: attention does not read its
/// tokens. With a weight below 1 the embedding becomes smaller and is still there.
///
/// Cost: `O(N·D)`. The gradient of a dropped embedding is 0.
///
/// ```yaml
/// regularizers:
///   - modality-dropout: {rate: 0.2}
/// ```
///
/// Source: Neverova et al., "ModDrop: Adaptive Multi-Modal Gesture Recognition", TPAMI 2016.
public struct ModalityDropout: RegularizerPlugin, ChangesEmbeddings, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `r`, the probability that a sample loses a modality.
        public var rate = 0.2

        /// The modality to be dropped; nil for any.
        public var modality: String?

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("rate", \.rate, in: 0...1, unit: "probability", "how often a sample loses a modality"),
                .text("modality", \.modality, "the modality that is dropped; by default each is equally likely"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "modality-dropout",
            summary: "sets one modality's embedding of random samples to 0 in training",
            formula: "z_m = 0 for one m with probability r, sample by sample",
            source: "Neverova et al., ModDrop, TPAMI 2016",
            cost: "O(N·D)",
            unsearched: "none is known",
            notes: ["At most one modality of a sample is dropped, with its tokens.", "Embeddings are not rescaled."])
    }

    /// Where one is dropped another has to remain.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let rate: Double
    /// The modalities that can be dropped.
    private let candidates: [Modality]

    /// - Throws: `OptionFault` where there is only one modality, or `modality` is none of them.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        let names = context.modalities.map(\.name)
        try context.requireSeveralModalities()
        if let modality = options.modality, !names.contains(modality) {
            throw OptionFault(
                option: "modality", expected: "one of \(names.joined(separator: ", "))", found: modality,
                suggestion: nearestName(to: modality, among: names))
        }
        rate = options.rate
        candidates = options.modality.map { [Modality($0)] } ?? context.modalities
    }

    /// The embeddings without the dropped modalities in training; the given ones in evaluation.
    public func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
        guard forward.isTraining, rate > 0 else { return embeddings }
        let dropped = dropped(embeddings, from: forward.stream(""))
        return embeddings.mapEmbeddings { modality, embedding in
            guard dropped.contains(modality) else { return embedding }
            let kept = Presence(samples: dropped.map { $0 != modality })
            return Embedding(pooled: embedding.pooled, tokens: embedding.tokens, presence: embedding.presence.intersection(kept)).cleared()
        }
    }

    /// For each sample the modality that it loses, or nil.
    private func dropped(_ embeddings: Embeddings, from stream: RandomStream) -> [Modality?] {
        var stream = stream
        return (0..<embeddings.batchSize).map { sample in
            let (chance, choice) = (stream.uniform(), stream.uniform())
            let there = embeddings.filter { $0.embedding.presence.contains(sample) }.map(\.modality)
            let candidates = candidates.filter(there.contains)
            guard Double(chance) < rate, there.count >= 2, !candidates.isEmpty else { return nil }
            return candidates[min(Int(choice * Float(candidates.count)), candidates.count - 1)]
        }
    }
}
