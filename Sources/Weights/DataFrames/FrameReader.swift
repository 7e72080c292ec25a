import Foundation

/// Finds the columns of a frame in what its pickle describes.
///
/// A frame is a block manager; that has two axes (names of columns, numbers of rows) and blocks: arrays of `columns × rows`
/// values of one type, each with the names of its columns.
struct FrameReader {
    struct Fault: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    struct Block {
        enum Values {
            case integers([Int])
            case texts([String])
        }
        let names: [String]
        /// Row-major, `names × rows`.
        let values: Values
    }

    private let heap: PickleHeap
    private let limits: PyTorchLimits

    init(_ heap: PickleHeap, limits: PyTorchLimits) {
        self.heap = heap
        self.limits = limits
    }

    func frame(_ value: PickleValue) throws(Fault) -> (names: [String], rows: Int, blocks: [Block]) {
        let frame = try object(value, .frame, "the file")
        guard case .dictionary(let place)? = frame.state, let data = heap.dictionaries[place][.text("_data")] else {
            throw Fault("the frame has no data")
        }
        let manager = try object(data, .blockManager, "the frame's data")
        guard let state = manager.state, let parts = elements(state), parts.count >= 3, let axes = elements(parts[0]), axes.count == 2,
            let arrays = elements(parts[1]), let items = elements(parts[2]), arrays.count == items.count
        else { throw Fault("the frame's blocks are not described by axes, arrays and names") }
        let names = try self.names(axes[0])
        let rows = try rowCount(axes[1])
        var found: Set<String> = []
        var blocks: [Block] = []
        for (array, item) in zip(arrays, items) {
            let block = Block(names: try self.names(item), values: try values(array, columns: try self.names(item).count, rows: rows))
            for name in block.names {
                guard found.insert(name).inserted else { throw Fault("the column '\(shown(name))' is there twice") }
            }
            blocks.append(block)
        }
        guard found == Set(names), found.count == names.count else {
            throw Fault("the columns of the blocks are not those of the frame")
        }
        return (names, rows, blocks)
    }

    // MARK: - Axes

    /// The entries of `_new_Index(class, {…})`.
    private func index(_ value: PickleValue, _ expected: PickleConstructor) throws(Fault) -> PickleDictionary {
        let call = try object(value, .newIndex, "an axis")
        guard call.arguments.count == 2, case .constructor(let found) = call.arguments[0], found == expected,
            case .dictionary(let place) = call.arguments[1]
        else { throw Fault("an axis is no \(expected.pythonName)") }
        return heap.dictionaries[place]
    }

    private func names(_ value: PickleValue) throws(Fault) -> [String] {
        guard let data = try index(value, .index)[.text("data")] else { throw Fault("an axis has no names") }
        guard case .texts(let names) = try array(data, expecting: nil) else { throw Fault("the columns' names are no strings") }
        return names
    }

    private func rowCount(_ value: PickleValue) throws(Fault) -> Int {
        let range = try index(value, .rangeIndex)
        guard case .integer(let start)? = range[.text("start")], case .integer(let stop)? = range[.text("stop")],
            case .integer(let step)? = range[.text("step")], start == 0, step == 1, stop >= 0
        else { throw Fault("the rows are not numbered from 0") }
        return stop
    }

    // MARK: - Arrays

    private func values(_ value: PickleValue, columns: Int, rows: Int) throws(Fault) -> Block.Values {
        try array(value, expecting: [columns, rows])
    }

    /// `_reconstruct(ndarray, (0,), b'b')` with the state `(1, shape, dtype, is column-major, data)`.
    private func array(_ value: PickleValue, expecting shape: [Int]?) throws(Fault) -> Block.Values {
        let call = try object(value, .newArray, "an array")
        guard let state = call.state, let parts = elements(state), parts.count == 5, case .integer(1) = parts[0],
            let extents = elements(parts[1]), case .truth(let isColumnMajor) = parts[3]
        else { throw Fault("an array is not described by version, shape, type, order and data") }
        guard !isColumnMajor else { throw Fault("an array is stored column by column, which is not supported") }
        var found: [Int] = []
        for extent in extents {
            guard case .integer(let extent) = extent, extent >= 0 else { throw Fault("an array's shape is not made of whole numbers") }
            found.append(extent)
        }
        if let shape, found != shape { throw Fault("an array has shape \(found) where columns × rows are \(shape)") }
        guard shape != nil || found.count == 1 else { throw Fault("names have shape \(found)") }
        var count = 1
        for extent in found {
            let (product, isTooMany) = count.multipliedReportingOverflow(by: extent)
            guard !isTooMany, product <= limits.values * 16 else { throw Fault("an array of shape \(found) is larger than is read") }
            count = product
        }
        switch try typeName(parts[2]) {
        case "i8":
            guard case .bytes(let bytes) = parts[4], bytes.count == count * 8 else {
                throw Fault("an array of \(count) whole numbers does not have \(count * 8) bytes")
            }
            return .integers(
                bytes.withUnsafeBytes { bytes in
                    (0..<count).map { Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self))) }
                })
        default:
            guard case .list(let place) = parts[4], heap.sequences[place].count == count else {
                throw Fault("an array of \(count) strings does not have as many")
            }
            var texts: [String] = []
            for element in heap.sequences[place] {
                guard case .text(let text) = element else { throw Fault("an array of strings holds \(element.kind)") }
                texts.append(text)
            }
            return .texts(texts)
        }
    }

    /// `dtype(name, 0, 1)` with the state `(3, byte order, …)`: "i8" little-endian or "O8".
    private func typeName(_ value: PickleValue) throws(Fault) -> String {
        let call = try object(value, .arrayType, "an array's type")
        guard case .text(let name)? = call.arguments.first, name == "i8" || name == "O8" else {
            throw Fault("an array's elements are neither 64-bit whole numbers nor strings")
        }
        guard let state = call.state, let parts = elements(state), parts.count >= 2, case .text(let order) = parts[1],
            order == (name == "i8" ? "<" : "|")
        else { throw Fault("an array's numbers are not stored little-endian") }
        return name
    }

    // MARK: - Values

    private func object(_ value: PickleValue, _ constructor: PickleConstructor, _ place: String) throws(Fault) -> PickleObject {
        guard case .object(let number) = value, heap.objects[number].constructor == constructor else {
            throw Fault("\(place) is \(value.kind), expected \(constructor.pythonName)")
        }
        return heap.objects[number]
    }

    private func elements(_ value: PickleValue) -> [PickleValue]? {
        switch value {
        case .tuple(let place), .list(let place): heap.sequences[place]
        default: nil
        }
    }

    private func shown(_ name: String) -> String { String(name.prefix(60)) }
}
