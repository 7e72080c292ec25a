internal import CLanes
import Configuration
import Foundation
import Tensors

/// Adam (Kingma and Ba 2015) with weight decay added to the gradient, as `torch.optim.Adam` does.
public typealias Adam = AdaptiveMoments<CoupledDecay>

/// AdamW (Loshchilov and Hutter 2019): Adam with weight decay applied to the parameters and not to the
/// gradient.
public typealias AdamW = AdaptiveMoments<DecoupledDecay>

/// The rule of Adam and AdamW, which differ in where weight decay acts.
///
/// ```
/// coupled:     g ← g + decay·p                decoupled:   p ← p·(1 − rate·decay)
/// m ← β₁ m + (1 − β₁) g         v ← β₂ v + (1 − β₂) g²
/// p ← p − rate · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
/// ```
///
/// `t` counts the steps in which the parameter had a gradient. The two moments take twice the memory of
/// the parameters.
public final class AdaptiveMoments<Decay: MomentDecay>: OptimizerPlugin {
    /// The numbers of the rule.
    public struct Options: Configuration.Options {
        /// β₁, the share of the mean gradient that each step keeps.
        public var beta1 = 0.9
        /// β₂, the share of the mean squared gradient that each step keeps.
        public var beta2 = 0.999
        /// ε, added to the root of the mean squared gradient.
        public var epsilon = 1e-8
        /// The weight decay. By default 0 where it is coupled (Adam) and 0.01 where it is decoupled
        /// (AdamW).
        public var weightDecay = Decay.standard
        /// Whether every step is the first one: nothing is remembered, as where a program makes its optimizer anew for each step.
        public var forgets = false

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("beta-1", \.beta1, in: 0.0...0.999_999, "β₁, how much of the mean gradient is kept"),
                .number("beta-2", \.beta2, in: 0.0...0.999_999, "β₂, how much of the mean squared gradient is kept"),
                .number("epsilon", \.epsilon, in: 0.0...1.0, "ε, added to the root of the mean squared gradient"),
                .number("weight-decay", \.weightDecay, in: 0.0..., unit: Decay.unit, Decay.explanation),
                .flag(
                    "forgets", \.forgets,
                    "nothing is remembered from step to step, as where a program makes its optimizer anew each time: steps of about rate·sign(g)"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: Decay.optimizer, summary: Decay.summary, formula: Decay.formula, source: Decay.source, options: Options.descriptions)
    }

    public let memory: OptimizerMemory
    private let options: Options

    /// Makes an optimizer whose moments are 0.
    public init(options: Options = Options(), parameters: [NamedParameter]) {
        self.options = options
        memory = OptimizerMemory(parameters, slots: ["first-moment", "second-moment"])
    }

    public func update(gradients: [Tensor?], learningRate: Float) {
        if options.forgets { memory.forget() }
        AdamStep(
            beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon,
            coupledDecay: Decay.isCoupled ? options.weightDecay : 0, decoupledDecay: Decay.isCoupled ? 0 : options.weightDecay,
            learningRate: learningRate
        ).update(memory, gradients)
    }
}

/// Where the weight decay of ``AdaptiveMoments`` acts, and what `describe` says about it.
public protocol MomentDecay: SendableMetatype {
    /// Whether the decay is added to the gradient; otherwise it shrinks the parameters directly.
    static var isCoupled: Bool { get }
    /// The decay where none is given.
    static var standard: Double { get }
    /// The optimizer's name in recipes.
    static var optimizer: String { get }
    /// The optimizer in a few words.
    static var summary: String { get }
    /// The rule.
    static var formula: String { get }
    /// Where the rule was published.
    static var source: String { get }
    /// The unit of the option `weight-decay`.
    static var unit: String { get }
    /// What the option `weight-decay` does.
    static var explanation: String { get }
}

/// Decay that is added to the gradient.
public enum CoupledDecay: MomentDecay {
    public static let isCoupled = true
    public static let standard = 0.0
    public static let optimizer = "adam"
    public static let summary = "Adam with weight decay added to the gradient"
    public static let formula = "g ← g + decay·p;  p ← p − rate·m̂/(√v̂ + ε)"
    public static let source = "Kingma and Ba 2015, algorithm 1"
    public static let unit = "per step"
    public static let explanation = "added to the gradient, times the parameter"
}

/// Decay that shrinks the parameters beside the step.
public enum DecoupledDecay: MomentDecay {
    public static let isCoupled = false
    public static let standard = 0.01
    public static let optimizer = "adamw"
    public static let summary = "Adam with weight decay applied to the parameters"
    public static let formula = "p ← p·(1 − rate·decay);  p ← p − rate·m̂/(√v̂ + ε)"
    public static let source = "Loshchilov and Hutter 2019, algorithm 2"
    public static let unit = "per unit of learning rate"
    public static let explanation = "share by which parameters shrink in each step, times the learning rate"
}

/// One step; one of the two decays is 0.
private struct AdamStep {
    let beta1, beta2, epsilon, coupledDecay, decoupledDecay: Double
    let learningRate: Float

    func update(_ memory: OptimizerMemory, _ gradients: [Tensor?]) {
        var numbers = regulus_adam_step(
            beta1: Float(beta1), beta2: Float(beta2), share1: Float(1 - beta1), share2: Float(1 - beta2), epsilon: Float(epsilon),
            decay: Float(coupledDecay), keep: Float(1 - Double(learningRate) * decoupledDecay), rate: 0, scale: 0)
        var number = 0
        memory.forEachStep(gradients) { step in
            // Nearly always every parameter is at the same step, and for small tensors computing a power takes as long as the update itself.
            if step.number != number {
                number = step.number
                numbers.rate = Float(Double(learningRate) / (1 - pow(beta1, Double(number))))
                numbers.scale = Float(1 / (1 - pow(beta2, Double(number))).squareRoot())
            }
            regulus_adam(step.values, step.gradient, step.slot(0), step.slot(1), step.count, numbers)
        }
    }
}
