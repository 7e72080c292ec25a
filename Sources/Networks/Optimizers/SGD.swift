import Configuration
import Tensors

/// Stochastic gradient descent with momentum, as `torch.optim.SGD`.
///
/// ```
/// g ← g + decay·p
/// u ← momentum·u + g            (u = g in the first step)
/// p ← p − rate·u                (Nesterov: p − rate·(g + momentum·u))
/// ```
public final class SGD: OptimizerPlugin {
    /// The numbers of the rule.
    public struct Options: Configuration.Options {
        /// The share of the last direction that each step keeps.
        public var momentum = 0.0
        /// Whether to look ahead along the new direction.
        public var nesterov = false
        /// Added to the gradient, times the parameter, at each step.
        public var weightDecay = 0.0

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("momentum", \.momentum, in: 0.0...1.0, "how much of the last direction is kept"),
                .flag("nesterov", \.nesterov, "look ahead along the new direction"),
                .number(
                    "weight-decay", \.weightDecay, in: 0.0..., unit: "per step",
                    "added to the gradient, times the parameter"),
            ]
        }
    }

    /// What `describe` prints.
    public static let description = ComponentDescription(
        name: "sgd", summary: "stochastic gradient descent with momentum",
        formula: "g ← g + decay·p;  u ← momentum·u + g;  p ← p − rate·u",
        source: "Sutskever et al. 2013, section 2", options: Options.descriptions)

    public let memory: OptimizerMemory
    private let options: Options

    /// Makes an optimizer whose directions are 0; without momentum it remembers nothing but its steps.
    public init(options: Options = Options(), parameters: [NamedParameter]) {
        self.options = options
        memory = OptimizerMemory(parameters, slots: options.momentum > 0 ? ["momentum"] : [])
    }

    public func update(gradients: [Tensor?], learningRate rate: Float) {
        let (momentum, decay) = (Float(options.momentum), Float(options.weightDecay))
        // The direction is own·g + past·u, for both kinds of momentum.
        let (own, past): (Float, Float) = options.nesterov ? (1, momentum) : (0, 1)
        memory.forEachStep(gradients) { step in
            let (values, gradient) = (step.values, step.gradient)
            guard momentum > 0 else {
                for i in 0..<step.count { values[i] -= rate * (gradient[i] + decay * values[i]) }
                return
            }
            let direction = step.slot(0)
            for i in 0..<step.count {
                let g = gradient[i] + decay * values[i]
                let u = momentum * direction[i] + g
                direction[i] = u
                values[i] -= rate * (own * g + past * u)
            }
        }
    }
}

/// Layer-wise adaptive rate scaling (You et al. 2017) as VICReg uses it.
///
/// ```
/// parameters with one axis:   u ← momentum·u + g
/// all others:                 g ← g + decay·p;  g ← g·η‖p‖/‖g‖ (unscaled where a norm is 0);  u ← momentum·u + g
/// p ← p − rate·u
/// ```
///
/// Biases and normalization weights have one axis; they are neither decayed nor scaled.
public final class LARS: OptimizerPlugin {
    /// The numbers of the rule.
    public struct Options: Configuration.Options {
        /// The share of the last direction that each step keeps.
        public var momentum = 0.9
        /// Added to the gradient, times the parameter, at each step.
        public var weightDecay = 1e-6
        /// η, the length of a step relative to the parameter's norm.
        public var trust = 0.001

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("momentum", \.momentum, in: 0.0...1.0, "how much of the last direction is kept"),
                .number(
                    "weight-decay", \.weightDecay, in: 0.0..., unit: "per step",
                    "added to the gradient, times the parameter"),
                .number("trust", \.trust, in: 0.0..., "η, length of a step relative to the parameter's norm"),
            ]
        }
    }

    /// What `describe` prints.
    public static let description = ComponentDescription(
        name: "lars", summary: "momentum with steps scaled to each parameter's norm",
        formula: "g ← (g + decay·p)·η‖p‖/‖g + decay·p‖;  u ← momentum·u + g;  p ← p − rate·u",
        source: "You et al. 2017, algorithm 1; Bardes et al. 2022 (VICReg), main_vicreg.py",
        options: Options.descriptions)

    public let memory: OptimizerMemory
    private let options: Options

    /// - Parameter parameters: what it trains, each with its name.
    public init(options: Options = Options(), parameters: [NamedParameter]) {
        self.options = options
        memory = OptimizerMemory(parameters, slots: ["momentum"])
    }

    public func update(gradients: [Tensor?], learningRate rate: Float) {
        let momentum = Float(options.momentum)
        memory.forEachStep(gradients) { step in
            let (values, gradient, direction) = (step.values, step.gradient, step.slot(0))
            let isScaled = step.rank != 1
            let decay: Float = isScaled ? Float(options.weightDecay) : 0
            var scale: Float = 1
            if isScaled {
                let own = UnsafeBufferPointer(start: UnsafePointer(values), count: step.count).sumOfSquares()
                let toward = UnsafeBufferPointer(start: gradient, count: step.count)
                    .sumOfSquares(adding: decay, times: UnsafePointer(values))
                if own > 0 && toward > 0 { scale = Float(options.trust * (own / toward).squareRoot()) }
            }
            for i in 0..<step.count {
                let u = momentum * direction[i] + scale * (gradient[i] + decay * values[i])
                direction[i] = u
                values[i] -= rate * u
            }
        }
    }
}
