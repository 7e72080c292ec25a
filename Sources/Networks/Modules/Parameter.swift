import Tensors

/// A tensor of a module that gradients train, unless it is frozen.
///
/// A parameter is a reference, so that the module that uses it, the optimizer that changes it and the average that
/// follows it all mean the same values.
public final class Parameter: Part {
    /// The current values. A tracked leaf, so that gradients may be asked for, or, where the parameter is frozen, an untracked
    /// tensor, so that nothing is recorded for its sake. Setting replaces them by a copy of this kind.
    public var value: Tensor {
        get { leaf }
        set {
            leaf = isTrained ? newValue.detached().tracked() : newValue.detached()
            version &+= 1
        }
    }

    /// Whether the parameter is trained. A frozen one keeps its place in the saved state, but ``Module/namedParameters`` leaves it out.
    public var isTrained = true {
        didSet { leaf = isTrained ? leaf.detached().tracked() : leaf.detached() }
    }

    /// Counts the changes of the values, for those who keep something that was computed from them.
    package private(set) var version = 0

    private var leaf: Tensor

    /// Makes a parameter that starts at `value`.
    public init(_ value: Tensor) {
        leaf = value.detached().tracked()
    }

    /// The shape, which never changes.
    public var shape: Shape { leaf.shape }

    /// The number of values.
    public var elementCount: Int { leaf.elementCount }

    /// Changes the values in place.
    ///
    /// Memory is copied only when something else still holds the old values, such as the record of a loss that is
    /// still alive; that record then keeps the values it was made with.
    public func withUnsafeMutableValues<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        version &+= 1
        return try leaf.withUnsafeMutableValues(body)
    }

    /// Gives itself to the collection under its path.
    public func collect(under path: String, into contents: inout ModuleContents) {
        contents.append(self, named: path)
    }
}
