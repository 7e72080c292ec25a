import Configuration
import Regularization
import Tensors

/// Maximum mean discrepancy: the source domains' embeddings get the same distribution, as far as Gaussian kernels can tell.
///
///     k(x, y) = Σ_γ exp(−γ ‖x − y‖²)
///     d(a, b) = mean k(a, a') + mean k(b, b') − 2 mean k(a, b)        over all pairs of rows, each with itself included; never negative
///     penalty = Σ_m mean over pairs of domains of d(a, b)
///
/// It reads the encoders' own output `Z⁽ᵐ⁾`, `N×D`, before any change. With one domain in the batch the penalty is 0. NaN gives NaN. Cost for
/// each modality: `O(N²·(D + G))` for `G` kernels. ``KernelDiscrepancy`` says how it is computed.
///
/// Source: Li et al., "Domain Generalization with Adversarial Feature Learning", CVPR 2018, in the form of DomainBed: seven kernels, summed,
/// weight 1, searched in 10^U(−1, 1).
public struct MaximumMeanDiscrepancy: RegularizerPlugin, AddsPenalty {
    public struct Options: ComponentOptions {
        /// `γ` of each kernel.
        public var gammas = [0.001, 0.01, 0.1, 1, 10, 100, 1000]

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.numbers("gammas", \.gammas, in: 0...1e9, "factors of the squared distance, one for each kernel")]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "mmd",
            summary: "gives the source domains' embeddings the same distribution, measured with Gaussian kernels",
            formula: "Σ_m mean_{a<b} [mean k(a,a') + mean k(b,b') − 2 mean k(a,b)],  k(x,y) = Σ_γ exp(−γ‖x−y‖²)",
            source: "Li et al., Domain Generalization with Adversarial Feature Learning, CVPR 2018; DomainBed",
            search: [.logarithmic("weight", 0.1...10)],
            notes: ["Logged: discrepancy of each modality.", "Widths are absolute: they suit embeddings whose distances are near 1."])
    }

    public static var needs: [DataNeed] { [.severalDomains] }

    private let gammas: [Double]

    public init(options: Options, context: RegularizerContext) { gammas = options.gammas }

    public func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty.sum(over: step.originalEmbeddings) { z, _ in
            let discrepancy = KernelDiscrepancy(of: z, step.rowsByDomain, gammas: gammas).value
            return Penalty(value: discrepancy, reports: [("discrepancy", discrepancy.item)])
        }
    }
}
