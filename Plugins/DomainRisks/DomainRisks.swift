import Regularization
import Tensors

/// The mean cross-entropy of each source domain in a batch, against the samples' own classes.
struct DomainRisks {
    /// The domains, in ascending order of their numbers.
    let domains: [DomainRows]

    /// One mean for each, `E`.
    let losses: Tensor

    /// The mean over the whole batch, a scalar.
    let whole: Tensor

    /// - Returns: nil for an empty batch.
    init?(_ step: TrainingStep) {
        domains = step.rowsByDomain
        guard !domains.isEmpty else { return nil }
        let samples = -step.prediction.logits.logSoftmax().picking(step.labels)
        losses = Tensor.stacked(domains.map { samples.gathering(rows: $0.rows).mean() })
        whole = samples.mean()
    }
}
