import Tensors

/// A trained tensor of a module.
///
/// A parameter is a reference, so that the module that uses it, the optimizer that changes it and the average that
/// follows it all mean the same values.
public final class Parameter: Part {
    /// The current values: a tracked leaf, so that gradients may be asked for. Setting replaces them by a tracked copy.
    public var value: Tensor {
        get { leaf }
        set { leaf = newValue.detached().tracked() }
    }

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
        try leaf.withUnsafeMutableValues(body)
    }

    /// Gives itself to the collection under its path.
    public func collect(under path: String, into contents: inout ModuleContents) {
        contents.append(self, named: path)
    }
}
