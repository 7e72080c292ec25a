import Configuration
import Regularization
import Tensors

/// AND-mask: a parameter is moved only where the source domains agree on the direction.
///
///     g = mean_e g_e,  g_e: the gradient of the loss of domain e's rows alone
///     kept: entries with |mean_e sign(g_e)| ≥ τ;  all others become 0
///     gradient ← kept entries of g / share of entries kept in the parameter
///
/// Penalties count in each `g_e`, over that domain's rows; what only single domains have a gradient in
/// is not masked away but averaged over these. With fewer than two domains in the batch the gradients
/// stay as they are. Cost: a forward and a backward pass for each domain.
///
/// ```yaml
/// regularizers:
///   - and-mask: {agreement: 0.8}
/// ```
///
/// Source: Parascandolo et al., "Learning Explanations That Are Hard to Vary", ICLR 2021, as in
/// DomainBed: τ = 1, searched in U(0.5, 1).
public struct ANDMask: RegularizerPlugin, ChangesGradients, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `τ`, how large a majority has to agree.
        public var agreement = 1.0

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.number("agreement", \.agreement, in: 0...1, "how many signs over the domains have to agree; 1 means all of them")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "and-mask",
            summary: "moves parameters only where the source domains' gradients agree in sign",
            formula: "g ← g·[|mean_e sign g_e| ≥ τ] / share kept,  g = mean_e g_e",
            source: "Parascandolo et al., Learning Explanations That Are Hard to Vary, ICLR 2021; DomainBed",
            cost: "a forward and a backward pass for each source domain",
            search: [.linear("agreement", 0.5...1)],
            notes: [
                "Logged: kept, the share of all entries whose gradient is kept.",
                "Each step costs one more forward and backward pass for each domain in the batch.",
            ])
    }

    /// It compares the gradients of several source domains.
    public static var needs: [DataNeed] { [.severalDomains] }

    /// It makes one gradient of those of the source domains.
    public static var traits: [TermTrait] { [.combinesDomains] }

    /// The terms that it conflicts with, and why.
    public static var excludes: [TermExclusion] { [.otherCombinationOfDomains] }

    private let agreement: Float

    /// Keeps the required agreement; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) { agreement = Float(options.agreement) }

    /// The gradients where the source domains of the batch agree, scaled up by the share that is kept;
    /// the given ones where the batch has fewer than two domains. Logs `kept`.
    public func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        let domains = step.rowsByDomain
        guard domains.count >= 2 else { return gradients }
        let byDomain = try domains.map { try objective.gradients(ofRows: $0.rows) }
        var (kept, entries): (Float, Int) = (0, 0)
        let values = gradients.values.indices.map { index -> Tensor? in
            let present = byDomain.compactMap { $0.values[index] }
            guard !present.isEmpty else { return gradients.values[index] }
            let (masked, share) = Self.masked(present, agreement: agreement)
            kept += share * Float(masked.elementCount)
            entries += masked.elementCount
            return masked
        }
        if entries > 0 { step.report("kept", kept / Float(entries)) }
        return Gradients(names: gradients.names, values: values)
    }

    /// The mean of one parameter's gradients where their signs agree, over the share of entries where
    /// they do.
    static func masked(_ gradients: [Tensor], agreement: Float) -> (gradient: Tensor, share: Float) {
        let signs = gradients.map { $0.isGreater(than: 0) - $0.isLess(than: 0) }.reduce(Tensor.zeros(gradients[0].shape), +)
        let votes = (signs / Float(gradients.count)).absolute()
        // Sums of a few signs are exact, their quotient is not.
        let mask = votes.isGreater(than: agreement - 1e-6)
        let share = mask.mean().item
        let mean = gradients.dropFirst().reduce(gradients[0], +) / Float(gradients.count)
        return (mean * mask / (share + 1e-10), share)
    }
}
