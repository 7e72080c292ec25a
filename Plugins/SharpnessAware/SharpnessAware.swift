import Configuration
import Networks
import Regularization
import Tensors

/// Sharpness-aware minimization: the gradient is taken where the loss is largest nearby, so that
/// training ends in flat valleys.
///
///     e = ρ · g/‖g‖                     g the gradient of the chosen parameters, one norm for all of them
///     adaptive:  e = ρ · T²g/‖Tg‖       T = |θ| + 0.01, entry by entry: large weights move further
///     the optimizer gets the gradient at θ + e of all parameters, and moves θ
///
/// It is a change of the gradients: every optimizer works with it, and each step costs a second forward
/// and backward pass. Both passes see the same batch and draw the same random numbers. Running
/// statistics of batch normalization follow the first pass alone.
///
/// Where the gradient of the chosen parameters is 0 or not finite there is no direction to move in, and
/// the gradients stay as they are.
///
/// ```yaml
/// regularizers:
///   - sharpness-aware: {rho: 0.05, parameters: model}
/// ```
///
/// Source: Foret et al., "Sharpness-Aware Minimization for Efficiently Improving Generalization", ICLR
/// 2021 (ρ = 0.05); adaptive: Kwon et al., "ASAM", ICML 2021 (ρ = 0.5), with the 0.01 of its program.
/// CMRF's comparison moves encoders and fusion, not what regularizers own.
public struct SharpnessAware: RegularizerPlugin, ChangesGradients, ReadsPresence {
    /// What is moved.
    public enum Parameters: String, CaseIterable, Sendable {
        /// Everything that is trained, what regularizers own included.
        case all
        /// Encoders and fusion.
        case model
        /// The encoders of the modalities in `on:`.
        case encoders
        /// The fusion.
        case fusion
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `ρ`, how far parameters are moved.
        public var rho = 0.05

        /// Which parameters are moved.
        public var parameters = Parameters.all

        /// Whether large weights move further (ASAM).
        public var isAdaptive = false

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("rho", \.rho, in: 0..., "how far parameters are moved, as a Euclidean norm"),
                .choice("parameters", \.parameters, "what is moved: all, the model, the encoders of `on:`, or the fusion"),
                .flag("adaptive", \.isAdaptive, "whether each parameter moves in proportion to its size"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "sharpness-aware",
            summary: "takes the gradient at the nearby weights with the largest loss",
            formula: "e = ρ g/‖g‖;  the optimizer gets the gradient at θ + e",
            source: "Foret et al., Sharpness-Aware Minimization, ICLR 2021; Kwon et al., ASAM, ICML 2021",
            cost: "one more forward and backward pass",
            search: [.logarithmic("rho", 0.01...0.5)],
            notes: [
                "Each step costs a second forward and backward pass.",
                "adaptive moves the model's parameters only; its paper's rho is 0.5.",
                "Terms before it in the list change the gradients of both passes, terms after it only the result.",
            ])
    }

    /// Keeps an adaptive move from vanishing with its parameter.
    private static let floor: Float = 0.01

    private let options: Options
    private let modalities: [Modality]

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) {
        self.options = options
        modalities = context.modalities
    }

    /// The gradients at the moved parameters; the given ones where there is no direction to move in.
    public func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        guard options.rho > 0, let displacement = displacement(along: gradients, model: step.model) else { return gradients }
        return try objective.gradients(movedBy: displacement)
    }

    /// `e`, or nil where there is no direction.
    private func displacement(along gradients: Gradients, model: any MultimodalModel) -> Gradients? {
        let scales: [String: Tensor]? =
            options.isAdaptive
            ? Dictionary(
                uniqueKeysWithValues: model.namedParameters.map { ($0.name, $0.parameter.value.detached().absolute() + Self.floor) })
            : nil
        var chosen = gradients.filter(isChosen)
        if let scales {
            chosen = chosen.filter { scales[$0] != nil }.map { name, value in scales[name].map { value * $0 } ?? value }
        }
        let norm = chosen.norm
        guard norm > 0, norm.isFinite else { return nil }
        let length = Float(options.rho) / (norm + 1e-12)
        return chosen.map { name, value in (scales?[name]).map { value * $0 * length } ?? value * length }
    }

    /// Whether a parameter is moved.
    private func isChosen(_ name: String) -> Bool {
        switch options.parameters {
        case .all: true
        case .model: name.hasPrefix("encoders.") || name.hasPrefix("fusion.")
        case .encoders: modalities.contains { name.hasPrefix("encoders.\($0).") }
        case .fusion: name.hasPrefix("fusion.")
        }
    }
}
