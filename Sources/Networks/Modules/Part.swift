/// Something a module is made of: a ``Parameter``, a ``Buffer``, another ``Module``, ``Parts``, or an array or an
/// optional of those.
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

    /// Makes parts named `"0"`, `"1"`, … as the elements of PyTorch's `nn.Sequential` are.
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
