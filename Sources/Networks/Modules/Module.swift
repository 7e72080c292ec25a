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

    /// Every parameter that is trained, with its path; frozen ones are left out. A parameter that is used in two places is listed once,
    /// under its first name.
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
    public func load(_ state: [String: Tensor]) throws(StateMismatch) {
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

    /// Every parameter that is trained, with its path; see ``Module/namedParameters``.
    public var namedParameters: [NamedParameter] {
        var seen: Set<ObjectIdentifier> = []
        return contents.entries.compactMap { name, entry in
            guard case .parameter(let parameter) = entry, parameter.isTrained, seen.insert(ObjectIdentifier(parameter)).inserted
            else {
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

    /// Freezes every parameter found in the parts, or trains it again.
    public func setTrained(_ isTrained: Bool) {
        for (_, entry) in contents.entries {
            if case .parameter(let parameter) = entry { parameter.isTrained = isTrained }
        }
    }

    /// The values of all parameters and buffers under their names.
    public func state() -> [(name: String, value: Tensor)] {
        contents.entries.map { (name: $0.name, value: $0.entry.value.detached()) }
    }

    /// The names and shapes of all parameters and buffers, in order.
    public var layout: [(name: String, shape: Shape)] {
        contents.entries.map { (name: $0.name, shape: $0.entry.value.shape) }
    }

    /// Takes the values of parameters and buffers from a saved state.
    ///
    /// - Parameter exceptions: names that may be missing, unexpected or mis-shaped; see ``LoadReport/check(exceptions:)``. What does
    ///   not fit keeps its values.
    /// - Returns: how the state fitted.
    /// - Throws: ``StateMismatch`` that lists everything that does not fit and is not excepted. Nothing has been changed then.
    @discardableResult
    public func load(_ state: [String: Tensor], exceptions: [String] = []) throws(StateMismatch) -> LoadReport {
        let report = LoadReport(expected: layout, found: state)
        try report.check(exceptions: exceptions)
        for (name, entry) in contents.entries {
            guard let value = state[name], value.shape == entry.value.shape else { continue }
            switch entry {
            case .parameter(let parameter): parameter.value = value
            case .buffer(let buffer): buffer.value = value
            }
        }
        return report
    }
}
