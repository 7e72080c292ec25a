/// A function or class that a pickle names.
///
/// Some are known, and what they would make is made here, by code of our own. All others are `foreign`: what a pickle says they are to
/// be called with is kept beside the name, and nothing is looked up, created or called.
enum PickleConstructor: Hashable, Sendable {
    case orderedDictionary
    case defaultDictionary
    case counter
    case set
    /// `_codecs.encode`: how protocol 2 writes bytes.
    case encode
    case size
    case device
    case rebuildTensor
    case rebuildTensor2
    case rebuildTensor3
    case rebuildParameter
    case rebuildFromType
    /// A storage class; it is named, never called.
    case storage(ElementType)
    /// A storage of bytes, whose elements' type each tensor says.
    case untypedStorage

    // Of NumPy and pandas. None of these is carried out: they stay tags of what follows them, for `NumPyObjects` and `FrameReader`.
    case newArray
    case arrayFromBuffer
    case array
    case arrayType
    case scalar
    case frame
    case blockManager
    case block
    case newIndex
    case index
    case rangeIndex
    case slice
    case backedArray
    case stringArray

    case foreign(String)

    init(module: String, name: String) {
        // NumPy 2 moved what NumPy 1 has in `numpy.core`; pandas 3 names its public modules.
        let module = module.hasPrefix("numpy._core.") ? "numpy.core." + module.dropFirst("numpy._core.".count) : module
        if let known = Self.known["\(module).\(name)"] {
            self = known
        } else if module == "torch" || module == "torch.cuda", let type = Self.storageTypes[name] {
            self = .storage(type)
        } else {
            self = .foreign("\(module).\(name)")
        }
    }

    private static let known: [String: PickleConstructor] = [
        "collections.OrderedDict": .orderedDictionary, "collections.defaultdict": .defaultDictionary, "collections.Counter": .counter,
        "builtins.set": .set, "__builtin__.set": .set, "builtins.frozenset": .set, "_codecs.encode": .encode,
        "torch.Size": .size, "torch.device": .device, "torch._utils._rebuild_tensor": .rebuildTensor,
        "torch._utils._rebuild_tensor_v2": .rebuildTensor2, "torch._utils._rebuild_tensor_v3": .rebuildTensor3,
        "torch._utils._rebuild_parameter": .rebuildParameter, "torch._tensor._rebuild_from_type_v2": .rebuildFromType,
        "torch.storage.UntypedStorage": .untypedStorage, "torch.UntypedStorage": .untypedStorage,
        "numpy.core.multiarray._reconstruct": .newArray, "numpy.core.numeric._frombuffer": .arrayFromBuffer, "numpy.ndarray": .array,
        "numpy.dtype": .arrayType, "numpy.core.multiarray.scalar": .scalar,
        "pandas.core.frame.DataFrame": .frame, "pandas.DataFrame": .frame,
        "pandas.core.internals.managers.BlockManager": .blockManager, "pandas._libs.internals._unpickle_block": .block,
        "pandas.core.indexes.base._new_Index": .newIndex, "pandas.core.indexes.base.Index": .index, "pandas.Index": .index,
        "pandas.core.indexes.range.RangeIndex": .rangeIndex, "pandas.RangeIndex": .rangeIndex, "builtins.slice": .slice,
        "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked": .backedArray, "pandas.core.arrays.string_.StringArray": .stringArray,
        "pandas.arrays.StringArray": .stringArray,
    ]

    /// Names in the module `torch` that stand for themselves.
    static let inertNames: Set<String> = [
        "float16", "float32", "float64", "bfloat16", "half", "float", "double", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
        "uint64", "bool", "float8_e4m3fn", "float8_e5m2", "strided",
    ]

    /// The element types that `_rebuild_tensor_v3` may name.
    static let elementTypes: [String: ElementType] = [
        "torch.float16": .float16, "torch.float32": .float32, "torch.float64": .float64, "torch.bfloat16": .bfloat16, "torch.int8": .int8,
        "torch.int16": .int16, "torch.int32": .int32, "torch.int64": .int64, "torch.uint8": .uint8, "torch.uint16": .uint16,
        "torch.uint32": .uint32, "torch.uint64": .uint64, "torch.bool": .bool, "torch.float8_e4m3fn": .float8E4M3,
        "torch.float8_e5m2": .float8E5M2,
    ]

    private static let storageTypes: [String: ElementType] = [
        "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
        "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8,
        "BoolStorage": .bool,
    ]

    var pythonName: String {
        switch self {
        case .storage(let type): "the storage class for \(type.rawValue)"
        case .foreign(let name): name
        default: Self.names[self] ?? "\(self)"
        }
    }

    /// Where several names mean one thing, the first by the alphabet; those are the older ones.
    private static let names: [PickleConstructor: String] = known.sorted { $0.key < $1.key }
        .reduce(into: [:]) { names, pair in if names[pair.value] == nil { names[pair.value] = pair.key } }
}
