import Configuration
import Regularization
import Tensors

/// The mean cross-entropy of each source domain in a batch, against the samples' own classes.
struct DomainRisks {
    /// The domains, in ascending order of their numbers.
    let domains: [DomainRows]

    /// One mean for each, `E`.
    let losses: Tensor

    /// The mean over the whole batch, a scalar.
    let whole: Tensor

    /// - Returns: nil for an empty batch.
    init?(_ step: TrainingStep) {
        domains = step.rowsByDomain
        guard !domains.isEmpty else { return nil }
        let samples = -step.prediction.logits.logSoftmax().picking(step.labels)
        losses = Tensor.stacked(domains.map { samples.gathering(rows: $0.rows).mean() })
        whole = samples.mean()
    }
}

/// Invariant risk minimization: the classifier on top of the model is the best one for every source
/// domain at once.
///
///     g(S) = d/ds CE(s·f, y) at s = 1, over rows S  = mean_{i∈S} (Σ_k p_ik f_ik − f_i,y_i),  p = softmax(f)
///     halves:   penalty = mean over domains of g(rows 0, 2, 4 …) · g(rows 1, 3, 5 …)        unbiased, may be negative
///     squared:  penalty = mean over domains of g(all rows)²                                   Eq. (IRMv1)
///
/// `f` are the model's logits, `N×K`. Even and odd count the rows of one domain in the batch's order. A
/// domain of a single row has no odd half and adds 0, which is our convention. NaN gives NaN. Cost:
/// `O(N·K)`.
///
/// Source: Arjovsky et al., "Invariant Risk Minimization", 2019 (`halves`: App. D), as in DomainBed:
/// weight 100 (searched in 10^U(−1, 5)) from step 500 on, 1 before it.
public struct IRM: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// How the squared slope is estimated.
    public enum Form: String, CaseIterable, Sendable {
        /// Product of the slopes of two halves of each domain's rows.
        case halves
        /// Square of the slope of all rows.
        case squared
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// How the squared slope is estimated.
        public var form = Form.halves

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.choice("form", \.form, "product of the slopes of two halves of each domain's rows, or square of the slope of all")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "irm",
            summary: "penalizes a classifier that scaling the logits would improve in some source domain",
            formula: "mean_e g(even rows of e) · g(odd rows of e),  g = d/ds CE(s·f, y) at s = 1;  squared: mean_e g(e)²",
            source: "Arjovsky et al., Invariant Risk Minimization, 2019; DomainBed",
            cost: "O(N·K), with K classes",
            search: [.logarithmic("weight", 0.1...1e5)],
            notes: ["DomainBed has the weight 1 up to step 500 and 100 from then on: `after: 500 steps`."])
    }

    /// DomainBed's weight.
    public static var defaultWeight: Double { 100 }

    /// It reads the prediction, and no embeddings.
    public static var places: [Place] { [.embedding] }

    /// The losses are cross-entropies.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// The prediction is judged by each sample's own class.
    public static var traits: [TermTrait] { [.judgesPredictions] }

    private let form: Form

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) { form = options.form }

    /// The penalty of the batch; nil for an empty one.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        let domains = step.rowsByDomain
        guard !domains.isEmpty else { return nil }
        let logits = step.prediction.logits
        let slopes = (logits.softmax() * logits).sum(axis: 1) - logits.picking(step.labels)
        func slope(_ rows: [Int]) -> Tensor { slopes.gathering(rows: rows).mean() }
        let terms = domains.map { domain in
            guard form == .halves else { return slope(domain.rows).squared() }
            let halves = [0, 1].map { half in domain.rows.indices.filter { $0 % 2 == half }.map { domain.rows[$0] } }
            return halves[1].isEmpty ? slope(halves[0]) * 0 : slope(halves[0]) * slope(halves[1])
        }
        return Penalty(value: Tensor.stacked(terms).mean())
    }
}

/// Variance risk extrapolation: all source domains are learned equally well.
///
///     penalty = mean_e (L_e − mean_e L_e)²        L_e: mean cross-entropy of domain e's rows in the batch
///
/// Every domain of the batch counts once. With one domain the penalty is 0. NaN gives NaN. Cost:
/// `O(N·K)`.
///
/// Source: Krueger et al., "Out-of-Distribution Generalization via Risk Extrapolation (REx)", ICML
/// 2021, as in DomainBed: weight 10 (searched in 10^U(−1, 5)) from step 500 on, 1 before it.
public struct VREx: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "v-rex",
            summary: "makes the losses of the source domains equal",
            formula: "mean_e (L_e − mean_e L_e)²",
            source: "Krueger et al., Out-of-Distribution Generalization via Risk Extrapolation, ICML 2021; DomainBed",
            cost: "O(N·K), with K classes",
            search: [.logarithmic("weight", 0.1...1e5)],
            notes: ["DomainBed has the weight 1 up to step 500 and 10 from then on: `after: 500 steps`."])
    }

    /// DomainBed's weight.
    public static var defaultWeight: Double { 10 }
    public static var needs: [DataNeed] { [.severalDomains] }

    /// It reads the prediction, and no embeddings.
    public static var places: [Place] { [.embedding] }

    /// The losses are cross-entropies.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// The prediction is judged by each sample's own class.
    public static var traits: [TermTrait] { [.judgesPredictions] }

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: NoOptions, context: RegularizerContext) {}

    /// The penalty of the batch; nil for an empty one.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard let losses = DomainRisks(step)?.losses else { return nil }
        return Penalty(value: (losses - losses.mean()).squared().mean())
    }
}
