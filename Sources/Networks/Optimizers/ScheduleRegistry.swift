import Configuration
import Foundation

/// How the learning rate goes over a training.
public protocol LearningRateRule: Sendable {
    /// The rate of a step, counted from 0.
    func rate(atStep step: Int) -> Float
}

/// A schedule of the learning rate that recipes can name.
public protocol SchedulePlugin: LearningRateRule, SendableMetatype {
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

/// One rate throughout, after an optional linear warm-up.
public struct ConstantSchedule: SchedulePlugin {
    public struct Options: Configuration.Options {
        /// Part of the training in which the rate rises linearly from 0.
        public var warmUp = 0.0

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.number("warm-up", \.warmUp, in: 0.0...1.0, unit: "fraction of training", "part in which the rate rises linearly from 0")]
        }
    }

    public static let description = ComponentDescription(
        name: "constant", summary: "one rate throughout, after an optional linear warm-up", options: Options.descriptions)

    private let schedule: LearningRateSchedule

    public init(options: Options, context: ScheduleContext) {
        schedule = LearningRateSchedule(.constant, warmUp: options.warmUp, context: context)
    }

    public func rate(atStep step: Int) -> Float { schedule.rate(atStep: step) }
}

/// An optional linear warm-up, then half a cosine down.
public struct CosineSchedule: SchedulePlugin {
    public struct Options: Configuration.Options {
        /// Part of the training in which the rate rises linearly from 0.
        public var warmUp = 0.0
        /// What is left of the rate at the end.
        public var endFactor = 0.0

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

    public init(options: Options, context: ScheduleContext) {
        schedule = LearningRateSchedule(.cosine, warmUp: options.warmUp, endFactor: options.endFactor, context: context)
    }

    public func rate(atStep step: Int) -> Float { schedule.rate(atStep: step) }
}

/// `base·(1 + factor·p)^−power`, p the part of the training that is done.
public struct InversePowerSchedule: SchedulePlugin {
    public struct Options: Configuration.Options {
        /// How fast the rate starts to fall.
        public var factor = 10.0
        /// How steeply it falls.
        public var power = 0.75

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("factor", \.factor, in: 0.0...1e6, "how fast the rate starts to fall"),
                .number("power", \.power, in: 0.0...100.0, "how steeply it falls"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "inverse-power", summary: "an inverse power of the part of the training that is done",
        formula: "base·(1 + factor·p)^−power,  p = step/steps", source: "Ganin and Lempitsky 2015, section 4.1", options: Options.descriptions)

    private let options: Options
    private let context: ScheduleContext

    public init(options: Options, context: ScheduleContext) {
        self.options = options
        self.context = context
    }

    public func rate(atStep step: Int) -> Float {
        let done = context.totalSteps > 0 ? min(Double(step) / Double(context.totalSteps), 1) : 0
        return Float(context.base * pow(1 + options.factor * done, -options.power))
    }
}
