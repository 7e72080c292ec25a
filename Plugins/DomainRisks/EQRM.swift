import Configuration
import Glibc
import Regularization
import Tensors

/// Empirical quantile risk minimization: what is minimized is a high quantile of the loss over domains, seen as samples of a distribution.
///
///     F(x) = (1/E) Σ_e Φ((x − L_e)/h),  h = 1.06 σ(L) E^(−1/5)        L_e: mean cross-entropy of domain e; Φ the normal distribution
///     penalty = F⁻¹(α) − CE                                             so that loss + penalty = F⁻¹(α)
///     with `log-tail` t, the logarithm of 1 − α where α is too near 1:  F⁻¹(α) replaced by mean_e (L_e + h √(−2t))
///
/// `σ` is the deviation with `E − 1`, and the gradient goes through `h` as well: it is that of the quantile by the implicit function theorem.
/// The released program freezes the last step of a bisection instead, so that only the smallest and the largest loss get a gradient. Domains
/// of equal loss, or one domain, have `h = 0`; the quantile is then their mean loss, which is our convention. NaN gives NaN. Cost: `O(N·K)`.
///
/// Source: Eastwood et al., "Probable Domain Generalization via Quantile Risk Minimization", NeurIPS 2022, as in DomainBed: α = 0.75 (searched in
/// U(0.5, 0.99)) after 2500 steps of plain training (`after: 2500 steps`).
public struct EQRM: RegularizerPlugin, AddsPenalty, ReadsPresence {
    public struct Options: ComponentOptions {
        /// `α`.
        public var quantile = 0.75

        /// `ln(1 − α)`, for an `α` that a number cannot hold.
        public var logTail: Double?

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("quantile", \.quantile, in: 0.001...0.999, "the quantile of the loss over domains, α"),
                .number("log-tail", \.logTail, in: -1e6...0, "ln(1 − α) in place of quantile, for extreme ones such as −100"),
            ]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "eqrm",
            summary: "minimizes a quantile of the loss over domains in place of its mean",
            formula: "F⁻¹(α) − CE,  F(x) = (1/E) Σ_e Φ((x − L_e)/h),  h = 1.06 σ(L) E^(−1/5)",
            source: "Eastwood et al., Probable Domain Generalization via Quantile Risk Minimization, NeurIPS 2022; DomainBed",
            search: [.linear("quantile", 0.5...0.99)],
            notes: ["Logged: quantile, and h as bandwidth.", "With weight 1 the loss is the quantile alone.", "DomainBed begins at `after: 2500 steps`."])
    }

    public static var needs: [DataNeed] { [.severalDomains] }
    public static var places: [Place] { [.embedding] }
    public static var tasks: [Targets.Kind] { [.classes] }

    private let options: Options

    public init(options: Options, context: RegularizerContext) { self.options = options }

    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard let risks = DomainRisks(step) else { return nil }
        let quantile = SmoothedQuantile(of: risks.losses)
        let value = options.logTail.map { quantile.tail(log: $0) } ?? quantile(options.quantile)
        return Penalty(value: value - risks.whole, reports: [("quantile", value.item), ("bandwidth", Float(quantile.bandwidth))])
    }
}
