import Foundation

/// What NumPy's own objects in a pickle are: element types, arrays and scalars.
///
/// NumPy writes an array as `_reconstruct(ndarray, (0,), b'b')` with the state `(version, shape, type, is column-major, data)`, in protocol
/// 5 as `_frombuffer(data, type, shape, order)`, and a scalar as `scalar(type, data)`. NumPy 2 differs from 1 in names of modules only.
struct NumPyObjects {
    /// Why something that NumPy wrote cannot be read.
    struct Fault: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    /// An array's elements.
    enum Contents {
        case numbers(StridedLayout, Data)
        case texts([String])
        /// Values of Python, of any kind.
        case objects([PickleValue])
    }

    let heap: PickleHeap

    init(_ heap: PickleHeap) { self.heap = heap }

    // MARK: - Element types

    private func elements(_ value: PickleValue) throws(Fault) -> NumPyType {
        guard let call = object(value, .arrayType), case .text(let name)? = call.arguments.first else {
            throw Fault("an array's element type is \(kindOf(value))")
        }
        var order = "|"
        if let state = call.state, let parts = heap.elements(state), parts.count >= 2, case .text(let stated) = parts[1] { order = stated }
        guard let type = NumPyType(name, order: order) else { throw Fault("elements of NumPy's type '\(name.prefix(40))' are not read") }
        return type
    }

    // MARK: - Arrays

    /// The array that a value is; nil where it is none.
    func array(_ value: PickleValue) throws(Fault) -> (shape: [Int], contents: Contents)? {
        if let call = object(value, .newArray) {
            guard let state = call.state, let parts = heap.elements(state), parts.count == 5, let shape = shape(parts[1]),
                case .truth(let isColumnMajor) = parts[3]
            else { throw Fault("an array is not described by version, shape, type, order and data") }
            return (shape, try contents(parts[4], shape: shape, type: try elements(parts[2]), isColumnMajor: isColumnMajor))
        }
        if let call = object(value, .arrayFromBuffer) {
            guard call.arguments.count == 4, let shape = shape(call.arguments[2]), case .text(let order) = call.arguments[3] else {
                throw Fault("an array is not described by data, type, shape and order")
            }
            return (
                shape, try contents(call.arguments[0], shape: shape, type: try elements(call.arguments[1]), isColumnMajor: order == "F")
            )
        }
        return nil
    }

    private func contents(_ data: PickleValue, shape: [Int], type: NumPyType, isColumnMajor: Bool) throws(Fault) -> Contents {
        if case .objects = type {
            guard case .list(let place) = data, heap.sequences[place].count == StridedLayout.elementCount(of: shape) else {
                throw Fault("an array of \(shape) objects does not have as many")
            }
            let values = heap.sequences[place]
            var texts: [String] = []
            for value in values {
                guard case .text(let text) = value else { return .objects(values) }
                texts.append(text)
            }
            return .texts(texts)
        }
        let bytes: Data
        switch data {
        case .bytes(let data): bytes = data
        // What Python 2 wrote as a string, and what happens to be UTF-8.
        case .text(let text): bytes = Data(text.utf8)
        default: throw Fault("an array's data are \(kindOf(data))")
        }
        do {
            switch type {
            case .numbers(let type, let isBigEndian):
                return .numbers(
                    try StridedLayout(packed: type, isBigEndian: isBigEndian, shape: shape, isColumnMajor: isColumnMajor, byteCount: bytes.count),
                    bytes)
            case .texts(let encoding):
                guard shape.count <= 1 else { throw Fault("texts have shape \(shape)") }
                return .texts(try encoding.texts(in: bytes, count: shape.first ?? 1))
            case .objects: return .objects([])
            }
        } catch let error as StridedLayout.Fault {
            throw Fault(error.reason)
        } catch let error as NumPyType.Fault {
            throw Fault(error.reason)
        } catch {
            throw Fault("\(error)")
        }
    }

    private func shape(_ value: PickleValue) -> [Int]? {
        guard let extents = heap.elements(value), extents.count <= ReadingLimits().axes else { return nil }
        var shape: [Int] = []
        for extent in extents {
            guard let extent = integer(extent), extent >= 0 else { return nil }
            shape.append(extent)
        }
        return shape
    }

    // MARK: - Scalars

    /// A number of Python or NumPy.
    enum Number {
        case integer(Int)
        case double(Double)
        case truth(Bool)

        /// As Python prints it.
        var text: String {
            switch self {
            case .integer(let value): String(value)
            case .double(let value): String(value)
            case .truth(let value): value ? "True" : "False"
            }
        }
    }

    /// The number that NumPy's `scalar(type, data)` stands for; nil for anything else.
    func scalar(_ value: PickleValue) -> Number? {
        guard let call = object(value, .scalar), call.arguments.count == 2, case .bytes(let bytes) = call.arguments[1],
            case .numbers(let type, let isBigEndian)? = try? elements(call.arguments[0]),
            let layout = try? StridedLayout(packed: type, isBigEndian: isBigEndian, shape: [], byteCount: bytes.count)
        else { return nil }
        let element = layout.rowMajor(bytes)
        if type == .bool { return .truth(element.first != 0) }
        if type.isInteger { return type.integers(in: element)?.first.map { .integer($0) } }
        return type.doubles(in: element).first.map { .double($0) }
    }

    /// The text that NumPy's `scalar(type, data)` stands for; nil for anything else.
    func text(_ value: PickleValue) -> String? {
        guard let call = object(value, .scalar), call.arguments.count == 2, case .bytes(let bytes) = call.arguments[1],
            case .texts(let encoding)? = try? elements(call.arguments[0])
        else { return nil }
        return try? encoding.texts(in: bytes, count: 1).first
    }

    /// A whole number of Python or NumPy.
    func integer(_ value: PickleValue) -> Int? {
        if case .integer(let number) = value { return number }
        if case .integer(let number)? = scalar(value) { return number }
        return nil
    }

    // MARK: - Words

    /// What an array is, for lists of contents; nil where the value is none.
    func kind(_ value: PickleValue) -> String? {
        guard let call = object(value, .newArray) ?? object(value, .arrayFromBuffer) else { return nil }
        let parts = call.state.flatMap { heap.elements($0) } ?? call.arguments
        let type = parts.lazy.compactMap { part -> String? in
            guard let type = object(part, .arrayType), case .text(let name)? = type.arguments.first else { return nil }
            return name
        }.first
        let shape = parts.lazy.compactMap { part -> [Int]? in if case .tuple = part { self.shape(part) } else { nil } }.first
        return "a NumPy array of type \(type ?? "unknown") and shape \(shape ?? [])"
    }

    private func object(_ value: PickleValue, _ constructor: PickleConstructor) -> PickleObject? {
        guard case .object(let place) = value, heap.objects[place].constructor == constructor else { return nil }
        return heap.objects[place]
    }

    func kindOf(_ value: PickleValue) -> String {
        if case .object(let place) = value { heap.objects[place].kind } else { value.kind }
    }
}
