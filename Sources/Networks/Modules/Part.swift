import Tensors

/// Something a module is made of: a ``Parameter``, a ``Buffer``, another ``Module``, ``Parts``, or an
/// array or an optional of those.
///
/// Arrays number their elements from `"0"`; an absent optional holds nothing.
public protocol Part {
    /// Adds every parameter and buffer found here to `contents`, under the dotted `path`.
    func collect(under path: String, into contents: inout ModuleContents)
}

extension Optional: Part where Wrapped: Part {
    public func collect(under path: String, into contents: inout ModuleContents) {
        self?.collect(under: path, into: &contents)
    }
}

extension Array: Part where Element: Part {
    public func collect(under path: String, into contents: inout ModuleContents) {
        for (index, part) in enumerated() {
            part.collect(under: ModuleContents.join(path, String(index)), into: &contents)
        }
    }
}

/// An ordered list of named parts, written as a dictionary literal:
///
/// ```swift
/// var parts: Parts { ["weight": weight, "bias": bias] }
/// ```
public struct Parts: Part, ExpressibleByDictionaryLiteral {
    private var elements: [(name: String, part: any Part)]

    /// Makes parts in the order of the literal.
    public init(dictionaryLiteral elements: (String, any Part)...) {
        self.elements = elements.map { (name: $0.0, part: $0.1) }
    }

    /// Makes parts from names and parts, in this order.
    public init(_ elements: [(name: String, part: any Part)]) {
        self.elements = elements
    }

    /// Makes parts named `"0"`, `"1"`, …, like the elements of PyTorch's `nn.Sequential`.
    public init(numbered parts: [any Part]) {
        elements = parts.enumerated().map { (name: String($0.offset), part: $0.element) }
    }

    /// The names, in order.
    public var names: [String] { elements.map(\.name) }

    /// Adds one part at the end.
    public mutating func append(_ part: any Part, named name: String) {
        elements.append((name: name, part: part))
    }

    /// Adds other parts at the end, under their own names.
    public mutating func append(contentsOf others: Parts) {
        elements += others.elements
    }

    /// Adds every parameter and buffer found in the parts, in order.
    public func collect(under path: String, into contents: inout ModuleContents) {
        for (name, part) in elements {
            part.collect(under: ModuleContents.join(path, name), into: &contents)
        }
    }
}

/// A tensor of a module that is trained by gradients, unless it is frozen.
///
/// A parameter is a reference: the module that uses it, the optimizer that changes it and the average
/// that follows it all mean the same values.
public final class Parameter: Part {
    /// The current values: a tensor that gradients can be asked for or, where the parameter is frozen,
    /// one for which nothing is recorded. Setting it copies the new values; the shape must stay the
    /// same.
    public var value: Tensor {
        get { leaf }
        set {
            leaf = isTrained ? newValue.detached().tracked() : newValue.detached()
            version &+= 1
        }
    }

    /// Whether the parameter is trained. A frozen one keeps its place in the saved state, but
    /// ``Module/namedParameters`` leaves it out.
    public var isTrained = true {
        didSet { leaf = isTrained ? leaf.detached().tracked() : leaf.detached() }
    }

    /// Counts the changes of the values, for those who keep something that was computed from them.
    package private(set) var version = 0

    private var leaf: Tensor

    /// Makes a trained parameter that starts at a copy of `value`.
    public init(_ value: Tensor) {
        leaf = value.detached().tracked()
    }

    /// The shape, which never changes.
    public var shape: Shape { leaf.shape }

    /// The number of values.
    public var elementCount: Int { leaf.elementCount }

    /// Changes the values in place.
    ///
    /// Memory is copied only where something else still holds the old values, such as the record of a
    /// loss that has yet to be differentiated; the record then keeps the values it was made with.
    public func withUnsafeMutableValues<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        version &+= 1
        return try leaf.withUnsafeMutableValues(body)
    }

    /// Gives itself to the collection under its path.
    public func collect(under path: String, into contents: inout ModuleContents) {
        contents.append(self, named: path)
    }
}

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

    /// Whether the buffer counts something, such as batches seen. An average of weights copies counts
    /// and averages everything else.
    public let isCount: Bool

    /// Counts the changes of the values, for those who keep something that was computed from them.
    package private(set) var version = 0

    private var stored: Tensor

    /// Makes a buffer that starts at `value`.
    ///
    /// - Parameter isCount: whether it counts something; see ``isCount``.
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
