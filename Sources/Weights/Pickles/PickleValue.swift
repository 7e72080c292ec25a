import Foundation

/// A value that a pickle describes. Collections are numbers of places in a ``PickleHeap``.
///
/// So a value that contains itself is not a cycle of references, and releasing deeply nested values needs no stack.
enum PickleValue: Sendable {
    case none
    case truth(Bool)
    case integer(Int)
    /// An integer beyond 64 bits: little-endian, two's complement.
    case wideInteger([UInt8])
    case number(Double)
    case text(String)
    /// A part of the pickle's own data, not a copy.
    case bytes(Data)
    case tuple(Int)
    case list(Int)
    case set(Int)
    case dictionary(Int)
    case constructor(PickleConstructor)
    /// Something named that carries no data: an element type, a device.
    case name(String)
    case storage(Int)
    case tensor(Int)
    /// A call or an object that was described but not carried out.
    case object(Int)

    /// What kind of value this is, for messages.
    var kind: String {
        switch self {
        case .none: "None"
        case .truth: "a truth value"
        case .integer, .wideInteger: "an integer"
        case .number: "a number"
        case .text: "a string"
        case .bytes: "bytes"
        case .tuple: "a tuple"
        case .list: "a list"
        case .set: "a set"
        case .dictionary: "a dictionary"
        case .constructor(let constructor): constructor.pythonName
        case .name(let name): name
        case .storage: "a storage"
        case .tensor: "a tensor"
        case .object: "an object"
        }
    }
}

/// What a dictionary's key may be.
enum PickleKey: Hashable, Sendable {
    case none
    case truth(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    /// Any other value, told apart by a number, with what kind of value it is.
    case unnamed(Int, String)

    init?(_ value: PickleValue) {
        switch value {
        case .none: self = .none
        case .truth(let value): self = .truth(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .text(let value): self = .text(value)
        default: return nil
        }
    }

    /// The key as a part of a dotted name.
    var name: String {
        switch self {
        case .none: "None"
        case .truth(let value): value ? "True" : "False"
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .text(let value): value
        case .unnamed(let number, let kind): "(\(kind), number \(number))"
        }
    }
}

/// A dictionary that keeps the order of its keys, as Python's do.
struct PickleDictionary: Sendable {
    private(set) var entries: [(key: PickleKey, value: PickleValue)] = []
    private var places: [PickleKey: Int] = [:]

    subscript(key: PickleKey) -> PickleValue? {
        get { places[key].map { entries[$0].value } }
        set {
            guard let newValue else { return }
            if let place = places[key] {
                entries[place].value = newValue
            } else {
                places[key] = entries.count
                entries.append((key, newValue))
            }
        }
    }
}

/// A call or an object as a pickle describes it: nothing of it has been carried out.
struct PickleObject: Sendable {
    let constructor: PickleConstructor
    let arguments: [PickleValue]
    /// Whether Python would call a function or class; otherwise it would create an object without a call.
    let isCall: Bool
    var state: PickleValue?

    /// What it would have become, for messages and lists.
    var kind: String {
        // How protocols 0 to 2 write objects: copyreg._reconstructor(class, base, state).
        let makers: [PickleConstructor] = [.foreign("copy_reg._reconstructor"), .foreign("copyreg._reconstructor")]
        if makers.contains(constructor), case .constructor(let type)? = arguments.first { return "an object of \(type.pythonName)" }
        return isCall ? "what \(constructor.pythonName) would return" : "an object of \(constructor.pythonName)"
    }
}

/// The memory that one or more tensors of a checkpoint look into, as the pickle declares it.
struct PyTorchStorage: Hashable, Sendable {
    /// Its name in the file.
    let key: String
    let type: ElementType
    /// Elements.
    let count: Int

    /// Bytes; the machine declares no storage for which this overflows.
    var byteCount: Int { count * type.size }
}

/// The collections, storages and tensors that a pickle describes. Its size is
/// bounded by the pickle's.
struct PickleHeap: Sendable {
    /// Tuples, lists and sets.
    var sequences: [[PickleValue]] = []
    var dictionaries: [PickleDictionary] = []
    var storages: [PyTorchStorage] = []
    /// What `PickleValue.storage` stands for.
    var windows: [Window] = []
    var tensors: [Tensor] = []
    /// Calls and objects that were not carried out.
    var objects: [PickleObject] = []
    /// How many dictionary keys were met that have no name.
    var unnamedKeys = 0
    private var storagePlaces: [String: Int] = [:]

    /// A storage, or a part of one.
    struct Window: Sendable {
        let storage: Int
        let elements: Range<Int>
    }

    /// A view of a storage.
    struct Tensor: Sendable {
        let storage: Int
        let layout: StridedLayout
    }

    mutating func sequence(_ elements: [PickleValue]) -> Int {
        sequences.append(elements)
        return sequences.count - 1
    }

    mutating func object(_ constructor: PickleConstructor, _ arguments: [PickleValue], isCall: Bool) -> Int {
        objects.append(PickleObject(constructor: constructor, arguments: arguments, isCall: isCall))
        return objects.count - 1
    }

    /// The elements of a tuple or list; nil for anything else.
    func elements(_ value: PickleValue) -> [PickleValue]? {
        switch value {
        case .tuple(let place), .list(let place): sequences[place]
        default: nil
        }
    }

    mutating func dictionary() -> Int {
        dictionaries.append(PickleDictionary())
        return dictionaries.count - 1
    }

    /// The place of the storage with this one's key: one storage may serve many tensors. Nil where an earlier
    /// declaration of the key differs.
    mutating func storage(_ storage: PyTorchStorage) -> Int? {
        if let place = storagePlaces[storage.key] {
            return storages[place] == storage ? place : nil
        }
        storages.append(storage)
        storagePlaces[storage.key] = storages.count - 1
        return storages.count - 1
    }
}
