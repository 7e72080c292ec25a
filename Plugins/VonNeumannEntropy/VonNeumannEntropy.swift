import Configuration
import Regularization
import Tensors

/// Von Neumann entropy of each modality's embeddings, to be raised: it isotropizes the spectrum of the autocorrelation.
///
///     ρ       = ẐᵀẐ/N,  the rows of Ẑ being those of Z divided by their length       trace(ρ) = 1
///     S       = −Σ_i λ_i log λ_i,  λ_i the eigenvalues of ρ                          0 ≤ S ≤ log min(N, D)
///     penalty = −Σ_m S⁽ᵐ⁾
///
/// `N` is the number of samples that have the modality.
///
/// It reads the encoders' own output `Z⁽ᵐ⁾`, `N×D`, before any transform; nothing is centered. ``SpectralEntropy`` says how it is
/// computed and what happens for rows of 0 and NaN. Cost for each modality: `O(S·N·D + S³)` with `S = min(N, D)`.
///
/// Source: Kim et al., "VNE: An Effective Method for Improving Deep Representation by Manipulating Eigenvalue Distribution", CVPR 2023.
public struct VonNeumannEntropy: RegularizerPlugin, AddsPenalty, ReadsCovariance, ReadsPresence {
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "von-neumann-entropy",
            summary: "raises the von Neumann entropy of each modality's embeddings",
            formula: "Σ_m Σ_i λ_i log λ_i,  λ the eigenvalues of ẐᵀẐ/N, rows of Ẑ of length 1",
            source: "Kim et al., VNE, CVPR 2023",
            notes: ["Logged: entropy of each modality, in nats. It is at most log min(N, D)."])
    }

    public static var minimumBatch: Int { 2 }

    public init() {}

    public init(options: NoOptions, context: RegularizerContext) {}

    public func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty.sum(over: step.originalEmbeddings) { z, _ in
            guard z.shape[0] >= 1 else { return nil }
            let entropy = SpectralEntropy(of: z).value
            return Penalty(value: -entropy, reports: [("entropy", entropy.item)])
        }
    }

    public func covarianceSamples(batchSize: Int) -> Int { batchSize }
}
