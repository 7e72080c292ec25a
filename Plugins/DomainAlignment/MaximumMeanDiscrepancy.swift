import Configuration
import Glibc
import Regularization
import Tensors

/// Maximum mean discrepancy: the source domains' embeddings get the same distribution, as far as
/// Gaussian kernels can tell.
///
///     k(x, y) = Σ_γ exp(−γ ‖x − y‖²)
///     d(a, b) = mean k(a, a') + mean k(b, b') − 2 mean k(a, b)        over all pairs of rows, each with itself included; never negative
///     penalty = Σ_m mean over pairs of domains of d(a, b)
///
/// It reads the encoders' own output `Z⁽ᵐ⁾`, `N×D`, before any change. With one domain in the batch the
/// penalty is 0. NaN gives NaN. Cost for each modality: `O(N²·(D + G))` for `G` kernels.
/// ``KernelDiscrepancy`` says how it is computed.
///
/// ```yaml
/// regularizers:
///   - mmd: {weight: 1, gammas: [0.1, 1, 10]}
/// ```
///
/// Source: Li et al., "Domain Generalization with Adversarial Feature Learning", CVPR 2018, in the form
/// of DomainBed: seven kernels, summed, weight 1, searched in 10^U(−1, 1).
public struct MaximumMeanDiscrepancy: RegularizerPlugin, AddsPenalty {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `γ` of each kernel.
        public var gammas = [0.001, 0.01, 0.1, 1, 10, 100, 1000]

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.numbers("gammas", \.gammas, in: 0...1e9, "factors of the squared distance, one for each kernel")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "mmd",
            summary: "gives the source domains' embeddings the same distribution, measured with Gaussian kernels",
            formula: "Σ_m mean_{a<b} [mean k(a,a') + mean k(b,b') − 2 mean k(a,b)],  k(x,y) = Σ_γ exp(−γ‖x−y‖²)",
            source: "Li et al., Domain Generalization with Adversarial Feature Learning, CVPR 2018; DomainBed",
            cost: "O(N²·(D + G)) for each modality, with G kernels",
            search: [.logarithmic("weight", 0.1...10)],
            notes: ["Logged: discrepancy of each modality.", "Widths are absolute: they suit embeddings whose distances are near 1."])
    }

    /// It compares source domains.
    public static var needs: [DataNeed] { [.severalDomains] }

    private let gammas: [Double]

    /// Keeps the kernels; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) { gammas = options.gammas }

    /// The mean discrepancy between domains, summed over modalities. Logs `discrepancy` of each.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty.sum(over: step.originalEmbeddings) { z, _ in
            let discrepancy = KernelDiscrepancy(of: z, step.rowsByDomain, gammas: gammas).value
            return Penalty(value: discrepancy, reports: [("discrepancy", discrepancy.item)])
        }
    }
}

/// The mean discrepancy over pairs of domains, as one operation with a gradient in closed form.
///
/// The mean over pairs is a weighted sum of all kernel values, `Σ_ij v_ij k_ij`, in which rows of
/// domains `a ≠ b` weigh `−1/(n_a n_b)` and rows of the same domain `(E − 1)/n_a²`, over the number of
/// pairs. The gradient in row `i` is `Σ_j 4 v_ij k'_ij (z_i − z_j)`. Double precision throughout: in
/// single precision the rounding of `‖x‖² + ‖y‖² − 2x·y` is no longer small beside the narrow kernels.
struct KernelDiscrepancy {
    /// A scalar that gradients may be asked of.
    let value: Tensor

    /// - Parameter z: `N×D`.
    init(of z: Tensor, _ domains: [DomainRows], gammas: [Double]) {
        guard domains.count >= 2 else {
            value = Tensor(0)
            return
        }
        let weights = Self.weights(domains, samples: z.shape[0])
        let rows = Matrix(z)
        let products = rows.multiplied(by: rows.transposed)
        var (sum, slopes) = (0.0, Matrix(rows: rows.rows, columns: rows.rows, repeating: 0))
        for i in 0..<rows.rows {
            for j in 0..<rows.rows {
                // The diagonal is 0 exactly. `max` hands on a NaN that stands first.
                let distance = i == j ? 0 * products[i, i] : max(products[i, i] + products[j, j] - 2 * products[i, j], 0)
                for gamma in gammas {
                    let kernel = exp(-gamma * distance)
                    sum += weights[i, j] * kernel
                    slopes[i, j] -= 4 * weights[i, j] * gamma * kernel
                }
            }
        }
        value = Tensor.custom(Tensor(Float(sum)), inputs: [z]) { upstream in
            var gradient = slopes.multiplied(by: rows).scaled(by: -1)
            for i in 0..<rows.rows {
                let total = (0..<rows.rows).reduce(0.0) { $0 + slopes[i, $1] }
                for d in 0..<rows.columns { gradient[i, d] += total * rows[i, d] }
            }
            return [gradient.scaled(by: Double(upstream.item)).tensor]
        }
    }

    /// `v`, `N×N` and symmetric.
    private static func weights(_ domains: [DomainRows], samples: Int) -> Matrix {
        var weights = Matrix(rows: samples, columns: samples, repeating: 0)
        let count = Double(domains.count)
        let pairs = count * (count - 1) / 2
        for (a, first) in domains.enumerated() {
            for (b, second) in domains.enumerated() {
                let share = (a == b ? count - 1 : -1) / (pairs * Double(first.rows.count * second.rows.count))
                for i in first.rows { for j in second.rows { weights[i, j] = share } }
            }
        }
        return weights
    }
}
