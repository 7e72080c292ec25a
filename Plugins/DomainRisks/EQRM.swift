import Configuration
import Glibc
import Regularization
import Tensors

/// Empirical quantile risk minimization: what is minimized is a high quantile of the loss over domains,
/// seen as samples of a distribution.
///
///     F(x) = (1/E) Σ_e Φ((x − L_e)/h),  h = 1.06 σ(L) E^(−1/5)        L_e: mean cross-entropy of domain e; Φ the normal distribution
///     penalty = F⁻¹(α) − CE                                             so that loss + penalty = F⁻¹(α)
///     with `log-tail` t, the logarithm of 1 − α where α is too near 1:  F⁻¹(α) replaced by mean_e (L_e + h √(−2t))
///
/// `σ` is the deviation with `E − 1`, and the gradient goes through `h` as well: it is that of the
/// quantile by the implicit function theorem. The released program freezes the last step of a bisection
/// instead, so that only the smallest and the largest loss get a gradient. Domains of equal loss, or
/// one domain, have `h = 0`; the quantile is then their mean loss, which is our convention. NaN gives
/// NaN. Cost: `O(N·K)`.
///
/// ```yaml
/// regularizers:
///   - eqrm: {quantile: 0.75, after: 2500 steps}
/// ```
///
/// Source: Eastwood et al., "Probable Domain Generalization via Quantile Risk Minimization", NeurIPS
/// 2022, as in DomainBed: α = 0.75 (searched in U(0.5, 0.99)) after 2500 steps of plain training
/// (`after: 2500 steps`).
public struct EQRM: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `α`.
        public var quantile = 0.75

        /// `ln(1 − α)`, for an `α` that a number cannot hold.
        public var logTail: Double?

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("quantile", \.quantile, in: 0.001...0.999, "the quantile of the loss over domains, α"),
                .number("log-tail", \.logTail, in: -1e6...0, "ln(1 − α), given instead of quantile if the quantile is extreme, such as −100"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "eqrm",
            summary: "minimizes a quantile of the loss over domains in place of its mean",
            formula: "F⁻¹(α) − CE,  F(x) = (1/E) Σ_e Φ((x − L_e)/h),  h = 1.06 σ(L) E^(−1/5)",
            source: "Eastwood et al., Probable Domain Generalization via Quantile Risk Minimization, NeurIPS 2022; DomainBed",
            cost: "O(N·K), with K classes",
            search: [.linear("quantile", 0.5...0.99)],
            notes: ["Logged: quantile, and h as bandwidth.", "With weight 1 the loss is the quantile alone.", "DomainBed begins at `after: 2500 steps`."])
    }

    /// A quantile over domains needs several of them.
    public static var needs: [DataNeed] { [.severalDomains] }

    /// It reads the prediction, and no embeddings.
    public static var places: [Place] { [.embedding] }

    /// The losses are cross-entropies.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// It compares what belongs to one sample alone.
    public static var traits: [TermTrait] { [.judgesPredictions] }

    private let options: Options

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) { self.options = options }

    /// The quantile minus the base loss; nil for an empty batch. Logs `quantile` and `bandwidth`.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard let risks = DomainRisks(step) else { return nil }
        let quantile = SmoothedQuantile(of: risks.losses)
        let value = options.logTail.map { quantile.tail(log: $0) } ?? quantile(options.quantile)
        return Penalty(value: value - risks.whole, reports: [("quantile", value.item), ("bandwidth", Float(quantile.bandwidth))])
    }
}

/// Quantiles of a few losses, their distribution smoothed by a normal kernel; in double precision.
struct SmoothedQuantile {
    /// `h`, 0 for equal losses or a single one.
    let bandwidth: Double

    private let losses: Tensor
    private let values: [Double]
    /// `dh/dL_e`.
    private let bandwidthSlopes: [Double]

    /// - Parameter losses: `E`, at least one.
    init(of losses: Tensor) {
        self.losses = losses
        values = losses.values.map(Double.init)
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let factor = 1.06 * pow(count, -0.2)
        let deviation = values.count < 2 ? 0 : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
        bandwidth = factor * deviation
        bandwidthSlopes = values.map { deviation == 0 ? 0 : factor * ($0 - mean) / ((count - 1) * deviation) }
    }

    /// `F⁻¹(alpha)`, a scalar with its exact derivative.
    func callAsFunction(_ alpha: Double) -> Tensor {
        guard bandwidth > 0 else { return losses.mean() }
        let x = inverse(alpha)
        // dF/dx dx + Σ dF/dL_e dL_e = 0, each loss moving the bandwidth as well.
        let densities = values.map { exp(-0.5 * pow((x - $0) / bandwidth, 2)) }
        let sum = densities.reduce(0, +)
        let shares = densities.map { $0 / sum }
        let pull = zip(shares, values).reduce(0) { $0 + $1.0 * (x - $1.1) / bandwidth }
        return recorded(x, slopes: zip(shares, bandwidthSlopes).map { $0 + pull * $1 })
    }

    /// `mean_e (L_e + h √(−2 log))`: the quantile where `1 − α` is `exp(log)`, far out in the tail.
    func tail(log: Double) -> Tensor {
        let length = (-2 * log).squareRoot()
        let mean = values.reduce(0, +) / Double(values.count)
        return recorded(mean + bandwidth * length, slopes: bandwidthSlopes.map { 1 / Double(values.count) + length * $0 })
    }

    /// The value with its derivative in each loss.
    private func recorded(_ value: Double, slopes: [Double]) -> Tensor {
        Tensor.custom(Tensor(Float(value)), inputs: [losses]) { [shape = losses.shape] upstream in
            [Tensor(slopes.map { Float($0) * upstream.item }, shape: shape)]
        }
    }

    /// Bisection between bounds that hold the quantile of every single normal distribution.
    private func inverse(_ alpha: Double) -> Double {
        let (smallest, largest) = (values.min() ?? 0, values.max() ?? 0)
        // Φ⁻¹ of every α that the options admit lies within ±4.
        var (low, high) = (smallest - 4 * bandwidth, largest + 4 * bandwidth)
        for _ in 0..<200 where low < high {
            let middle = (low + high) / 2
            if middle == low || middle == high { break }
            let share = values.reduce(0) { $0 + 0.5 * erfc(-(middle - $1) / (bandwidth * 2.0.squareRoot())) } / Double(values.count)
            if share < alpha { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
