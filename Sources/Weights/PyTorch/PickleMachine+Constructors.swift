/// What the allowed constructors make of their arguments.
extension PickleMachine {
    mutating func call(_ callee: PickleValue, with arguments: PickleValue) throws(Fault) -> PickleValue {
        guard case .constructor(let constructor) = callee else { throw fault("would call \(callee.kind)") }
        guard case .tuple(let place) = arguments else {
            throw fault("\(constructor.pythonName) is called with \(arguments.kind), expected a tuple of arguments")
        }
        let arguments = heap.sequences[place]
        switch constructor {
        case .orderedDictionary, .counter: return try dictionary(constructor, arguments)
        case .set:
            // The list has no other owner, so the set may take its place; copying would let a pickle of a few bytes
            // ask for many.
            guard arguments.count == 1, case .list(let place) = arguments[0] else { throw unexpected(arguments, of: constructor) }
            return .set(place)
        case .size:
            guard arguments.count == 1, case .tuple = arguments[0] else { throw unexpected(arguments, of: constructor) }
            return arguments[0]
        case .device:
            guard let argument = arguments.first, case .text(let name) = argument, arguments.count <= 2 else {
                throw unexpected(arguments, of: constructor)
            }
            return .name(name)
        case .rebuildTensor:
            guard arguments.count == 4 else { throw unexpected(arguments, of: constructor) }
            return try tensor(arguments, constructor)
        case .rebuildTensor2:
            guard (6...7).contains(arguments.count) else { throw unexpected(arguments, of: constructor) }
            return try tensor(arguments, constructor)
        case .rebuildParameter:
            guard arguments.count == 3, case .tensor = arguments[0] else { throw unexpected(arguments, of: constructor) }
            return arguments[0]
        case .newIndex, .newArray, .arrayType: return .object(heap.object(constructor, arguments))
        case .storage, .frame, .blockManager, .index, .rangeIndex, .array: throw fault("would call \(constructor.pythonName)")
        }
    }

    /// An object without a state yet, of the two classes that frames make this way.
    mutating func newObject(of value: PickleValue, with arguments: PickleValue) throws(Fault) -> PickleValue {
        guard case .constructor(let constructor) = value, constructor == .frame || constructor == .blockManager else {
            throw fault("would create an object of \(value.kind)")
        }
        guard case .tuple(let place) = arguments, heap.sequences[place].isEmpty else {
            throw fault("\(constructor.pythonName) is created with arguments")
        }
        return .object(heap.object(constructor, []))
    }

    private func unexpected(_ arguments: [PickleValue], of constructor: PickleConstructor) -> Fault {
        let kinds = arguments.prefix(8).map(\.kind).joined(separator: ", ")
        return fault("\(constructor.pythonName) is called with unexpected arguments (\(kinds))")
    }

    /// The elements of a tuple or list.
    private func elements(_ value: PickleValue) -> [PickleValue]? {
        switch value {
        case .tuple(let place), .list(let place): heap.sequences[place]
        default: nil
        }
    }

    private mutating func dictionary(
        _ constructor: PickleConstructor, _ arguments: [PickleValue]
    ) throws(Fault) -> PickleValue {
        guard let argument = arguments.first else { return .dictionary(heap.dictionary()) }
        guard arguments.count == 1 else { throw unexpected(arguments, of: constructor) }
        if case .dictionary = argument { return argument }
        guard let pairs = elements(argument) else { throw unexpected(arguments, of: constructor) }
        copiedPairs += pairs.count
        guard copiedPairs <= limits.values else { throw fault("more than \(limits.values) items are copied") }
        let place = heap.dictionary()
        for pair in pairs {
            guard let pair = elements(pair), pair.count == 2 else { throw unexpected(arguments, of: constructor) }
            heap.dictionaries[place][try key(pair[0])] = pair[1]
        }
        return .dictionary(place)
    }

    /// `(storage, offset, size, stride, …)`: a view of a storage.
    private mutating func tensor(_ arguments: [PickleValue], _ constructor: PickleConstructor) throws(Fault) -> PickleValue {
        guard case .storage(let place) = arguments[0], case .integer(let offset) = arguments[1],
            let shape = integers(arguments[2]), let strides = integers(arguments[3])
        else { throw unexpected(arguments, of: constructor) }
        let window = heap.windows[place]
        do {
            let view = try PyTorchView(
                storage: window.storage, of: heap.storages[window.storage], window: window.elements, offset: offset, shape: shape,
                strides: strides, axes: limits.axes)
            heap.views.append(view)
            return .tensor(heap.views.count - 1)
        } catch {
            throw fault("in a tensor, \(error.reason)")
        }
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard let elements = elements(value), elements.count <= limits.axes else { return nil }
        var result: [Int] = []
        for element in elements {
            guard case .integer(let number) = element else { return nil }
            result.append(number)
        }
        return result
    }

    /// The storage that a persistent identifier stands for: `("storage", class, key, location, count)`, in the older
    /// format with a sixth element, `(key, offset, count)`, for a storage that is a part of another.
    mutating func storage(for identifier: PickleValue) throws(Fault) -> PickleValue {
        guard let parts = elements(identifier), (5...6).contains(parts.count), case .text("storage") = parts[0],
            case .constructor(.storage(let type)) = parts[1], case .text(let key) = parts[2], case .integer(let count) = parts[4]
        else { throw fault("a storage is not described by (\"storage\", class, key, location, count)") }
        // Keys name records of the archive; none of them has to be looked for elsewhere.
        guard (1...64).contains(key.utf8.count), key.utf8.allSatisfy({ $0 == 0x5f || $0 == 0x2d || Self.isAlphanumeric($0) }) else {
            throw fault("the storage key \(JSONValue.quoted(String(key.prefix(80)))) is not made of letters and digits")
        }
        guard count >= 0, count <= Int.max / 16 else { throw fault("the storage \(JSONValue.quoted(key)) would have \(count) elements") }
        let declared = PyTorchStorage(key: key, type: type, count: count)
        guard let place = heap.storage(declared) else {
            throw fault("the storage \(JSONValue.quoted(key)) is described in two ways")
        }
        var elements = 0..<count
        if parts.count == 6, case .tuple(let window) = parts[5] {
            let window = heap.sequences[window]
            guard window.count == 3, case .integer(let offset) = window[1], case .integer(let length) = window[2], offset >= 0,
                length >= 0, offset <= count, length <= count - offset
            else { throw fault("a part of the storage \(JSONValue.quoted(key)) lies outside it") }
            elements = offset..<offset + length
        } else if parts.count == 6 {
            guard case .none = parts[5] else { throw fault("a part of a storage is described by \(parts[5].kind)") }
        }
        heap.windows.append(PickleHeap.Window(storage: place, elements: elements))
        return .storage(heap.windows.count - 1)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: false
        }
    }
}
