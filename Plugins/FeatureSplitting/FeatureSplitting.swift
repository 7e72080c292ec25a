import Configuration
import Regularization
import Tensors

/// Feature splitting: pushes the halves of each embedding apart, so that one can hold what modalities
/// share and the other what is specific to each.
///
///     penalty = −mean_m mean_{n,d} (shared⁽ᵐ⁾ − specific⁽ᵐ⁾)²       shared: the first half of the entries, specific: the second
///
/// It reads the encoders' own output, `N×D_m`, before any transform. Of an odd width the last entry is
/// left out. Means are over the samples that have a modality, and over the modalities that have such
/// samples.
///
/// The distance has no upper bound, so the penalty has no lower one: keep its weight small. Cost:
/// `O(N·D)`. An empty batch has no penalty. NaN gives NaN.
///
/// ```yaml
/// regularizers:
///   - feature-splitting: {weight: 0.7}
/// ```
///
/// Source: Dong et al., "SimMMDG", NeurIPS 2023, as released (mean over the entries, weight 0.7).
public struct FeatureSplitting: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "feature-splitting",
            summary: "pushes the shared and the specific half of each embedding apart",
            formula: "−mean_m mean_{n,d} (shared_m − specific_m)²",
            source: "Dong et al., SimMMDG, NeurIPS 2023",
            cost: "O(N·D) for each modality",
            search: [.linear("weight", 0...1, step: 0.1, of: .mmdgBench)],
            notes: [
                "The first half of the entries is the shared one.", "The weight is the released program's, 0.7 by default.",
                "Logged: distance, the mean squared difference of each modality.",
            ])
    }

    /// The released program's weight.
    public static var defaultWeight: Double { 0.7 }

    /// Embeddings and projections, which can be split in two.
    public static var places: [Place] { [.embedding, .projection] }

    /// A regularizer for direct use, as in tests.
    public init() {}

    /// - Throws: `OptionFault` where an embedding of width 1 has no halves.
    public init(options: NoOptions, context: RegularizerContext) throws(OptionFault) {
        if let modality = context.modalities.first(where: { context.widths[$0] == 1 }) {
            throw OptionFault(option: nil, expected: "embeddings of at least two entries", found: "\(modality) of width 1")
        }
    }

    /// The negative mean distance between the halves; nil for an empty batch. Logs `distance` of each
    /// modality.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        let embeddings = step.originalEmbeddings
        guard embeddings.batchSize >= 1 else { return nil }
        let distances = Penalty.sum(over: embeddings) { z, _ in
            let half = z.shape[1] / 2
            let distance = (z.slice(axis: 1, 0..<half) - z.slice(axis: 1, half..<2 * half)).squared().mean()
            return Penalty(value: distance, reports: [("distance", distance.item)])
        }
        let measured = embeddings.count { !$0.embedding.rows.isEmpty }
        return distances.map { $0 * (-1 / Float(measured)) }
    }
}
