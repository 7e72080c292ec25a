import Configuration
import Tensors

/// Adam (Kingma and Ba 2015) with weight decay added to the gradient, as `torch.optim.Adam` does.
///
/// ```
/// g ← g + decay·p
/// m ← β₁ m + (1 − β₁) g         v ← β₂ v + (1 − β₂) g²
/// p ← p − rate · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
/// ```
public final class Adam: OptimizerPlugin {
    /// The numbers of the rule.
    public struct Options: Configuration.Options {
        public var beta1 = 0.9
        public var beta2 = 0.999
        public var epsilon = 1e-8
        public var weightDecay = 0.0

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("beta-1", \.beta1, in: 0.0...0.999_999, "β₁, how much of the mean gradient is kept"),
                .number("beta-2", \.beta2, in: 0.0...0.999_999, "β₂, how much of the mean squared gradient is kept"),
                .number("epsilon", \.epsilon, in: 0.0...1.0, "ε, added to the root of the mean squared gradient"),
                .number(
                    "weight-decay", \.weightDecay, in: 0.0..., unit: "per step",
                    "added to the gradient, times the parameter"),
            ]
        }
    }

    /// What `describe` prints.
    public static let description = ComponentDescription(
        name: "adam", summary: "Adam with weight decay added to the gradient",
        formula: "g ← g + decay·p;  p ← p − rate·m̂/(√v̂ + ε)",
        source: "Kingma and Ba 2015, algorithm 1", options: Options.descriptions)

    public let memory: OptimizerMemory
    private let options: Options

    public init(options: Options = Options(), parameters: [NamedParameter]) {
        self.options = options
        memory = OptimizerMemory(parameters, slots: ["first-moment", "second-moment"])
    }

    public func update(gradients: [Tensor?], learningRate: Float) {
        let rule = AdamRule(
            beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon,
            coupledDecay: options.weightDecay, decoupledDecay: 0, learningRate: learningRate)
        rule.update(memory, gradients)
    }
}
