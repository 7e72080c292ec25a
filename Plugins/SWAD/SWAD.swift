import Configuration
import Networks
import Regularization
import Tensors

/// Stochastic weight averaging densely: what is evaluated and saved is the mean of the weights of all steps between the point at which the loss on
/// source validation samples has stopped falling and the one at which it begins to rise.
///
///     segment r: the mean of the weights of all steps between two looks at the validation samples;  V_r: the loss after it
///     begin at s:  V_s is the least of V_s … V_{s+patience−1};  threshold = (1 + tolerance)·mean of these
///     end at e:    the least of V_e … V_{e+horizon−1} is above the threshold
///     result: the mean of segments s … e − 1
///
/// Until it begins, the last segment is evaluated. There is a look once an epoch, where the released program has one every 50 to 300 steps;
/// without source validation samples there is none, and the model is evaluated as it is. The losses are those of the model as it is trained.
/// Memory: `max(patience, horizon) + 3` copies of the model, saved with its checkpoints. Cost of an update: `O(P)`.
///
/// Source: Cha et al., "SWAD: Domain Generalization by Seeking Flat Minima", NeurIPS 2021: patience 3, horizon 6, tolerance 0.3.
public struct SWAD: RegularizerPlugin, FollowsUpdates, FollowsValidation, AveragesWeights, ReadsPresence {
    public struct Options: ComponentOptions {
        /// Looks for which no loss may be below the first one's.
        public var patience = 3

        /// Looks of which one has to stay below the threshold.
        public var horizon = 6

        public var tolerance = 0.3

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("patience", \.patience, in: 1...1000, unit: "epochs", "for how long the loss must not fall before averaging begins"),
                .integer("horizon", \.horizon, in: 1...1000, unit: "epochs", "for how long the loss has to stay above the threshold to end it"),
                .number("tolerance", \.tolerance, in: 0...1000, "how far above the loss at the beginning the threshold lies, as a share of it"),
            ]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "swad",
            summary: "evaluates and saves the mean of all weights from where the validation loss stops falling to where it rises",
            formula: "θ̄ = mean of θ_t over the steps from s to e, both found on source validation samples",
            source: "Cha et al., SWAD: Domain Generalization by Seeking Flat Minima, NeurIPS 2021",
            notes: [
                "It looks at source validation samples only, once an epoch; the evaluation needs a validation share.",
                "The weight has no effect as long as it is above 0, nor has `on:`: the whole model is averaged.",
            ])
    }

    private let valley: LossValley

    public var parts: Parts { valley.parts }

    public init(options: Options, context: RegularizerContext) {
        valley = LossValley(of: context.model, patience: options.patience, horizon: options.horizon, tolerance: options.tolerance)
    }

    public func follow(_ step: TrainingStep, learningRate: Float) { valley.followStep() }

    public func follow(_ validation: ValidationRound) throws { valley.look(loss: try validation.loss()) }

    public var averagedWeights: (any WeightAverage)? { valley.result }
}
