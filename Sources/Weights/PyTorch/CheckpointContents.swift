/// The named tensors and other values in what a pickle describes.
///
/// Names are the keys of the dictionaries on the way, joined by dots; elements of lists and tuples count as keys
/// `0`, `1`, …. Objects that a pickle describes and that nothing here can make are listed as opaque.
struct CheckpointContents {
    private(set) var tensors: [(name: String, tensor: PickleHeap.Tensor)] = []
    private(set) var values: [(name: String, text: String)] = []
    /// Values that only Python could make, by name, each with what it would be.
    private(set) var opaque: [OpaqueValue] = []
    /// Dictionaries that hold tensors themselves, by name; "" is the whole file.
    private(set) var dictionaries: [String] = []

    private let heap: PickleHeap
    private let limits: ReadingLimits
    private var visited = 0
    private var names: Set<String> = []
    private var open: Set<Int> = []
    private var plain: [Int: Bool] = [:]
    private let arrays: NumPyObjects

    /// Why the contents cannot be listed, and under which name.
    struct Fault: Error {
        let name: String
        let reason: String
    }

    init(of value: PickleValue, heap: PickleHeap, limits: ReadingLimits) throws(Fault) {
        self.heap = heap
        self.limits = limits
        arrays = NumPyObjects(heap)
        switch value {
        case .dictionary, .list, .tuple: try visit(value, name: "", depth: 0)
        case .object(let place):
            throw Fault(
                name: "",
                reason: "the file is \(heap.objects[place].kind), which is not made; save the weights alone, with "
                    + "torch.save(model.state_dict(), …)")
        default: throw Fault(name: "", reason: "the file holds \(value.kind), expected a dictionary")
        }
    }

    private mutating func visit(_ value: PickleValue, name: String, depth: Int, isAmongTensors: Bool = false) throws(Fault) {
        guard depth <= limits.nesting else { throw Fault(name: name, reason: "nested more than \(limits.nesting) levels deep") }
        try count(name)
        guard name.utf8.count <= limits.nameBytes else {
            throw Fault(name: name, reason: "the name of a value is longer than \(limits.nameBytes) bytes")
        }
        switch value {
        case .tensor(let place):
            guard names.insert(name).inserted else { throw Fault(name: name, reason: "two tensors have this name") }
            tensors.append((name, heap.tensors[place]))
        case .dictionary(let place):
            guard open.insert(-1 - place).inserted else { throw Fault(name: name, reason: "a dictionary contains itself") }
            defer { open.remove(-1 - place) }
            let entries = heap.dictionaries[place].entries
            let holdsTensors = entries.contains { if case .tensor = $0.value { true } else { false } }
            let isState =
                holdsTensors
                && entries.allSatisfy { entry in
                    switch entry.value {
                    case .tensor, .object, .constructor(.foreign): true
                    default: false
                    }
                }
            for (key, value) in entries { try visit(value, name: joined(name, key.name), depth: depth + 1, isAmongTensors: isState) }
            if holdsTensors { dictionaries.append(name) }
        case .list(let place), .tuple(let place), .set(let place):
            var budget = 16
            if let text = plainText(value, depth: 0, budget: &budget) {
                list(name, text)
                return
            }
            guard !isPlain(place) else {
                list(name, "\(value.kind) of \(heap.sequences[place].count) values")
                return
            }
            guard open.insert(place).inserted else { throw Fault(name: name, reason: "a list contains itself") }
            defer { open.remove(place) }
            for (index, element) in heap.sequences[place].enumerated() {
                try visit(element, name: joined(name, String(index)), depth: depth + 1)
            }
        case .object(let place):
            if let number = arrays.scalar(value) {
                list(name, number.text)
            } else {
                listOpaque(name, arrays.kind(value) ?? heap.objects[place].kind, isAmongTensors)
            }
        case .constructor(.foreign(let foreign)): listOpaque(name, "the name \(foreign)", isAmongTensors)
        default:
            var budget = 1
            list(name, plainText(value, depth: 0, budget: &budget) ?? value.kind)
        }
    }

    /// Whether no element is a collection or tensor, so that a long history of losses counts as one value. Each list is
    /// looked through once, however often it is named.
    private mutating func isPlain(_ place: Int) -> Bool {
        if let known = plain[place] { return known }
        let isPlain = heap.sequences[place].allSatisfy { element in
            switch element {
            case .tuple, .list, .set, .dictionary, .tensor, .object: false
            default: true
            }
        }
        plain[place] = isPlain
        return isPlain
    }

    private mutating func list(_ name: String, _ text: String) {
        if values.count < limits.listedValues { values.append((name, text)) }
    }

    private mutating func listOpaque(_ name: String, _ kind: String, _ isAmongTensors: Bool) {
        guard opaque.count < limits.listedValues else { return }
        opaque.append(OpaqueValue(name: name, kind: kind, isAmongTensors: isAmongTensors))
    }

    private mutating func count(_ name: String) throws(Fault) {
        visited += 1
        guard visited <= limits.values else { throw Fault(name: name, reason: "the file holds more than \(limits.values) values") }
    }

    private func joined(_ name: String, _ key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }

    /// A value as Python prints it; nil where it holds tensors or dictionaries, or more than `budget` values.
    private func plainText(_ value: PickleValue, depth: Int, budget: inout Int) -> String? {
        budget -= 1
        guard budget >= 0, depth < 8 else { return nil }
        switch value {
        case .none: return "None"
        case .truth(let truth): return truth ? "True" : "False"
        case .integer(let number): return String(number)
        case .wideInteger(let bytes): return "an integer of \(bytes.count) bytes"
        case .number(let number): return String(number)
        case .text(let text): return depth == 0 ? text : JSONValue.quoted(String(text.unicodeScalars.prefix(100)))
        case .bytes(let bytes): return "\(bytes.count) bytes"
        case .name(let name): return name
        case .constructor(let constructor): return constructor.pythonName
        case .object: return arrays.scalar(value)?.text
        case .storage, .tensor, .dictionary: return nil
        case .tuple(let place), .list(let place), .set(let place):
            var texts: [String] = []
            for element in heap.sequences[place] {
                guard let text = plainText(element, depth: depth + 1, budget: &budget) else { return nil }
                texts.append(text)
            }
            let inner = texts.joined(separator: ", ")
            switch value {
            case .tuple: return texts.count == 1 ? "(\(inner),)" : "(\(inner))"
            case .list: return "[\(inner)]"
            default: return "{\(inner)}"
            }
        }
    }
}

/// A value of a file that is not read: of a class or a type that only the program that wrote it knows.
package struct OpaqueValue: Hashable, Sendable {
    /// Its dotted path in the file.
    package let name: String
    /// What it would be: `an object of argparse.Namespace`.
    package let kind: String
    /// Whether it stands in a dictionary that holds tensors and nothing else but such values: a state dictionary that lacks one of its own.
    package let isAmongTensors: Bool
    /// How to write it so that it is read, where that is not what is said of any such value.
    package var remedy: String?
}

extension OpaqueValue {
    /// What to do about a value that is not read, as a sentence goes on: `in Python, …`.
    package var wayOut: String { remedy ?? "in Python, numpy.asarray(value, dtype='float32') makes an array of numbers" }
}
