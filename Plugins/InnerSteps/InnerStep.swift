import Configuration
import Regularization

/// An inner step: gradients are taken where the model would be after a small step along some of its terms.
///
///     e = −ρ Σ_{t ∈ along} ∇ℓ_t(θ)                              of the chosen parameters, the others stay
///     gradient ← gradient + Σ_{t ∈ terms} [∇ℓ_t(θ + e) − ∇ℓ_t(θ)];  without `terms`:  gradient ← ∇loss(θ + e)
///
/// The step is of first order: the gradient at the moved weights is handed on as it is, without the derivative of the move. All passes see the same
/// batch and draw the same random numbers. A term that is not in the loss at a step is left out. Cost: a forward and a backward pass for each
/// term in `along`, and two for each one in `terms`, or one more.
///
/// ```yaml
/// regularizers:
///   - unimodal-loss
///   - inner-step: {along: [unimodal-loss], terms: [task]}
/// ```
///
/// Source: MBCD, as in the MMDG benchmark's program (arXiv 2605.06643): each encoder's last stage moves along its unimodal loss with ρ = 10⁻⁴, and
/// the fused loss is that of the moved encoders. What of an encoder is frozen does not move.
public struct InnerStep: RegularizerPlugin, ChangesGradients, ReadsTerms, ReadsPresence {
    /// What is moved.
    public enum Parameters: String, CaseIterable, Sendable {
        /// The encoders of the modalities in `on:`.
        case encoders
        /// Everything that is trained, what regularizers own included.
        case all
    }

    /// What a recipe can set.
    public struct Options: ComponentOptions {
        /// `ρ`.
        public var rate = 1e-4

        /// The terms that are followed.
        public var along = ["task"]

        /// The terms whose gradient is taken at the moved weights; all where there is none.
        public var terms: [String] = []

        /// What is moved.
        public var parameters = Parameters.encoders

        /// The defaults.
        public init() {}

        /// The options under their names in recipes.
        public static var fields: [OptionField<Options>] {
            [
                .number("rate", \.rate, in: 0...1e3, "factor by which the gradient is multiplied to give the inner step, ρ"),
                .texts("along", \.along, "the terms along whose gradient the inner step goes; `task` means the base loss"),
                .texts("terms", \.terms, "the terms whose gradient is taken at the moved weights; by default the whole loss"),
                .choice("parameters", \.parameters, "what is moved: the encoders of `on:`, or everything that is trained"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "inner-step",
            summary: "takes gradients at the weights that the encoders have after a small step of their own",
            formula: "e = −ρ Σ_along ∇ℓ_t(θ);  gradient ← gradient + Σ_terms [∇ℓ_t(θ + e) − ∇ℓ_t(θ)]",
            source: "MBCD, MMDG benchmark (arXiv 2605.06643) and its program",
            cost: "a forward and a backward pass for each term of `along`, and two for each of `terms`, or one more",
            unsearched: "the benchmark keeps the rate",
            notes: ["Logged: distance, the Euclidean norm of the inner step."])
    }

    private let options: Options
    private let modalities: [Modality]

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) {
        self.options = options
        modalities = context.modalities
    }

    /// The terms that the options name.
    public var termsRead: [String] { options.along + options.terms }

    /// The gradients at the moved weights. Logs `distance`.
    public func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        let followed = try options.along.compactMap { try objective.gradients(of: $0) }
        guard options.rate > 0, let first = followed.first else { return gradients }
        let move = (followed.dropFirst().reduce(first, +) * Float(-options.rate)).filter(isMoved)
        guard move.norm > 0, move.norm.isFinite else { return gradients }
        step.report("distance", move.norm)
        guard !options.terms.isEmpty else { return try objective.gradients(movedBy: move) }
        return try options.terms.reduce(gradients) { sum, term in
            guard let there = try objective.gradients(of: term, movedBy: move), let here = try objective.gradients(of: term) else { return sum }
            return sum + (there - here)
        }
    }

    private func isMoved(_ name: String) -> Bool {
        options.parameters == .all || modalities.contains { name.hasPrefix("encoders.\($0).") }
    }
}
