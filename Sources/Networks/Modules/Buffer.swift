import Tensors

/// A tensor that belongs to a module's state but is not trained by gradients, such as a running mean.
public final class Buffer: Part {
    /// The current values; never recorded for gradients.
    public var value: Tensor {
        get { stored }
        set {
            stored = newValue.detached()
            version &+= 1
        }
    }

    /// Whether the buffer counts something. An average of weights copies counts and averages everything else.
    public let isCount: Bool

    /// Counts the changes of the values, for those who keep something that was computed from them.
    package private(set) var version = 0

    private var stored: Tensor

    /// Makes a buffer that starts at `value`.
    public init(_ value: Tensor, isCount: Bool = false) {
        stored = value.detached()
        self.isCount = isCount
    }

    /// The shape, which never changes.
    public var shape: Shape { stored.shape }

    /// The number of values.
    public var elementCount: Int { stored.elementCount }

    /// Changes the values in place, copying them first when something else still holds them.
    public func withUnsafeMutableValues<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        version &+= 1
        return try stored.withUnsafeMutableValues(body)
    }

    /// Gives itself to the collection under its path.
    public func collect(under path: String, into contents: inout ModuleContents) {
        contents.append(self, named: path)
    }
}
