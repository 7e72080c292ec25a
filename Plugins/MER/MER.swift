import Configuration
import Regularization
import Tensors

/// Modality-entropy regularization: keeps the embeddings of each encoder spread out and decorrelated,
/// so that no encoder gives up features that the fused prediction does not ask for.
///
///     penalty = Σ_m (α_marg L_marg(Z⁽ᵐ⁾) + α_spec L_spec(Z⁽ᵐ⁾))                  λ is the term's weight, 3 in the paper
///
/// `N` is the number of samples that have the modality.
///
/// It reads the encoders' own output `Z⁽ᵐ⁾`, `N×D`, before any transform; with `at: projection` the
/// projected one. ``ModalityEntropy`` has the formulas and says what happens for one sample, constant
/// columns and NaN.
///
/// Cost for each modality: `O(S·N·D + S³)` with `S = min(N, D)`, and no `D×D` matrix where `N < D`.
///
/// ```yaml
/// regularizers:
///   - mer: {weight: 3}
/// ```
///
/// Source: Yarici and AlRegib, "MER-DG: Modality-Entropy Regularization for Multimodal Domain
/// Generalization", ICML 2026, Eq. 4–8.
public struct MER: RegularizerPlugin, AddsPenalty, ReadsCovariance, ReadsPresence {
    /// Which definition of the spectral term.
    public enum Estimator: String, CaseIterable, Sendable {
        /// The paper's: columns divided by their unbiased standard deviation, so that `C` has a unit
        /// diagonal.
        case paper
        /// The released program's: columns divided by their population standard deviation plus ε, `C`
        /// with `N − 1`.
        case reference
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Which definition of the spectral term is used.
        public var estimator = Estimator.paper

        /// `α_marg`, weight of the marginal term.
        public var alphaMarginal = 1.0

        /// `α_spec`, weight of the spectral term.
        public var alphaSpectral = 1.0

        /// `γ`, the standard deviation that the marginal term asks for.
        public var gamma = 1.0

        /// `ε`, added to variances and to the diagonal of the correlation matrix.
        public var epsilon = 1e-4

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("estimator", \.estimator, "the paper's spectral term, or that of the released program"),
                .number("alpha-marginal", \.alphaMarginal, in: 0..., "weight of the marginal term"),
                .number("alpha-spectral", \.alphaSpectral, in: 0..., "weight of the spectral term"),
                .number("gamma", \.gamma, in: 0..., unit: "standard deviation", "the spread that the marginal term asks for"),
                .number(
                    "epsilon", \.epsilon, in: 1e-12...1, unit: "variance",
                    "added to the variances and to the diagonal of the correlation matrix"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "mer",
            summary: "modality-entropy regularization: spreads and decorrelates the embeddings of each encoder",
            formula: "Σ_m [α_marg · mean_d max(0, γ − σ_d) − α_spec/D · log det(ẐᵀẐ/(N−1) + εI)]",
            source: "Yarici and AlRegib, MER-DG, ICML 2026, Eq. 4–8",
            cost: "O(S·N·D + S³) for each modality, with S = min(N, D)",
            unsearched: "its source shows how sensitive the weight is, and prints no range",
            notes: [
                "Logged for each modality: marginal, spectral, gap and regime.",
                "regime is 1 where N > D and 0 where N ≤ D. For N ≤ D at least D − N + 1 eigenvalues are always ε, and the "
                    + "spectral term can only move in a narrow band: N = 48, D = 2304 lies in [8.943, 9.203].",
                "gap is the place of the spectral term in its attainable band: 0 is a flat spectrum, 1 a single direction.",
                "The weight is the paper's λ, 3 by default.",
            ])
    }

    /// A standard deviation needs two samples.
    public static var minimumBatch: Int { 2 }

    /// The paper's λ.
    public static var defaultWeight: Double { 3 }

    private let options: Options

    /// A regularizer for direct use, as in tests.
    public init(options: Options = Options()) {
        self.options = options
    }

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) {
        self.init(options: options)
    }

    /// The sum over modalities of both terms; nil where no sample has a modality.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty.sum(over: step.originalEmbeddings) { z, _ in
            let entropy = ModalityEntropy(of: z, options: options)
            return Penalty(value: entropy.loss, reports: reports(of: entropy, shape: z.shape))
        }
    }

    /// The correlation matrix is taken over the batch.
    public func covarianceSamples(batchSize: Int) -> Int { batchSize }

    /// The numbers for the log: both terms, and where the spectral one can lie.
    private func reports(of entropy: ModalityEntropy, shape: Shape) -> [Penalty.Report] {
        guard shape[0] >= 2 else { return [] }
        let band = SpectralBand(samples: shape[0], features: shape[1], epsilon: options.epsilon, estimator: options.estimator)
        return [
            ("marginal", Float(entropy.marginal)),
            ("spectral", Float(entropy.spectral)),
            ("gap", Float(band.normalizedGap(of: entropy.spectral))),
            ("regime", shape[0] > shape[1] ? 1 : 0),
        ]
    }
}
