import Configuration
import Foundation
import Tensors

/// How the learning rate changes over a training.
public protocol LearningRateRule: Sendable {
    /// The learning rate of a step.
    ///
    /// - Parameter step: counted from 0.
    func rate(atStep step: Int) -> Float
}

/// A schedule of the learning rate that recipes can name.
public protocol SchedulePlugin: LearningRateRule, SendableMetatype {
    /// What a recipe can set.
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, source and options.
    static var description: ComponentDescription { get }

    /// - Throws: `OptionFault` where options contradict each other.
    init(options: Options, context: ScheduleContext) throws(OptionFault)
}

/// What a schedule is told about the training.
public struct ScheduleContext: Sendable {
    /// The learning rate that the recipe gives.
    public let base: Double
    /// Optimizer steps of the whole training.
    public let totalSteps: Int
    /// Optimizer steps of an epoch.
    public let stepsPerEpoch: Int

    /// - Parameters:
    ///   - base: the learning rate in the recipe.
    ///   - totalSteps: optimizer steps of the whole training.
    ///   - stepsPerEpoch: optimizer steps of one epoch.
    public init(base: Double, totalSteps: Int, stepsPerEpoch: Int) {
        self.base = base
        self.totalSteps = totalSteps
        self.stepsPerEpoch = stepsPerEpoch
    }
}

/// The schedules that a recipe may name.
public typealias ScheduleRegistry = ComponentRegistry<ScheduleContext, any LearningRateRule, OptionFault>

extension ScheduleRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .schedules) }

    /// `constant`, `cosine` and `inverse-power`.
    public static func standard() throws(DuplicateComponent) -> ScheduleRegistry {
        var registry = ScheduleRegistry()
        try registry.register(ConstantSchedule.self)
        try registry.register(CosineSchedule.self)
        try registry.register(InversePowerSchedule.self)
        return registry
    }

    /// Adds a schedule under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<Plugin: SchedulePlugin>(_ plugin: Plugin.Type) throws(DuplicateComponent) {
        try register(Plugin.description) { (options, context) throws(OptionFault) in
            try Plugin(options: .decoding(options), context: context)
        }
    }
}

/// One rate throughout, after an optional linear warm-up: `constant` in a recipe.
public struct ConstantSchedule: SchedulePlugin {
    /// The option of the schedule: `warm-up`.
    public struct Options: Configuration.Options {
        /// The share of the training in which the rate rises linearly from 0.
        public var warmUp = 0.0

        /// No warm-up.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [.number("warm-up", \.warmUp, in: 0.0...1.0, unit: "fraction of training", "part in which the rate rises linearly from 0")]
        }
    }

    public static let description = ComponentDescription(
        name: "constant", summary: "one rate throughout, after an optional linear warm-up", options: Options.descriptions)

    private let schedule: LearningRateSchedule

    /// Makes the schedule of one training.
    public init(options: Options, context: ScheduleContext) {
        schedule = LearningRateSchedule(.constant, warmUp: options.warmUp, context: context)
    }

    /// The rate of step `step`, counted from 0.
    public func rate(atStep step: Int) -> Float { schedule.rate(atStep: step) }
}

/// An optional linear warm-up, then half a cosine down: `cosine` in a recipe.
public struct CosineSchedule: SchedulePlugin {
    /// The options of the schedule: `warm-up` and `end-factor`.
    public struct Options: Configuration.Options {
        /// The share of the training in which the rate rises linearly from 0.
        public var warmUp = 0.0
        /// The share of the rate that is left at the end.
        public var endFactor = 0.0

        /// No warm-up, and a rate of 0 at the end.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("warm-up", \.warmUp, in: 0.0...1.0, unit: "fraction of training", "part in which the rate rises linearly from 0"),
                .number("end-factor", \.endFactor, in: 0.0...1.0, unit: "fraction of the rate", "what is left of the rate at the end"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "cosine", summary: "an optional linear warm-up, then half a cosine down",
        source: "Loshchilov and Hutter 2017; with the warm-up rule of Bardes et al. 2022", options: Options.descriptions)

    private let schedule: LearningRateSchedule

    /// Makes the schedule of one training.
    public init(options: Options, context: ScheduleContext) {
        schedule = LearningRateSchedule(.cosine, warmUp: options.warmUp, endFactor: options.endFactor, context: context)
    }

    /// The rate of step `step`, counted from 0.
    public func rate(atStep step: Int) -> Float { schedule.rate(atStep: step) }
}

/// `base·(1 + factor·p)^−power`, p the part of the training that is done.
public struct InversePowerSchedule: SchedulePlugin {
    /// The options of the schedule: `factor` and `power`.
    public struct Options: Configuration.Options {
        /// How fast the rate starts to fall.
        public var factor = 10.0
        /// How steeply it falls.
        public var power = 0.75

        /// Factor 10 and power 0.75, as in the paper.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("factor", \.factor, in: 0.0...1e6, "how fast the rate starts to fall"),
                .number("power", \.power, in: 0.0...100.0, "how steeply it falls"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "inverse-power", summary: "falls as an inverse power of the fraction of the training that is done",
        formula: "base·(1 + factor·p)^−power,  p = step/steps", source: "Ganin and Lempitsky 2015, section 4.1", options: Options.descriptions)

    private let options: Options
    private let context: ScheduleContext

    /// Makes the schedule of one training.
    public init(options: Options, context: ScheduleContext) {
        self.options = options
        self.context = context
    }

    /// The rate of step `step`, counted from 0; constant after the last step of the training.
    public func rate(atStep step: Int) -> Float {
        let done = context.totalSteps > 0 ? min(Double(step) / Double(context.totalSteps), 1) : 0
        return Float(context.base * pow(1 + options.factor * done, -options.power))
    }
}

/// A linear warm-up, which may be left out, then a constant rate or half a cosine.
///
/// ```
/// t < W:   base·t/W                                     (so the first step of a warm-up has rate 0)
/// cosine:  base·(q + end·(1 − q)),  q = (1 + cos(π(t − W)/(T − W)))/2
/// ```
///
/// with T steps in all, W of them warm-up; the rule of VICReg (Bardes et al. 2022, main_vicreg.py). The
/// last step is t = T − 1, one before the minimum; steps from T on keep the final rate.
public struct LearningRateSchedule: LearningRateRule {
    /// What the rate does after the warm-up.
    public enum Shape: String, Sendable, CaseIterable {
        /// It keeps its value.
        case constant
        /// It falls along half a period of a cosine.
        case cosine
    }

    /// The rate at the end of the warm-up.
    public let base: Double
    /// How the rate changes.
    public let shape: Shape
    /// W and T, in optimizer steps.
    public let warmUpSteps, totalSteps: Int
    /// The share of the rate that is left at the end of a cosine.
    public let endFactor: Double

    /// - Parameters:
    ///   - base: the rate that the warm-up reaches.
    ///   - warmUpSteps: steps in which the rate rises linearly from 0.
    ///   - totalSteps: the length of the training.
    ///   - endFactor: what is left of the rate at the end of a cosine.
    /// - Precondition: neither number of steps is negative.
    public init(base: Double, shape: Shape = .constant, warmUpSteps: Int = 0, totalSteps: Int, endFactor: Double = 0) {
        require(
            warmUpSteps >= 0 && totalSteps >= 0,
            "LearningRateSchedule: \(warmUpSteps) warm-up steps of \(totalSteps); neither may be negative")
        self.base = base
        self.shape = shape
        self.warmUpSteps = warmUpSteps
        self.totalSteps = totalSteps
        self.endFactor = endFactor
    }

    /// The schedule of a training; the warm-up, a fraction of it, is rounded to whole steps.
    init(_ shape: Shape, warmUp: Double, endFactor: Double = 0, context: ScheduleContext) {
        self.init(
            base: context.base, shape: shape, warmUpSteps: Int((warmUp * Double(context.totalSteps)).rounded()),
            totalSteps: context.totalSteps, endFactor: endFactor)
    }

    /// The rate of a step, counted from 0.
    public func rate(atStep step: Int) -> Float {
        if step < warmUpSteps { return Float(base * Double(step) / Double(warmUpSteps)) }
        switch shape {
        case .constant:
            return Float(base)
        case .cosine:
            let span = Double(totalSteps - warmUpSteps)
            let done = span > 0 ? min(Double(step - warmUpSteps) / span, 1) : 0
            let q = (1 + cos(.pi * done)) / 2
            return Float(base * (q + endFactor * (1 - q)))
        }
    }
}
