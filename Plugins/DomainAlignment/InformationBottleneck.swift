import Configuration
import Regularization
import Tensors

/// Information bottleneck: embeddings vary little within each source domain, so that they hold little
/// beside what the classes need.
///
///     penalty = Σ_m mean over domains of mean_d variance(Z_e)_d        with N_e − 1
///     pooled:  Σ_m mean_d variance(Z)_d over the whole batch, which also counts the distance between the domains' means
///
/// It reads the encoders' own output `Z⁽ᵐ⁾`, `N×D`, before any change. Every domain counts once,
/// whatever its number of rows. One of a single row has no variance and is left out, which is our
/// convention; where none is left, the penalty is 0. NaN gives NaN. Cost: `O(N·D)`.
///
/// ```yaml
/// regularizers:
///   - information-bottleneck: {weight: 100, after: 500 steps}
/// ```
///
/// Source: Ahuja et al., "Invariance Principle Meets Information Bottleneck for Out-of-Distribution
/// Generalization", NeurIPS 2021 (IB-ERM), as in DomainBed: weight 100 (searched in 10^U(−1, 5)) from
/// step 500 on (`after: 500 steps`).
public struct InformationBottleneck: RegularizerPlugin, AddsPenalty {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Whether the variance is that of the whole batch.
        public var isPooled = false

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.flag("pooled", \.isPooled, "whether the variance is taken over the whole batch instead of within each domain")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "information-bottleneck",
            summary: "keeps the variance of embeddings within each source domain small",
            formula: "Σ_m mean_e mean_d var(Z_e)_d",
            source: "Ahuja et al., Invariance Principle Meets Information Bottleneck, NeurIPS 2021; DomainBed",
            cost: "O(N·D) for each modality",
            search: [.logarithmic("weight", 0.1...1e5)],
            notes: ["Logged: variance of each modality.", "DomainBed begins at step 500: `after: 500 steps`."])
    }

    /// DomainBed's weight.
    public static var defaultWeight: Double { 100 }

    /// A variance needs two samples.
    public static var minimumBatch: Int { 2 }

    private let isPooled: Bool

    /// Keeps the form; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) { isPooled = options.isPooled }

    /// The mean variance within domains, or of the batch, summed over modalities. Logs `variance` of
    /// each.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        let groups = isPooled ? [Array(0..<step.batchSize)] : step.rowsByDomain.map(\.rows)
        return Penalty.sum(over: step.originalEmbeddings) { z, _ in
            let variance = Self.variance(of: z, groups)
            return Penalty(value: variance, reports: [("variance", variance.item)])
        }
    }

    /// The mean over groups of rows of their mean variance, a scalar.
    static func variance(of z: Tensor, _ groups: [[Int]]) -> Tensor {
        let variances = groups.filter { $0.count >= 2 }.map { z.gathering(rows: $0).variance(axis: 0).mean() }
        return variances.isEmpty ? Tensor(0) : Tensor.stacked(variances).mean()
    }
}
