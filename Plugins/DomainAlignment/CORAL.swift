import Configuration
import Regularization
import Tensors

/// Correlation alignment: the source domains' embeddings get the same means and covariances.
///
///     d(a, b) = mean_d (μ_a − μ_b)² + mean_{dd'} (C_a − C_b)²        μ_e, C_e: mean and covariance (N_e − 1) of domain e's rows
///     deep:  d(a, b) = ‖C_a − C_b‖²_F / (4 D²)
///     penalty = Σ_m mean over pairs of domains of d(a, b)
///
/// It reads the encoders' own output `Z⁽ᵐ⁾`, `N×D`, before any change. Pairs are those of the domains
/// in the batch. A domain of one row has no covariance and is left out, which is our convention; where
/// fewer than two are left, the penalty is 0. NaN gives NaN. Cost for each modality: `O(N·D² + E²·D²)`.
///
/// ```yaml
/// regularizers:
///   - coral: {weight: 1}
/// ```
///
/// Source: Sun and Saenko, "Deep CORAL: Correlation Alignment for Deep Domain Adaptation", ECCV
/// Workshops 2016 (`deep`); DomainBed (Gulrajani and Lopez-Paz, ICLR 2021) adds the means, and has the
/// weight 1, searched in 10^U(−1, 1).
public struct CORAL: RegularizerPlugin, AddsPenalty, ReadsCovariance {
    /// What is compared.
    public enum Form: String, CaseIterable, Sendable {
        /// Means and covariances, as in DomainBed.
        case moments
        /// Covariances alone, as in the paper.
        case deep
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// What is compared.
        public var form = Form.moments

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.choice("form", \.form, "means and covariances (DomainBed), or covariances alone with the paper's factor")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "coral",
            summary: "gives the source domains' embeddings the same means and covariances",
            formula: "Σ_m mean_{a<b} [mean_d (μ_a − μ_b)² + mean_{dd'} (C_a − C_b)²];  deep: ‖C_a − C_b‖²_F / 4D²",
            source: "Sun and Saenko, Deep CORAL, ECCV Workshops 2016; Gulrajani and Lopez-Paz, DomainBed, ICLR 2021",
            cost: "O(N·D² + E²·D²) for each modality, of E source domains",
            search: [.logarithmic("weight", 0.1...10)],
            notes: ["Logged: distance of each modality.", "A domain with a single row in the batch is left out."])
    }

    /// It compares source domains.
    public static var needs: [DataNeed] { [.severalDomains] }

    /// A covariance needs two samples.
    public static var minimumBatch: Int { 2 }

    private let form: Form

    /// Keeps the form; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) { form = options.form }

    /// The mean distance between domains, summed over modalities. Logs `distance` of each.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty.sum(over: step.originalEmbeddings) { z, _ in
            let distance = Self.distance(of: z, step.rowsByDomain, form: form)
            return Penalty(value: distance, reports: [("distance", distance.item)])
        }
    }

    /// The mean over pairs of domains, a scalar.
    static func distance(of z: Tensor, _ domains: [DomainRows], form: Form) -> Tensor {
        let moments = domains.filter { $0.rows.count >= 2 }.map { domain in
            let rows = z.gathering(rows: domain.rows)
            let mean = rows.mean(axis: 0, keepingAxis: true)
            let centered = rows - mean
            return (mean: mean, covariance: centered.matmul(centered, transposingLeft: true) / Float(domain.rows.count - 1))
        }
        var pairs: [Tensor] = []
        for (index, a) in moments.enumerated() {
            for b in moments[..<index] {
                let covariances = (a.covariance - b.covariance).squared().mean()
                pairs.append(form == .deep ? covariances / 4 : (a.mean - b.mean).squared().mean() + covariances)
            }
        }
        return pairs.isEmpty ? Tensor(0) : Tensor.stacked(pairs).mean()
    }

    /// The batch; each domain has a part of it.
    public func covarianceSamples(batchSize: Int) -> Int { batchSize }
}
