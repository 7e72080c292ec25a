import Configuration
import Regularization
import Tensors

/// Variance risk extrapolation: all source domains are learned equally well.
///
///     penalty = mean_e (L_e − mean_e L_e)²        L_e: mean cross-entropy of domain e's rows in the batch
///
/// Every domain of the batch counts once. With one domain the penalty is 0. NaN gives NaN. Cost: `O(N·K)`.
///
/// Source: Krueger et al., "Out-of-Distribution Generalization via Risk Extrapolation (REx)", ICML 2021, as in DomainBed: weight 10 (searched in
/// 10^U(−1, 5)) from step 500 on, 1 before it.
public struct VREx: RegularizerPlugin, AddsPenalty, ReadsPresence {
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "v-rex",
            summary: "makes the losses of the source domains equal",
            formula: "mean_e (L_e − mean_e L_e)²",
            source: "Krueger et al., Out-of-Distribution Generalization via Risk Extrapolation, ICML 2021; DomainBed",
            search: [.logarithmic("weight", 0.1...1e5)],
            notes: ["DomainBed has the weight 1 up to step 500 and 10 from then on: `after: 500 steps`."])
    }

    public static var defaultWeight: Double { 10 }
    public static var needs: [DataNeed] { [.severalDomains] }
    public static var places: [Place] { [.embedding] }
    public static var tasks: [Targets.Kind] { [.classes] }

    public init(options: NoOptions, context: RegularizerContext) {}

    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard let losses = DomainRisks(step)?.losses else { return nil }
        return Penalty(value: (losses - losses.mean()).squared().mean())
    }
}
