import Tensors

/// A piece of a network with named parts.
///
/// A module lists its ``parts``; everything else follows from the list: the parameters that are
/// trained, the state that is saved, and the names of both. Names are dotted paths and equal the keys
/// of PyTorch's state dict where the module has a counterpart there.
///
/// ```swift
/// final class Scale: Layer {
///     let weight = Parameter(.ones([1]))
///     var parts: Parts { ["weight": weight] }
///     func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor { x * weight.value }
/// }
/// ```
///
/// The lists are built anew on every call: collect them once, not in every step.
public protocol Module: AnyObject, Part {
    /// The parameters, buffers and modules that this one is made of, each with its name, in a fixed
    /// order.
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

    /// Every parameter that is trained, with its path; frozen ones are left out. A parameter that is
    /// used in two places is listed once, under its first name.
    public var namedParameters: [NamedParameter] { parts.namedParameters }

    /// Every buffer with its path.
    public var namedBuffers: [NamedBuffer] { parts.namedBuffers }

    /// The number of values that are trained, over all parameters.
    public var parameterCount: Int {
        namedParameters.reduce(0) { $0 + $1.parameter.elementCount }
    }

    /// The values of all parameters and buffers under their names: what a checkpoint holds.
    public func state() -> [(name: String, value: Tensor)] { parts.state() }

    /// Takes the values of all parameters and buffers from a saved state.
    ///
    /// - Throws: ``StateMismatch`` that lists every missing, unexpected and misshaped tensor at once.
    ///   Nothing has been changed then.
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

    /// Freezes every parameter found in the parts, or unfreezes it.
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
    /// - Parameter exceptions: names that may be missing, unexpected or mis-shaped; see
    ///   ``LoadReport/check(exceptions:)``. What does not fit keeps its values.
    /// - Returns: how the state fitted.
    /// - Throws: ``StateMismatch`` that lists everything that does not fit and is not excepted. Nothing
    ///   has been changed then.
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

/// Every parameter and buffer of a module with its dotted path, in the order in which the module lists
/// its parts.
public struct ModuleContents {
    /// One parameter or buffer.
    public enum Entry {
        /// What an optimizer changes.
        case parameter(Parameter)
        /// What is kept and saved, and no optimizer changes.
        case buffer(Buffer)

        /// The current values.
        public var value: Tensor {
            switch self {
            case .parameter(let parameter): parameter.value
            case .buffer(let buffer): buffer.value
            }
        }
    }

    /// Names and entries. A parameter that a module holds in two places appears here twice.
    public private(set) var entries: [(name: String, entry: Entry)] = []

    init() {}

    mutating func append(_ parameter: Parameter, named name: String) {
        entries.append((name: name, entry: .parameter(parameter)))
    }

    mutating func append(_ buffer: Buffer, named name: String) {
        entries.append((name: name, entry: .buffer(buffer)))
    }

    static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : path + "." + name
    }
}

/// What a forward pass needs to know: whether it is training or evaluation, where random numbers come
/// from, and the number of the step.
///
/// It is an argument of every call and never a global, so that one program can train one model while it
/// evaluates another. Random numbers are counted, not carried: what a layer draws depends only on the
/// seed, the name of its stream and the step, so that a training that was interrupted continues with
/// the same numbers.
public struct Pass: Sendable {
    /// Whether dropout drops values and batch normalization uses and updates the statistics of the
    /// batch.
    public let isTraining: Bool
    /// Where random numbers come from; every consumer has a stream of its own.
    public let random: RandomSource
    /// The number of optimizer steps done before this pass.
    public let step: Int

    /// - Parameters:
    ///   - isTraining: whether this is a training pass.
    ///   - random: the source of everything that is drawn in the pass.
    ///   - step: the number of optimizer steps before it, from 0.
    public init(isTraining: Bool, random: RandomSource, step: Int) {
        self.isTraining = isTraining
        self.random = random
        self.step = step
    }

    /// The pass of evaluation: nothing is random, and no statistics change.
    public static let evaluation = Pass(isTraining: false, random: RandomSource(seed: 0), step: 0)

    /// The random numbers of one consumer at this step. The same name at the same step gives the same
    /// numbers, from the first one.
    public func stream(_ name: String) -> RandomStream {
        random.stream(name, step: step)
    }

    /// The same pass with other random numbers, for a second forward pass within one step.
    public func child(_ name: String) -> Pass {
        Pass(isTraining: isTraining, random: random.child(name), step: step)
    }
}
