import Configuration
import Networks
import Regularization
import Tensors

/// Label smoothing: takes a share of the target from the true class and spreads it evenly over all
/// classes, the true one included.
///
///     t' = (1 − ε) t + ε/K        t, t': N×K
///
/// In training only, so that validation losses of different rows can be compared. The convention is
/// PyTorch's: the loss is `(1 − ε) · cross-entropy + ε · mean over classes of −log p`.
///
/// Cost: `O(N·K)`. Any `N`. With `K = 1` nothing changes.
///
/// ```yaml
/// regularizers:
///   - label-smoothing: {epsilon: 0.1}
/// ```
///
/// Source: Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, Section 7.
public struct LabelSmoothing: RegularizerPlugin, ChangesTargets {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `ε`, the share that is spread.
        public var epsilon = 0.1

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.number("epsilon", \.epsilon, in: 0...1, unit: "share", "the share of the target spread over all classes")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "label-smoothing",
            summary: "spreads a share of each target evenly over all classes in training",
            formula: "t' = (1 − ε) t + ε/K",
            source: "Szegedy et al., Rethinking the Inception Architecture, CVPR 2016, Section 7",
            cost: "O(N·K), with K classes",
            unsearched: "its source names one value",
            notes: ["Acts on the targets of the base loss; `on:` has no effect."])
    }

    /// Targets have to be distributions over classes.
    public static var tasks: [Targets.Kind] { [.classes] }

    private let options: Options

    /// A regularizer for direct use, as in tests.
    public init(options: Options = Options()) {
        self.options = options
    }

    /// Keeps the share; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) {
        self.init(options: options)
    }

    /// The smoothed targets, `N×K`.
    public func changedTargets(_ targets: Tensor, in forward: ForwardPass) -> Tensor {
        guard forward.isTraining, options.epsilon > 0 else { return targets }
        let epsilon = Float(options.epsilon)
        return targets * (1 - epsilon) + epsilon / Float(targets.shape[-1])
    }
}
