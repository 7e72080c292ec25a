import Foundation

/// The arrays in what a pickle describes: a file of Python's `pickle`, or one of `torch.save`.
///
/// Names are the keys of the dictionaries on the way, joined by dots. Arrays are NumPy's and PyTorch's, lists of numbers, lists of strings,
/// and lists of arrays of one shape, or of sequences of different lengths, which are the rows of one. All else is opaque.
struct PickledArrays: ArraySource {
    let format: String
    private(set) var entries: [ArrayFile.Entry] = []
    private(set) var opaque: [OpaqueValue] = []

    private enum Found: Sendable {
        case array(any StoredArray)
        case texts([String])
    }

    private let file: String
    private var found: [String: Found] = [:]

    /// Values of a list that may have names of their own.
    private static let mostSingle = 1000

    /// The state of the search through the contents.
    private struct Contents {
        let heap: PickleHeap
        let numbers: NumPyObjects
        let storages: [Data]
        let limits: ReadingLimits
        var visited = 0
        var open: Set<Int> = []
    }

    /// Reads a file of `pickle.dump`, or of `torch.save` before PyTorch 1.6.
    init(pickle data: Data, file: String, limits: ReadingLimits = .arrays) throws(WeightsFault) {
        // The older format of PyTorch begins with a pickle of its magic number, an integer of ten bytes.
        if data.part(2..<4)?.elementsEqual([PickleOpcode.long1.rawValue, 10]) == true {
            try self.init(try LoadedPickle.legacy(data, file: file, limits: limits), format: "PyTorch legacy", file: file, limits: limits)
            return
        }
        let loaded: (value: PickleValue, heap: PickleHeap, next: Int)
        do throws(PickleMachine.Fault) {
            loaded = try PickleMachine.run(data, limits: limits)
        } catch {
            throw WeightsFault(file: file, offset: error.offset, reason: error.reason)
        }
        let pickle = LoadedPickle(value: loaded.value, heap: loaded.heap, storages: [], pickleName: "pickle")
        try self.init(pickle, format: "pickle", file: file, limits: limits)
    }

    /// Reads a file of `torch.save`.
    init(torch data: Data, file: String, limits: ReadingLimits = .arrays) throws(WeightsFault) {
        try self.init(try LoadedPickle.zip(data, file: file, limits: limits), format: "PyTorch", file: file, limits: limits)
    }

    private init(_ pickle: LoadedPickle, format: String, file: String, limits: ReadingLimits) throws(WeightsFault) {
        self.format = format
        self.file = file
        var contents = Contents(
            heap: pickle.heap, numbers: NumPyObjects(pickle.heap), storages: pickle.storages, limits: limits)
        try visit(pickle.value, name: "", depth: 0, &contents)
    }

    func array(_ name: String) throws(WeightsFault) -> any StoredArray {
        guard case .array(let array)? = found[name] else { throw WeightsFault(file: file, place: name, reason: "the file has no such array") }
        return array
    }

    func texts(_ name: String) throws(WeightsFault) -> [String] {
        if case .texts(let texts)? = found[name] { texts } else { [] }
    }

    // MARK: - Looking through the contents

    private mutating func visit(_ value: PickleValue, name: String, depth: Int, _ contents: inout Contents) throws(WeightsFault) {
        contents.visited += 1
        guard contents.visited <= contents.limits.values, depth <= contents.limits.nesting, name.utf8.count <= contents.limits.nameBytes else {
            throw WeightsFault(
                file: file, place: "value \(JSONValue.quoted(String(name.prefix(200))))", reason: "the file holds too many values, or too deep")
        }
        if let found = try found(value, name: name, contents) {
            add(found, name: name.isEmpty ? ArrayFile.onlyName : name)
            // Arrays that differ in length may be sequences, or parts such as those for training and for the test.
            guard case .array(let array) = found, array.stepCounts != nil, array.rowCount <= Self.mostSingle else { return }
        }
        switch value {
        case .dictionary(let place):
            guard contents.open.insert(-1 - place).inserted else { return leave(name, "a dictionary that contains itself") }
            defer { contents.open.remove(-1 - place) }
            for (key, value) in contents.heap.dictionaries[place].entries {
                try visit(value, name: name.isEmpty ? key.name : "\(name).\(key.name)", depth: depth + 1, &contents)
            }
        case .list(let place), .tuple(let place):
            guard contents.open.insert(place).inserted else { return leave(name, "a list that contains itself") }
            defer { contents.open.remove(place) }
            let elements = contents.heap.sequences[place]
            // A list of arrays that do not fit each other, or of mixed values.
            guard elements.count <= Self.mostSingle else { return leave(name, "a list of \(elements.count) values that are not rows of one array") }
            for (index, element) in elements.enumerated() {
                try visit(element, name: name.isEmpty ? "\(index)" : "\(name).\(index)", depth: depth + 1, &contents)
            }
        case .object, .constructor:
            leave(name, contents.numbers.kind(value) ?? contents.numbers.kindOf(value))
        default: break
        }
    }

    private mutating func add(_ value: Found, name: String) {
        guard found.updateValue(value, forKey: name) == nil else { return }
        switch value {
        case .array(let array): entries.append(ArrayFile.Entry(name: name, type: array.type, shape: array.shape))
        case .texts(let texts): entries.append(ArrayFile.Entry(name: name, type: nil, shape: [texts.count]))
        }
    }

    private mutating func leave(_ name: String, _ kind: String) {
        guard opaque.count < ReadingLimits().listedValues else { return }
        let remedy =
            kind.hasPrefix("an object of pandas.")
            ? "in pandas, frame.to_numpy('float32') makes an array of numbers, and frame.to_csv('table.csv', index=False) a table for the option manifest" : nil
        opaque.append(OpaqueValue(name: name, kind: kind, isAmongTensors: false, remedy: remedy))
    }

    /// The array or list of strings that a value is; nil for anything else.
    private func found(_ value: PickleValue, name: String, _ contents: Contents) throws(WeightsFault) -> Found? {
        switch value {
        case .tensor(let place):
            let tensor = contents.heap.tensors[place]
            return .array(MappedArray(file: file, name: name, layout: tensor.layout, data: contents.storages[tensor.storage]))
        case .object:
            let array: (shape: [Int], contents: NumPyObjects.Contents)?
            do throws(NumPyObjects.Fault) {
                array = try contents.numbers.array(value)
            } catch {
                // Of a type that is not read; the message names it when somebody asks for it.
                return nil
            }
            switch array?.contents {
            case .numbers(let layout, let data)?: return .array(MappedArray(file: file, name: name, layout: layout, data: data))
            case .texts(let texts)?: return .texts(texts)
            case .objects: return nil
            case nil:
                if let text = contents.numbers.text(value) { return .texts([text]) }
                return contents.numbers.scalar(value).flatMap { scalar($0, name: name) }
            }
        // A single number or text is what one sample of many has for a label.
        case .integer(let number): return scalar(.integer(number), name: name)
        case .number(let number): return scalar(.double(number), name: name)
        case .truth(let truth): return scalar(.truth(truth), name: name)
        case .text(let text): return .texts([text])
        case .list(let place), .tuple(let place): return try rows(contents.heap.sequences[place], name: name, contents)
        default: return nil
        }
    }

    /// Elements as the rows of one array: numbers, strings, or arrays of one shape.
    private func rows(_ elements: [PickleValue], name: String, _ contents: Contents) throws(WeightsFault) -> Found? {
        guard let first = elements.first else { return nil }
        switch first {
        case .text:
            let texts = elements.compactMap { if case .text(let text) = $0 { text } else { nil } }
            return texts.count == elements.count ? .texts(texts) : nil
        case .list, .tuple, .dictionary: return nil
        default: break
        }
        let integers = elements.compactMap { contents.numbers.integer($0) }
        if integers.count == elements.count {
            return .array(vector(integers.map { Int64($0).littleEndian }, .int64, name: name))
        }
        let doubles = elements.compactMap { element -> Double? in
            if case .number(let number) = element { return number }
            return switch contents.numbers.scalar(element) {
            case .double(let number)?: number
            case .integer(let number)?: Double(number)
            default: contents.numbers.integer(element).map { Double($0) }
            }
        }
        if doubles.count == elements.count {
            return .array(vector(doubles.map { $0.bitPattern.littleEndian }, .float64, name: name))
        }
        var arrays: [any StoredArray] = []
        for (index, element) in elements.enumerated() {
            guard case .array(let array)? = try found(element, name: "\(name).\(index)", contents) else { return nil }
            arrays.append(array)
        }
        // Arrays that do not fit each other stay single arrays.
        return StackedArray(arrays, file: file, name: name).map { .array($0) }
    }

    private func scalar(_ number: NumPyObjects.Number, name: String) -> Found? {
        let (type, bits): (ElementType, UInt64) =
            switch number {
            case .integer(let value): (.int64, UInt64(bitPattern: Int64(value)))
            case .double(let value): (.float64, value.bitPattern)
            case .truth(let value): (.bool, value ? 1 : 0)
            }
        let data = withUnsafeBytes(of: bits.littleEndian) { Data($0.prefix(type.size)) }
        return (try? StridedLayout(packed: type, shape: [], byteCount: data.count)).map {
            .array(MappedArray(file: file, name: name, layout: $0, data: data))
        }
    }

    private func vector<Bits>(_ elements: [Bits], _ type: ElementType, name: String) -> any StoredArray {
        let data = elements.withUnsafeBytes { Data($0) }
        return MappedArray(file: file, name: name, layout: StridedLayout(vector: type, count: elements.count), data: data)
    }
}
