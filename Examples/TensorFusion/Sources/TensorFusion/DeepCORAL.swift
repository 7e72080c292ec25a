import Regulus

/// Correlation alignment: the covariances of any two source domains are pulled together, for each modality.
///
///     penalty = mean_m mean_{a<b} ‖C_a⁽ᵐ⁾ − C_b⁽ᵐ⁾‖²_F / (4 D²)       C_a: covariance of the embeddings of domain a, N_a − 1 below
///
/// It reads the encoders' own output. Domains with fewer than two samples in the batch are left out; with fewer than two domains left
/// there is no penalty. Cost: `O(N·D²)`. NaN gives NaN.
///
/// Source: Sun and Saenko, "Deep CORAL", ECCV workshops 2016, Eq. 1, between source domains instead of source and target.
public struct DeepCORAL: RegularizerPlugin, AddsPenalty {
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "deep-coral", summary: "aligns the covariances of the source domains",
            formula: "mean_m mean_{a<b} ‖C_a − C_b‖²_F / (4 D²)", source: "Sun and Saenko, Deep CORAL, ECCV workshops 2016")
    }

    public static var minimumBatch: Int { 4 }

    public init(options: NoOptions, context: RegularizerContext) {}

    public func penalty(_ step: TrainingStep) -> Penalty? {
        let rows = Dictionary(grouping: step.domains.indices) { step.domains[$0] }.filter { $0.value.count >= 2 }
        let domains = rows.keys.sorted().compactMap { rows[$0] }
        guard domains.count >= 2 else { return nil }
        var distances: [Tensor] = []
        for (_, embedding) in step.originalEmbeddings {
            let covariances = domains.map { covariance(embedding.pooled.gathering(rows: $0)) }
            for (index, first) in covariances.enumerated() {
                for second in covariances[(index + 1)...] {
                    distances.append((first - second).squared().sum() / Float(4 * embedding.width * embedding.width))
                }
            }
        }
        return Penalty(value: Tensor.stacked(distances, axis: 0).mean())
    }

    private func covariance(_ z: Tensor) -> Tensor {
        let centered = z - z.mean(axis: 0, keepingAxis: true)
        return centered.matmul(centered, transposingLeft: true) / Float(z.shape[0] - 1)
    }
}
