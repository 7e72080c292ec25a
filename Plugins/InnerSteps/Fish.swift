import Configuration
import Regularization

/// Fish: one small step after another, each on one source domain, gives a direction that raises the agreement of the domains' gradients.
///
///     θ_0 = θ,  θ_e = θ_{e−1} − α ∇L_e(θ_{e−1})      over the domains e = 1 … E of the batch in random order, L_e the loss of e's rows
///     gradient ← (θ − θ_E)/(α E)
///
/// To first order in α it is the gradient of the mean loss minus α/2 times the mean inner product of two domains' gradients. The source moves the
/// weights by a share of θ_E − θ itself; here the recipe's optimizer goes in that direction, at its own rate. Inner steps are plain gradient steps,
/// where DomainBed's program takes Adam for them. Penalties count in each `L_e`, over that domain's rows. With fewer than two domains in the batch
/// the gradients stay as they are. Cost: a forward and a backward pass for each domain.
///
/// ```yaml
/// regularizers:
///   - fish: {rate: 0.01}
/// ```
///
/// Source: Shi et al., "Gradient Matching for Domain Generalization", ICLR 2022, Alg. 1; DomainBed.
public struct Fish: RegularizerPlugin, ChangesGradients, ReadsPresence {
    /// What a recipe can set.
    public struct Options: ComponentOptions {
        /// `α`.
        public var rate = 0.01

        /// The defaults.
        public init() {}

        /// The options under their names in recipes.
        public static var fields: [OptionField<Options>] {
            [.number("rate", \.rate, in: 1e-8...1e3, "learning rate of the inner steps")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "fish",
            summary: "raises the agreement of the source domains' gradients by steps on one domain after another",
            formula: "θ_e = θ_{e−1} − α ∇L_e(θ_{e−1});  gradient ← (θ_0 − θ_E)/(α E)",
            source: "Shi et al., Gradient Matching for Domain Generalization, ICLR 2022; DomainBed",
            cost: "a forward and a backward pass for each source domain",
            unsearched: "what DomainBed searches is the length of the outer step, which is the optimizer's here",
            notes: [
                "Logged: distance, the Euclidean norm of all inner steps together.",
                "Each step costs one more forward and backward pass for each domain in the batch.",
            ])
    }

    /// It takes a step for each of several source domains.
    public static var needs: [DataNeed] { [.severalDomains] }

    /// It makes one gradient of those of the source domains.
    public static var traits: [TermTrait] { [.combinesDomains] }

    /// The terms that it conflicts with, and why.
    public static var excludes: [TermExclusion] { [.otherCombinationOfDomains] }

    private let rate: Float

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) { rate = Float(options.rate) }

    /// The gradients at the moved weights. Logs `distance`.
    public func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        let domains = step.rowsByDomain
        guard domains.count >= 2 else { return gradients }
        var stream = step.stream("order")
        var sum: Gradients?
        for index in stream.permutation(domains.count) {
            let own = try objective.gradients(ofRows: domains[index].rows, movedBy: sum.map { $0 * -rate })
            sum = sum.map { $0 + own } ?? own
        }
        guard let sum else { return gradients }
        step.report("distance", sum.norm * rate)
        return sum * (1 / Float(domains.count))
    }
}
