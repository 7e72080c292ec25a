import Configuration
import Tensors

/// A rule that changes parameters along their gradients.
///
/// An optimizer is made for a fixed list of parameters and keeps what it remembers about each of them
/// in its ``memory``. Updates happen in place, in one pass over memory, without allocating.
public protocol Optimizer: AnyObject {
    /// The parameters, and what the rule remembers about them.
    var memory: OptimizerMemory { get }

    /// Makes one step.
    ///
    /// - Parameters:
    ///   - gradients: one for each of ``parameters``, in their order and shape. A parameter whose
    ///     gradient is `nil` stays as it is, without decay, and its step is not counted.
    ///   - learningRate: the rate of this step.
    func update(gradients: [Tensor?], learningRate: Float)
}

extension Optimizer {
    /// The parameters that are changed, in the order in which gradients are given.
    public var parameters: [NamedParameter] { memory.parameters }

    /// Everything that a training needs to continue: the step counts and the slots of the memory, by
    /// name.
    public func state() -> [(name: String, value: Tensor)] { memory.state() }

    /// Continues from a saved state.
    ///
    /// - Throws: ``StateMismatch`` when names or shapes differ. Nothing has been changed then.
    public func load(_ state: [String: Tensor]) throws { try memory.load(state) }
}

/// An optimizer that recipes can name.
public protocol OptimizerPlugin: Optimizer, SendableMetatype {
    /// What a recipe can set.
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, formula, source and options. The learning rate is not among them:
    /// every recipe has it.
    static var description: ComponentDescription { get }

    /// Makes an optimizer.
    ///
    /// - Parameter parameters: everything that it changes, in the order in which gradients are given.
    /// - Throws: `OptionFault` where options contradict each other.
    init(options: Options, parameters: [NamedParameter]) throws(OptionFault)
}

/// The optimizers that a recipe may name.
public typealias OptimizerRegistry = ComponentRegistry<[NamedParameter], any Optimizer, OptionFault>

extension OptimizerRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .optimizers) }

    /// `adam`, `adamw`, `sgd` and `lars`.
    public static func standard() throws(DuplicateComponent) -> OptimizerRegistry {
        var registry = OptimizerRegistry()
        try registry.register(Adam.self)
        try registry.register(AdamW.self)
        try registry.register(SGD.self)
        try registry.register(LARS.self)
        return registry
    }

    /// Adds an optimizer under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<Plugin: OptimizerPlugin>(_ plugin: Plugin.Type) throws(DuplicateComponent) {
        try register(Plugin.description) { (options, parameters) throws(OptionFault) in
            try Plugin(options: .decoding(options), parameters: parameters)
        }
    }

    /// Makes an optimizer.
    ///
    /// - Throws: `OptionFault` for an unknown name (its `option` is `nil`) or an option that is unknown
    ///   or out of range.
    public func make(
        _ name: String, options: [String: OptionValue] = [:], parameters: [NamedParameter]
    ) throws(OptionFault) -> any Optimizer {
        try make(name, options: options, context: parameters)
    }
}
