/// What a pickle is read as: only the names that such a file needs are known.
enum PickleDialect: Hashable, Sendable {
    /// What `torch.save` writes.
    case checkpoint
    /// A pandas frame of whole numbers and strings.
    case dataFrame
}

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
    /// Of a pandas frame; none of these is carried out, they stay tags of what follows them.
    case frame
    case blockManager
    case newIndex
    case index
    case rangeIndex
    case newArray
    case array
    case arrayType

    /// The constructor of this name; nil for all that are not allowed.
    init?(module: String, name: String, dialect: PickleDialect) {
        switch dialect {
        case .checkpoint: self.init(checkpoint: module, name)
        case .dataFrame: self.init(dataFrame: module, name)
        }
    }

    private init?(dataFrame module: String, _ name: String) {
        switch (module, name) {
        case ("pandas.core.frame", "DataFrame"): self = .frame
        case ("pandas.core.internals.managers", "BlockManager"): self = .blockManager
        case ("pandas.core.indexes.base", "_new_Index"): self = .newIndex
        case ("pandas.core.indexes.base", "Index"): self = .index
        case ("pandas.core.indexes.range", "RangeIndex"): self = .rangeIndex
        case ("numpy.core.multiarray", "_reconstruct"): self = .newArray
        case ("numpy", "ndarray"): self = .array
        case ("numpy", "dtype"): self = .arrayType
        default: return nil
        }
    }

    private init?(checkpoint module: String, _ name: String) {
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
        case .frame: "pandas.core.frame.DataFrame"
        case .blockManager: "pandas.core.internals.managers.BlockManager"
        case .newIndex: "pandas.core.indexes.base._new_Index"
        case .index: "pandas.core.indexes.base.Index"
        case .rangeIndex: "pandas.core.indexes.range.RangeIndex"
        case .newArray: "numpy.core.multiarray._reconstruct"
        case .array: "numpy.ndarray"
        case .arrayType: "numpy.dtype"
        }
    }
}
