import Configuration
import Regularization
import Tensors

/// Spectral decoupling: keeps logits small, so that one easy feature does not starve the others of
/// gradient.
///
///     penalty = mean over all N·K logits of f²        the paper's λ/2 ‖f‖², the mean over samples, is λ·K/2 times this
///
/// NaN gives NaN. Cost: `O(N·K)`.
///
/// ```yaml
/// regularizers:
///   - spectral-decoupling: {weight: 0.1}
/// ```
///
/// Source: Pezeshki et al., "Gradient Starvation: A Learning Proclivity in Neural Networks", NeurIPS
/// 2021, Eq. 25, in the form of DomainBed: weight 0.1, searched in 10^U(−5, −1).
public struct SpectralDecoupling: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "spectral-decoupling",
            summary: "keeps the logits small",
            formula: "mean_{ik} f_ik²",
            source: "Pezeshki et al., Gradient Starvation, NeurIPS 2021; DomainBed",
            cost: "O(N·K), with K classes",
            search: [.logarithmic("weight", 1e-5...0.1)])
    }

    /// DomainBed's weight.
    public static var defaultWeight: Double { 0.1 }

    /// It reads the logits, and no embeddings.
    public static var places: [Place] { [.embedding] }

    /// There is nothing to set.
    public init(options: NoOptions, context: RegularizerContext) {}

    /// The mean squared logit; nil for an empty batch.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        step.batchSize == 0 ? nil : Penalty(value: step.prediction.logits.squared().mean())
    }
}
