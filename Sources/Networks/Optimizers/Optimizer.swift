import Tensors

/// A rule that changes parameters against their gradients.
///
/// An optimizer is made for a fixed list of parameters and remembers what it needs about each of them in its
/// ``memory``. Updates happen in place, in one pass over memory, and allocate nothing.
public protocol Optimizer: AnyObject {
    /// The parameters, and what the rule remembers about them.
    var memory: OptimizerMemory { get }

    /// Makes one step.
    ///
    /// - Parameters:
    ///   - gradients: one per parameter, in the order of ``parameters`` and of the parameter's shape. A parameter
    ///     whose gradient is `nil` is left as it is, without decay, and its step is not counted.
    ///   - learningRate: the rate of this step.
    func update(gradients: [Tensor?], learningRate: Float)
}

extension Optimizer {
    /// The parameters that are changed, in the order in which gradients are given.
    public var parameters: [NamedParameter] { memory.parameters }

    /// Everything that a continued training needs: the step counts and the moments, by name.
    public func state() -> [(name: String, value: Tensor)] { memory.state() }

    /// Continues from a saved state.
    ///
    /// - Throws: ``StateMismatch`` when names or shapes differ. Nothing has been changed then.
    public func load(_ state: [String: Tensor]) throws { try memory.load(state) }
}
