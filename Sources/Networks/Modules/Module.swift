import Tensors

/// A piece of a network with named parts.
///
/// A module lists its ``parts``; everything else follows from the list: the parameters that are trained, the state
/// that is saved, and their names. The names are dotted paths and equal the keys of PyTorch's state dict where the
/// module has a counterpart there.
///
/// The lists are built anew on every call. Collect them once, not in every step.
public protocol Module: AnyObject, Part {
    /// The named parts, in a fixed order.
    var parts: Parts { get }
}

/// A parameter and its dotted path.
public typealias NamedParameter = (name: String, parameter: Parameter)

/// A buffer and its dotted path.
public typealias NamedBuffer = (name: String, buffer: Buffer)

extension Module {
    /// Adds every parameter and buffer of the module to `contents`.
    public func collect(under path: String, into contents: inout ModuleContents) {
        parts.collect(under: path, into: &contents)
    }

    /// Every parameter and buffer with its path, in the order of the parts.
    public var contents: ModuleContents { parts.contents }

    /// Every parameter with its path. A parameter that is used in two places is listed once, under its first name.
    public var namedParameters: [NamedParameter] { parts.namedParameters }

    /// Every buffer with its path.
    public var namedBuffers: [NamedBuffer] { parts.namedBuffers }

    /// The number of trained values.
    public var parameterCount: Int {
        namedParameters.reduce(0) { $0 + $1.parameter.elementCount }
    }

    /// The values of all parameters and buffers under their names: what a checkpoint holds.
    public func state() -> [(name: String, value: Tensor)] { parts.state() }

    /// Takes the values of all parameters and buffers from a saved state.
    ///
    /// - Throws: ``StateMismatch`` that lists every missing, unexpected and misshaped tensor at once. Nothing has been
    ///   changed then.
    public func load(_ state: [String: Tensor]) throws {
        try parts.load(state)
    }
}

extension Parts {
    /// Every parameter and buffer with its path, in order.
    public var contents: ModuleContents {
        var contents = ModuleContents()
        collect(under: "", into: &contents)
        return contents
    }

    /// Every parameter with its path. A parameter that is used in two places is listed once, under its first name.
    public var namedParameters: [NamedParameter] {
        var seen: Set<ObjectIdentifier> = []
        return contents.entries.compactMap { name, entry in
            guard case .parameter(let parameter) = entry, seen.insert(ObjectIdentifier(parameter)).inserted else {
                return nil
            }
            return (name: name, parameter: parameter)
        }
    }

    /// Every buffer with its path.
    public var namedBuffers: [NamedBuffer] {
        contents.entries.compactMap { name, entry in
            guard case .buffer(let buffer) = entry else { return nil }
            return (name: name, buffer: buffer)
        }
    }

    /// The values of all parameters and buffers under their names.
    public func state() -> [(name: String, value: Tensor)] {
        contents.entries.map { (name: $0.name, value: $0.entry.value.detached()) }
    }

    /// Takes the values of all parameters and buffers from a saved state; see ``Module/load(_:)``.
    public func load(_ state: [String: Tensor]) throws {
        let entries = contents.entries
        let mismatch = StateMismatch(
            expected: entries.map { (name: $0.name, shape: $0.entry.value.shape) }, found: state)
        if let mismatch { throw mismatch }
        for (name, entry) in entries {
            guard let value = state[name] else { continue }
            switch entry {
            case .parameter(let parameter): parameter.value = value
            case .buffer(let buffer): buffer.value = value
            }
        }
    }
}
