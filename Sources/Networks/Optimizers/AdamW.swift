import Configuration
import Tensors

/// AdamW (Loshchilov and Hutter 2019): Adam with weight decay applied to the parameters and not to the gradient.
///
/// ```
/// p ← p·(1 − rate·decay), then as Adam without decay
/// ```
public final class AdamW: OptimizerPlugin {
    /// The numbers of the rule.
    public struct Options: Configuration.Options {
        public var beta1 = 0.9
        public var beta2 = 0.999
        public var epsilon = 1e-8
        public var weightDecay = 0.01

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("beta-1", \.beta1, in: 0.0...0.999_999, "β₁, how much of the mean gradient is kept"),
                .number("beta-2", \.beta2, in: 0.0...0.999_999, "β₂, how much of the mean squared gradient is kept"),
                .number("epsilon", \.epsilon, in: 0.0...1.0, "ε, added to the root of the mean squared gradient"),
                .number(
                    "weight-decay", \.weightDecay, in: 0.0..., unit: "per unit of learning rate",
                    "share by which parameters shrink in each step, times the learning rate"),
            ]
        }
    }

    /// What `describe` prints.
    public static let description = ComponentDescription(
        name: "adamw", summary: "Adam with weight decay applied to the parameters",
        formula: "p ← p·(1 − rate·decay);  p ← p − rate·m̂/(√v̂ + ε)",
        source: "Loshchilov and Hutter 2019, algorithm 2", options: Options.descriptions)

    public let memory: OptimizerMemory
    private let options: Options

    public init(options: Options = Options(), parameters: [NamedParameter]) {
        self.options = options
        memory = OptimizerMemory(parameters, slots: ["first-moment", "second-moment"])
    }

    public func update(gradients: [Tensor?], learningRate: Float) {
        let rule = AdamRule(
            beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon,
            coupledDecay: 0, decoupledDecay: options.weightDecay, learningRate: learningRate)
        rule.update(memory, gradients)
    }
}
