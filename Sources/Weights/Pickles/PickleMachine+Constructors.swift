import Foundation

/// What the allowed constructors make of their arguments.
extension PickleMachine {
    mutating func call(_ callee: PickleValue, with arguments: PickleValue) throws(Fault) -> PickleValue {
        let constructor: PickleConstructor
        switch callee {
        case .constructor(let named): constructor = named
        case .object(let place): constructor = .foreign("(\(heap.objects[place].kind))")
        case .name(let name): constructor = .foreign(name)
        default: throw fault("would call \(callee.kind)")
        }
        guard case .tuple(let place) = arguments else {
            throw fault("\(constructor.pythonName) is called with \(arguments.kind), expected a tuple of arguments")
        }
        let arguments = heap.sequences[place]
        switch constructor {
        case .orderedDictionary, .counter: return try dictionary(constructor, arguments)
        case .defaultDictionary:
            // The first argument makes values for absent keys.
            return try dictionary(constructor, Array(arguments.dropFirst()))
        case .encode:
            guard case .text(let text)? = arguments.first, arguments.count == 2 else { throw unexpected(arguments, of: constructor) }
            return .bytes(try latin1(text))
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
        case .rebuildTensor3:
            guard arguments.count >= 7 else { throw unexpected(arguments, of: constructor) }
            return try tensor(arguments, constructor, typeName: arguments[6])
        case .rebuildFromType:
            // A tensor of a subclass, with its attributes: (function, class, arguments, attributes).
            guard arguments.count == 4 else { throw unexpected(arguments, of: constructor) }
            switch arguments[0] {
            case .constructor(.rebuildTensor), .constructor(.rebuildTensor2), .constructor(.rebuildTensor3):
                return try call(arguments[0], with: arguments[2])
            default: return .object(heap.object(constructor, arguments, isCall: true))
            }
        case .rebuildParameter:
            guard arguments.count == 3 else { throw unexpected(arguments, of: constructor) }
            switch arguments[0] {
            case .tensor, .object: return arguments[0]
            default: throw unexpected(arguments, of: constructor)
            }
        case .storage, .untypedStorage: throw fault("would call \(constructor.pythonName)")
        default: return .object(heap.object(constructor, arguments, isCall: true))
        }
    }

    /// An object without a state yet. Dictionaries and sets are made; any other class stays a name.
    mutating func newObject(of value: PickleValue, with arguments: PickleValue) throws(Fault) -> PickleValue {
        guard case .constructor(let constructor) = value else {
            if case .object = value { return try call(value, with: arguments) }
            throw fault("would create an object of \(value.kind)")
        }
        switch constructor {
        case .orderedDictionary, .defaultDictionary, .counter, .set: return try call(value, with: arguments)
        default: break
        }
        guard case .tuple(let place) = arguments else {
            throw fault("\(constructor.pythonName) is created with \(arguments.kind), expected a tuple of arguments")
        }
        return .object(heap.object(constructor, heap.sequences[place], isCall: false))
    }

    /// The bytes that a string of Latin-1 stands for.
    private mutating func latin1(_ text: String) throws(Fault) -> Data {
        var bytes = Data(capacity: text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { throw fault("bytes are written with the character \(scalar)") }
            bytes.append(byte)
        }
        encodedBytes += bytes.count
        // Written once each, they are no more than the pickle itself.
        guard encodedBytes <= pickleSize else { throw fault("strings of bytes are repeated without end") }
        return bytes
    }

    private func unexpected(_ arguments: [PickleValue], of constructor: PickleConstructor) -> Fault {
        let kinds = arguments.prefix(8).map(\.kind).joined(separator: ", ")
        return fault("\(constructor.pythonName) is called with unexpected arguments (\(kinds))")
    }

    private mutating func dictionary(
        _ constructor: PickleConstructor, _ arguments: [PickleValue]
    ) throws(Fault) -> PickleValue {
        guard let argument = arguments.first else { return .dictionary(heap.dictionary()) }
        guard arguments.count == 1 else { throw unexpected(arguments, of: constructor) }
        if case .dictionary = argument { return argument }
        guard let pairs = heap.elements(argument) else { throw unexpected(arguments, of: constructor) }
        copiedPairs += pairs.count
        guard copiedPairs <= limits.values else { throw fault("more than \(limits.values) items are copied") }
        let place = heap.dictionary()
        for pair in pairs {
            guard let pair = heap.elements(pair), pair.count == 2 else { throw unexpected(arguments, of: constructor) }
            heap.dictionaries[place][try key(pair[0])] = pair[1]
        }
        return .dictionary(place)
    }

    /// `(storage, offset, size, stride, …)`: a view of a storage; opaque where its elements are of a type that is not read.
    ///
    /// - Parameter typeName: the elements' type where the tensor says it, and not its storage.
    private mutating func tensor(
        _ arguments: [PickleValue], _ constructor: PickleConstructor, typeName: PickleValue? = nil
    ) throws(Fault) -> PickleValue {
        if case .object = arguments[0] { return .object(heap.object(constructor, arguments, isCall: true)) }
        guard case .storage(let place) = arguments[0], case .integer(let offset) = arguments[1],
            let shape = integers(arguments[2]), let strides = integers(arguments[3])
        else { throw unexpected(arguments, of: constructor) }
        var window = heap.windows[place]
        let storage = heap.storages[window.storage]
        var type = storage.type
        if let typeName {
            guard case .name(let name) = typeName, let named = PickleConstructor.elementTypes[name] else {
                return .object(heap.object(constructor, arguments, isCall: true))
            }
            let bytes = window.elements.lowerBound * storage.type.size..<window.elements.upperBound * storage.type.size
            guard bytes.lowerBound.isMultiple(of: named.size) else { throw fault("a tensor begins within an element") }
            window = PickleHeap.Window(storage: window.storage, elements: bytes.lowerBound / named.size..<bytes.upperBound / named.size)
            type = named
        }
        do {
            let layout = try StridedLayout(
                type, window: window.elements, offset: offset, shape: shape, strides: strides,
                memory: "the storage \(JSONValue.quoted(storage.key))", axes: limits.axes)
            heap.tensors.append(PickleHeap.Tensor(storage: window.storage, layout: layout))
            return .tensor(heap.tensors.count - 1)
        } catch {
            throw fault("in a tensor, \(error.reason)")
        }
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard let elements = heap.elements(value), elements.count <= limits.axes else { return nil }
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
        guard let parts = heap.elements(identifier), (5...6).contains(parts.count), case .text("storage") = parts[0],
            case .constructor(let constructor) = parts[1], case .text(let key) = parts[2], case .integer(let count) = parts[4]
        else { throw fault("a storage is not described by (\"storage\", class, key, location, count)") }
        let type: ElementType
        switch constructor {
        case .storage(let named): type = named
        case .untypedStorage: type = .uint8
        // Complex or quantized numbers are not read here, and may not be needed.
        default: return .object(heap.object(constructor, parts, isCall: false))
        }
        // Keys name records of the archive; none may lead outside it.
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
