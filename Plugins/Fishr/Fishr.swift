import Configuration
import Networks
import Regularization
import Tensors

/// Fishr: the gradients of single samples vary in the same way in every source domain.
///
///     g_i = the gradient of sample i's cross-entropy in the last layer: [(p_i − onehot y_i) r_iᵀ, p_i − onehot y_i]        K·F + K entries
///     v_e = variance of the g_i of domain e, entry by entry (N_e)
///     m_e ← ema·m_e + (1 − ema)·v_e,  u_e = m_e/(1 − ema)                     m = 0 at first; the old m has no gradient
///     penalty = mean_e mean over all entries of (u_e − mean_e u_e)²
///
/// `r` is the fused representation that the classifier reads, `N×F`, and `p` the softmax of its logits;
/// a classifier that is not linear is taken for one. The division by `1 − ema` at every step is the
/// released program's, with which the penalty grows toward `1/(1 − ema)²` of its first size. Domains
/// that a batch lacks keep their average and are not compared. NaN gives NaN. Memory: `E·(K·F + K)`
/// numbers, saved with the model. Cost: `O(N·K·F)`.
///
/// ```yaml
/// regularizers:
///   - fishr: {weight: 1000, after: 1500 steps}
/// ```
///
/// Source: Rame et al., "Fishr: Invariant Gradient Variances for Out-of-Distribution Generalization",
/// ICML 2022, as in DomainBed: ema 0.95, weight 1000 (searched in 10^U(1, 4)) from step 1500 on
/// (`after: 1500 steps`).
public struct Fishr: RegularizerPlugin, AddsPenalty, FollowsUpdates, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// How much of a moving average each step keeps.
        public var ema = 0.95

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.number("ema", \.ema, in: 0...0.9999, "how much of the moving average of variances each step keeps")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "fishr",
            summary: "makes the variances of the samples' gradients in the last layer equal over the source domains",
            formula: "mean_e mean (u_e − mean_e u_e)²,  u_e the moving average of var_{i∈e} ∇ CE_i in the classifier",
            source: "Rame et al., Fishr, ICML 2022; DomainBed",
            cost: "O(N·K·F), with K classes and F features in front of the last layer",
            search: [.logarithmic("weight", 10...1e4), .linear("ema", 0.9...0.99)],
            notes: ["DomainBed begins at `after: 1500 steps`; the averages then begin with the term.", "The model has to give a fused representation."])
    }

    /// DomainBed's weight.
    public static var defaultWeight: Double { 1000 }

    /// It compares source domains.
    public static var needs: [DataNeed] { [.severalDomains] }

    /// It reads the fused representation, whatever the place.
    public static var places: [Place] { [.embedding] }

    /// The gradients are those of a cross-entropy.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// It compares what belongs to one sample alone.
    public static var traits: [TermTrait] { [.judgesPredictions] }

    private let ema: Float
    private let domains: SourceDomains
    /// `m`, `E×(K·F + K)`.
    private let averages: Buffer

    public var parts: Parts { ["averages": averages] }

    /// - Throws: `OptionFault` where the model gives no fused representation.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        guard let width = context.model.representationWidth else {
            throw OptionFault(option: nil, expected: "a model that gives a fused representation", found: "one without")
        }
        ema = Float(options.ema)
        domains = context.sourceDomains
        averages = Buffer(.zeros([domains.count, context.classes * (width + 1)]))
    }

    /// How far the averaged variances of the domains in the batch differ; 0 for a single one.
    public func penalty(_ step: TrainingStep) throws -> Penalty? {
        let updated = try moments(step).map { $0.average / (1 - ema) }
        guard updated.count >= 2 else { return Penalty(value: Tensor(0)) }
        let all = Tensor.stacked(updated)
        return Penalty(value: (all - all.mean(axis: 0, keepingAxis: true)).squared().mean())
    }

    /// Takes the variances of the step into the moving averages, where they are finite.
    public func follow(_ step: TrainingStep, learningRate: Float) throws {
        for (place, average) in try moments(step) where average.withUnsafeValues({ $0.allSatisfy(\.isFinite) }) {
            averages.withUnsafeMutableValues { target in
                average.withUnsafeValues { for index in 0..<$0.count { target[place * $0.count + index] = $0[index] } }
            }
        }
    }

    /// `m_e` of each domain in the batch with the step's variance in it, `K·F + K`.
    private func moments(_ step: TrainingStep) throws -> [(place: Int, average: Tensor)] {
        guard let representation = step.prediction.representation else { return [] }
        let logits = step.prediction.logits
        let slopes = logits.softmax() - Tensor.oneHot(step.labels, classes: logits.shape[1])
        let inputs = Tensor.concatenated([representation, .ones([representation.shape[0], 1])], axis: 1)
        return try step.rowsByDomain.map { domain in
            let place = try domains.place(of: domain.domain)
            let variance = Self.variance(slopes.gathering(rows: domain.rows), inputs.gathering(rows: domain.rows))
            let old = averages.value.slice(axis: 0, place..<place + 1).reshaped([variance.elementCount])
            return (place, old * ema + variance * (1 - ema))
        }
    }

    /// The variance over rows of the products of all entries of two arrays, `n×K` and `n×(F + 1)`:
    /// `K·(F + 1)` numbers.
    private static func variance(_ slopes: Tensor, _ inputs: Tensor) -> Tensor {
        let count = Float(slopes.shape[0])
        let mean = slopes.matmul(inputs, transposingLeft: true) / count
        let squares = slopes.squared().matmul(inputs.squared(), transposingLeft: true) / count
        return (squares - mean.squared()).reshaped([mean.elementCount])
    }
}
