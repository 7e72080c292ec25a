import Tensors

/// Every parameter and buffer of a module with its dotted path, in the order in which the module lists its parts.
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

    /// Names and entries. A parameter that a module holds in two places stands here twice.
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
