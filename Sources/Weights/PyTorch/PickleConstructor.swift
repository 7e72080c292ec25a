/// The functions and classes that a pickle may call. There are no others: a pickle that names anything else is
/// refused where it names it, and these are carried out here, by code of our own.
enum PickleConstructor: Hashable, Sendable {
    case orderedDictionary
    case counter
    case set
    case size
    case device
    case rebuildTensor
    case rebuildTensor2
    case rebuildParameter
    /// A storage class; it is named, never called.
    case storage(ElementType)

    /// The constructor of this name; nil for all that are not allowed.
    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("collections", "Counter"): self = .counter
        case ("builtins", "set"), ("__builtin__", "set"): self = .set
        case ("torch", "Size"): self = .size
        case ("torch", "device"): self = .device
        case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor2
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", _), ("torch.cuda", _):
            guard let type = Self.storageTypes[name] else { return nil }
            self = .storage(type)
        default: return nil
        }
    }

    /// Names in the module `torch` that stand for themselves.
    static let inertNames: Set<String> = [
        "float16", "float32", "float64", "bfloat16", "half", "float", "double", "int8", "int16", "int32", "int64", "uint8", "bool",
        "strided",
    ]

    private static let storageTypes: [String: ElementType] = [
        "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
        "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8,
        "BoolStorage": .bool,
    ]

    var pythonName: String {
        switch self {
        case .orderedDictionary: "collections.OrderedDict"
        case .counter: "collections.Counter"
        case .set: "builtins.set"
        case .size: "torch.Size"
        case .device: "torch.device"
        case .rebuildTensor: "torch._utils._rebuild_tensor"
        case .rebuildTensor2: "torch._utils._rebuild_tensor_v2"
        case .rebuildParameter: "torch._utils._rebuild_parameter"
        case .storage(let type): "the storage class for \(type.rawValue)"
        }
    }
}
