import Foundation

/// Carries out a pickle: a program for a stack machine that builds values.
///
/// Python's own machine calls whatever the pickle names. This one calls nothing: ``PickleConstructor``
/// lists the names whose results it makes itself. What any other name would have made stays an opaque
/// ``PickleObject``, which says the name; code that needs the value refuses it, and all other code can
/// ignore it.
struct PickleMachine {
    /// What is wrong with a pickle, at which byte of the data, and why.
    struct Fault: Error, Hashable, Sendable {
        let offset: Int
        let reason: String
    }

    let limits: ReadingLimits
    var heap: PickleHeap
    /// The number of items that dictionaries took from lists. It is bounded, because one list may be given to any number of dictionaries.
    var copiedPairs = 0
    /// The number of bytes made from strings. It is bounded, because one string may be asked for any number of times.
    var encodedBytes = 0
    /// The position of the current instruction.
    private(set) var place: Int

    private let data: Data
    private var position: Int
    private let end: Int
    var pickleSize: Int { end }
    private var stack: [PickleValue] = []
    /// The height of the stack at each open mark.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    /// Runs the pickle that begins at `start`, counted from the beginning of `data`; `next` is the byte after it.
    static func run(
        _ data: Data, from start: Int = 0, heap: PickleHeap = PickleHeap(),
        limits: ReadingLimits
    ) throws(Fault) -> (value: PickleValue, heap: PickleHeap, next: Int) {
        var machine = PickleMachine(data, from: start, heap: heap, limits: limits)
        let value = try machine.run()
        return (value, machine.heap, machine.position)
    }

    private init(_ data: Data, from start: Int, heap: PickleHeap, limits: ReadingLimits) {
        self.data = data
        self.heap = heap
        self.limits = limits
        place = start
        position = start
        end = min(data.count, start + limits.pickleBytes)
    }

    private mutating func run() throws(Fault) -> PickleValue {
        guard try byte() == PickleOpcode.version.rawValue, try byte() <= 5 else {
            throw fault("no pickle of protocol 2 to 5 begins here")
        }
        var instructions = 0
        while true {
            place = position
            instructions += 1
            guard instructions <= limits.instructions else { throw fault("the pickle has more than \(limits.instructions) instructions") }
            let byte = try byte()
            guard let opcode = PickleOpcode(rawValue: byte) else { throw fault(PickleOpcode.refusal(of: byte)) }
            if opcode == .stop {
                let value = try pop()
                guard stack.isEmpty, marks.isEmpty else { throw fault("values are left over at the end") }
                return value
            }
            try carryOut(opcode)
        }
    }

    private mutating func carryOut(_ opcode: PickleOpcode) throws(Fault) {
        switch opcode {
        case .version:
            guard try byte() <= 5 else { throw fault("the pickle's protocol is newer than 5") }
        case .frame: _ = try length(8)
        case .stop: break

        case .none: stack.append(.none)
        case .newTrue: stack.append(.truth(true))
        case .newFalse: stack.append(.truth(false))
        case .integer: stack.append(.integer(Int(try fixed(Int32.self))))
        case .integer1: stack.append(.integer(Int(try byte())))
        case .integer2: stack.append(.integer(Int(try fixed(UInt16.self))))
        case .long1: stack.append(integer(try take(Int(try byte()))))
        case .long4: stack.append(integer(try take(try length(4))))
        case .number: stack.append(.number(Double(bitPattern: try fixed(UInt64.self).byteSwapped)))
        case .text: stack.append(.text(try text(try length(4))))
        case .shortText: stack.append(.text(try text(Int(try byte()))))
        case .oldText: stack.append(oldText(try take(try length(4))))
        case .shortOldText: stack.append(oldText(try take(Int(try byte()))))
        case .text8: stack.append(.text(try text(try length(8))))
        case .bytes: stack.append(.bytes(try take(try length(4))))
        case .shortBytes: stack.append(.bytes(try take(Int(try byte()))))
        case .bytes8, .byteArray: stack.append(.bytes(try take(try length(8))))

        case .mark:
            guard marks.count < limits.nesting else { throw fault("nested more than \(limits.nesting) levels deep") }
            marks.append(stack.count)
        case .pop:
            // At a mark, the mark itself goes.
            if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
        case .popMark: _ = try popToMark()
        case .duplicate: stack.append(try top())

        case .emptyTuple: stack.append(.tuple(heap.sequence([])))
        case .tuple: stack.append(.tuple(heap.sequence(try popToMark())))
        case .tuple1: stack.append(.tuple(heap.sequence(try pop(1))))
        case .tuple2: stack.append(.tuple(heap.sequence(try pop(2))))
        case .tuple3: stack.append(.tuple(heap.sequence(try pop(3))))
        case .emptyList: stack.append(.list(heap.sequence([])))
        case .list: stack.append(.list(heap.sequence(try popToMark())))
        case .append: try append(try pop(1))
        case .appends: try append(try popToMark())
        case .emptySet: stack.append(.set(heap.sequence([])))
        case .frozenSet: stack.append(.set(heap.sequence(try popToMark())))
        case .addItems: try add(try popToMark())
        case .emptyDictionary: stack.append(.dictionary(heap.dictionary()))
        case .dictionary:
            let items = try popToMark()
            stack.append(.dictionary(heap.dictionary()))
            try set(items)
        case .setItem: try set(try pop(2))
        case .setItems: try set(try popToMark())

        case .put: try remember(Int(try byte()))
        case .longPut: try remember(Int(try fixed(UInt32.self)))
        case .memoize: try remember(memo.count)
        case .get: stack.append(try recall(Int(try byte())))
        case .longGet: stack.append(try recall(Int(try fixed(UInt32.self))))

        case .global: stack.append(try global(module: try line(), name: try line()))
        case .stackGlobal:
            let names = try pop(2)
            guard case .text(let module) = names[0], case .text(let name) = names[1] else {
                throw fault("a name is \(names[0].kind) and \(names[1].kind), expected two strings")
            }
            stack.append(try global(module: module, name: name))
        case .persistentIdentifier: stack.append(try storage(for: try pop()))
        case .reduce:
            let arguments = try pop()
            stack.append(try call(try pop(), with: arguments))
        case .newObject:
            let arguments = try pop()
            stack.append(try newObject(of: try pop(), with: arguments))
        case .newObjectWithKeywords:
            let keywords = try pop()
            let arguments = try pop()
            guard case .dictionary = keywords else { throw fault("keyword arguments are \(keywords.kind)") }
            stack.append(try newObject(of: try pop(), with: arguments))
        case .instance:
            let name = (module: try line(), name: try line())
            let arguments = PickleValue.tuple(heap.sequence(try popToMark()))
            stack.append(try newObject(of: try global(module: name.module, name: name.name), with: arguments))
        case .object:
            let values = try popToMark()
            guard let callee = values.first else { throw fault("creates an object of no class") }
            stack.append(try newObject(of: callee, with: .tuple(heap.sequence(Array(values.dropFirst())))))
        case .build:
            let state = try pop()
            switch try top() {
            case .object(let place):
                guard heap.objects[place].state == nil else { throw fault("sets the state of an object twice") }
                heap.objects[place].state = state
            // The attributes of an ordered dictionary (`_metadata` of a state dictionary), a tensor or a set. They are not needed.
            case .dictionary, .tensor, .set, .list: break
            default: throw fault("would set the state of \(try top().kind) to \(state.kind)")
            }
        }
    }

    func fault(_ reason: String) -> Fault { Fault(offset: place, reason: reason) }

    private func global(module: String, name: String) throws(Fault) -> PickleValue {
        if module == "torch", PickleConstructor.inertNames.contains(name) { return .name("torch.\(name)") }
        return .constructor(PickleConstructor(module: module, name: name))
    }
}

// MARK: - Stack and memo

extension PickleMachine {
    private func top() throws(Fault) -> PickleValue {
        guard let value = stack.last, stack.count > marks.last ?? 0 else { throw fault("takes a value from an empty stack") }
        return value
    }

    private mutating func pop() throws(Fault) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func pop(_ count: Int) throws(Fault) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw fault("takes \(count) values from a stack of fewer") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(Fault) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw fault("goes back to a mark that was never set") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func remember(_ key: Int) throws(Fault) { memo[key] = try top() }

    private func recall(_ key: Int) throws(Fault) -> PickleValue {
        guard let value = memo[key] else { throw fault("recalls the value \(key), which was never kept") }
        return value
    }

    private mutating func append(_ values: [PickleValue]) throws(Fault) {
        // What an opaque object would do with them is not known.
        if case .object = try top() { return }
        guard case .list(let place) = try top() else { throw fault("appends to \(try top().kind)") }
        heap.sequences[place] += values
    }

    private mutating func add(_ values: [PickleValue]) throws(Fault) {
        // What an opaque object would do with them is not known.
        if case .object = try top() { return }
        guard case .set(let place) = try top() else { throw fault("adds elements to \(try top().kind)") }
        heap.sequences[place] += values
    }

    private mutating func set(_ items: [PickleValue]) throws(Fault) {
        if case .object = try top() { return }
        guard case .dictionary(let place) = try top() else { throw fault("sets items of \(try top().kind)") }
        guard items.count.isMultiple(of: 2) else { throw fault("sets a key without a value") }
        for index in stride(from: 0, to: items.count, by: 2) {
            heap.dictionaries[place][try key(items[index])] = items[index + 1]
        }
    }

    mutating func key(_ value: PickleValue) throws(Fault) -> PickleKey {
        // A long key that is set many times would be hashed each time.
        if case .text(let text) = value, text.utf8.count > limits.nameBytes {
            throw fault("a dictionary's key is longer than \(limits.nameBytes) bytes")
        }
        return PickleKey(value) ?? .unnamed(numberOfUnnamedKey(), value.kind)
    }

    /// Keys without a name are all taken as different: which of them Python holds equal is not known.
    private mutating func numberOfUnnamedKey() -> Int {
        heap.unnamedKeys += 1
        return heap.unnamedKeys
    }
}

// MARK: - Operands

extension PickleMachine {
    private mutating func take(_ count: Int) throws(Fault) -> Data {
        guard count <= end - position, let part = data.part(position..<position + count) else {
            throw fault(
                end < data.count
                    ? "the pickle is longer than \(limits.pickleBytes) bytes"
                    : "needs \(count) bytes, but the data end after \(end - position)")
        }
        position += count
        return part
    }

    private mutating func byte() throws(Fault) -> UInt8 { try fixed() }

    private mutating func fixed<Integer: FixedWidthInteger>(_: Integer.Type = Integer.self) throws(Fault) -> Integer {
        let size = MemoryLayout<Integer>.size
        guard size <= end - position, let value = data.littleEndian(Integer.self, at: position) else {
            _ = try take(size)
            throw fault("the data end here")
        }
        position += size
        return value
    }

    /// A length of 4 or 8 bytes.
    private mutating func length(_ size: Int) throws(Fault) -> Int {
        let value = size == 4 ? UInt64(try fixed(UInt32.self)) : try fixed(UInt64.self)
        guard value <= UInt64(end - position) else {
            throw fault("announces \(value) bytes, but the data end after \(end - position)")
        }
        return Int(value)
    }

    private mutating func text(_ count: Int) throws(Fault) -> String {
        guard let text = String(validating: try take(count), as: UTF8.self) else { throw fault("a string is not UTF-8") }
        return text
    }

    /// A string of Python 2: text where it is UTF-8, bytes where it is not.
    private func oldText(_ bytes: Data) -> PickleValue {
        String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .bytes(bytes)
    }

    private mutating func line() throws(Fault) -> String {
        // Names are short; the bound keeps a search in large data from taking long.
        let start = position
        while try byte() != UInt8(ascii: "\n") {
            guard position - start < 256 else { throw fault("a name is longer than 256 bytes") }
        }
        guard let part = data.part(start..<position - 1), let text = String(validating: part, as: UTF8.self) else {
            throw fault("a name is not UTF-8")
        }
        return text
    }

    private func integer(_ bytes: Data) -> PickleValue {
        guard bytes.count <= 8 else { return .wideInteger(Array(bytes)) }
        let isNegative = bytes.last.map { $0 >= 0x80 } ?? false
        let bits = bytes.reversed().reduce(isNegative ? UInt64.max : 0) { $0 << 8 | UInt64($1) }
        return .integer(Int(Int64(bitPattern: bits)))
    }
}
