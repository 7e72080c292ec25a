import Configuration
import Networks
import Regularization
import Tensors

/// Weight averaging: what is evaluated and saved is an average of the weights that the training passes
/// through.
///
///     simple:        θ̄ = the mean of θ after each update, from the first one on in which the term acts
///     exponential:   θ̄ ← decay·θ̄ + (1 − decay)·θ, begun at θ after that update
///
/// All of the model is averaged, running statistics of batch normalization included; counts are copied.
/// The training itself does not see the average. `after:` says from when on weights are averaged; until
/// then the model is evaluated as it is.
///
/// CMRF's `sma_start_step: s` counts from 1: it is `after: s−1 steps`, as the weights that the `s`-th
/// update left are the first in it.
///
/// The average is saved with the model's checkpoints. Memory: one more copy of the model. Cost of an
/// update: `O(P)`.
///
/// ```yaml
/// regularizers:
///   - weight-averaging: {kind: simple, after: 400 steps}
/// ```
///
/// Source: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI
/// 2018 (the simple mean); Arpit et al., "Ensemble of Averages", NeurIPS 2022 (from an early step on,
/// as CMRF uses it); Polyak and Juditsky 1992.
public struct WeightAveraging: RegularizerPlugin, FollowsUpdates, AveragesWeights, ReadsPresence {
    /// How weights are averaged.
    public enum Kind: String, CaseIterable, Sendable {
        /// All count alike.
        case simple
        /// Older ones count less.
        case exponential
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// How weights are averaged.
        public var kind = Kind.simple

        /// How much of an exponential average each update keeps.
        public var decay = 0.999

        /// Steps from one update of the average to the next.
        public var every = 1

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("kind", \.kind, "which average: the mean over all updates (simple), or one in which old weights fade (exponential)"),
                .number("decay", \.decay, in: 0..<1, "how much of an exponential average each update keeps"),
                .integer("every", \.every, in: 1...1_000_000, unit: "steps", "steps between two updates of the average"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "weight-averaging",
            summary: "evaluates and saves an average of the weights of all steps",
            formula: "simple: θ̄ = mean_t θ_t;  exponential: θ̄ ← decay·θ̄ + (1 − decay)·θ",
            source: "Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, UAI 2018",
            cost: "O(P) in each update, with P parameters; memory for a copy of the model",
            unsearched: "the plain mean has nothing to search",
            notes: [
                "`after:` says when averaging begins; until then the model is evaluated as it is.",
                "The weight has no effect as long as it is above 0, nor has `on:`: the whole model is averaged.",
            ])
    }

    private let average: any WeightAverage
    private let every: Int
    /// Steps in which the term acted.
    private let steps = Buffer(Tensor(0), isCount: true)

    public var parts: Parts { ["average": average, "steps": steps] }

    /// Makes an average of the model; it begins with the term's first step.
    public init(options: Options, context: RegularizerContext) {
        every = options.every
        average =
            switch options.kind {
            case .simple: SimpleMovingAverage(of: context.model)
            case .exponential: ExponentialMovingAverage(of: context.model, decay: Float(options.decay))
            }
    }

    /// Takes the updated weights into the average, every `every` steps.
    public func follow(_ step: TrainingStep, learningRate: Float) {
        let count = Int(steps.value.item)
        if count == 0 {
            // An exponential average would else begin at the initial values, however late the term begins to act.
            average.restart()
        } else if count % every == 0 {
            average.update()
        }
        steps.value = Tensor(Float(count + 1))
    }

    /// The average; nil before the term has acted.
    public var averagedWeights: (any WeightAverage)? { steps.value.item > 0 ? average : nil }
}
