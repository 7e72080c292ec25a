import Foundation

/// A pandas frame, as `DataFrame.to_pickle` of pandas 1, 2 and 3 writes it: its columns of numbers and strings.
///
/// Nothing in the file is executed: names stay tags (``PickleConstructor``), and a column of another type is refused when it is asked
/// for. Anything may be in the file; every fault is thrown, with the file and the reason.
package struct DataFrameFile: Sendable {
    /// The file as the caller named it.
    package let path: String
    /// The columns' names, in the frame's order.
    package let columnNames: [String]
    package let rowCount: Int

    private let columns: [String: FrameReader.Column]

    /// Opens the file at `path`.
    package init(_ path: String, limits: ReadingLimits = ReadingLimits()) throws(WeightsFault) {
        try self.init(Data(mapping: path), named: path, limits: limits)
    }

    /// Takes the content of a file from memory; `name` stands for the file in messages.
    package init(_ data: Data, named name: String, limits: ReadingLimits = ReadingLimits()) throws(WeightsFault) {
        let loaded: (value: PickleValue, heap: PickleHeap, next: Int)
        do throws(PickleMachine.Fault) {
            loaded = try PickleMachine.run(data, limits: limits)
        } catch {
            throw WeightsFault(file: name, offset: error.offset, reason: error.reason)
        }
        do throws(FrameReader.Fault) {
            let frame = try FrameReader(loaded.heap, limits: limits).frame(loaded.value)
            path = name
            columnNames = frame.names
            rowCount = frame.rows
            columns = frame.columns
        } catch {
            throw WeightsFault(file: name, reason: "\(error.reason); \(Self.remedy)")
        }
    }

    /// The values of a column of whole numbers, one per row.
    package func integers(_ column: String) throws(WeightsFault) -> [Int] {
        switch try found(column) {
        case .integers(let values): return values
        case .numbers: throw fault("the column '\(column)' holds fractions, not whole numbers")
        case .texts: throw fault("the column '\(column)' holds strings, not whole numbers")
        case .opaque(let kind): throw fault("the column '\(column)' holds \(kind), not whole numbers; \(Self.remedy)")
        }
    }

    /// The values of a column of strings, one per row.
    package func texts(_ column: String) throws(WeightsFault) -> [String] {
        switch try found(column) {
        case .texts(let values): return values
        case .integers: throw fault("the column '\(column)' holds whole numbers, not strings")
        case .numbers: throw fault("the column '\(column)' holds fractions, not strings")
        case .opaque(let kind): throw fault("the column '\(column)' holds \(kind), not strings; \(Self.remedy)")
        }
    }

    /// What always can be read.
    private static let remedy = "write the table as CSV beside it, with df.to_csv(…)"

    private func found(_ column: String) throws(WeightsFault) -> FrameReader.Column {
        guard let values = columns[column] else {
            throw fault("there is no column '\(column)'; there are " + columnNames.prefix(40).joined(separator: ", "))
        }
        return values
    }

    private func fault(_ reason: String) -> WeightsFault { WeightsFault(file: path, reason: reason) }
}

/// Finds the columns of a pandas frame in what its pickle describes.
///
/// A frame is a block manager; that has two axes (names of columns, numbers of rows) and blocks: arrays of `columns × rows` values of one
/// type, each with the places of its columns. pandas 1 writes `(axes, arrays, names)` as the manager's state; pandas 2 and 3 call
/// `BlockManager((block, …), [axes])` with blocks `_unpickle_block(array, places, 2)`.
struct FrameReader {
    struct Fault: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    enum Column: Sendable {
        case integers([Int])
        case numbers([Double])
        case texts([String])
        /// Of a type that is not read, with its name.
        case opaque(String)
    }

    private let heap: PickleHeap
    private let arrays: NumPyObjects
    private let limits: ReadingLimits

    init(_ heap: PickleHeap, limits: ReadingLimits) {
        self.heap = heap
        self.limits = limits
        arrays = NumPyObjects(heap)
    }

    func frame(_ value: PickleValue) throws(Fault) -> (names: [String], rows: Int, columns: [String: Column]) {
        let frame = try object(value, .frame, "the file")
        guard case .dictionary(let place)? = frame.state,
            let data = heap.dictionaries[place][.text("_mgr")] ?? heap.dictionaries[place][.text("_data")]
        else { throw Fault("the frame has no data") }
        let manager = try object(data, .blockManager, "the frame's data")
        let (names, rowAxis, blocks) = try manager.state == nil ? new(manager.arguments) : old(manager.state)
        guard Set(names).count == names.count else {
            throw Fault("the column '\(shown(names.first { name in names.count { $0 == name } > 1 } ?? ""))' appears twice")
        }
        var rows = try rowCount(rowAxis)
        var columns: [String: Column] = [:]
        for (array, places) in blocks {
            let (found, values) = try self.values(array, columns: places.count)
            guard rows ?? found == found else {
                throw Fault("an array has \(found) rows where the frame has \(rows ?? 0)")
            }
            rows = found
            for (index, place) in places.enumerated() {
                guard names.indices.contains(place), columns.updateValue(values[index], forKey: names[place]) == nil else {
                    throw Fault("the columns of the blocks are not those of the frame")
                }
            }
        }
        guard columns.count == names.count else { throw Fault("the columns of the blocks are not those of the frame") }
        return (names, rows ?? 0, columns)
    }

    private typealias Parts = (names: [String], rowAxis: PickleValue, blocks: [(array: PickleValue, places: [Int])])

    /// The state `(axes, arrays, names of each array's columns, …)` of pandas 1.
    private func old(_ state: PickleValue?) throws(Fault) -> Parts {
        guard let state, let parts = heap.elements(state), parts.count >= 3, let axes = heap.elements(parts[0]), axes.count == 2,
            let arrays = heap.elements(parts[1]), let items = heap.elements(parts[2]), arrays.count == items.count
        else { throw Fault("the frame's blocks are not described by axes, arrays and names") }
        let names = try self.names(axes[0])
        let numbers = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var blocks: [(array: PickleValue, places: [Int])] = []
        for (array, item) in zip(arrays, items) {
            blocks.append((array, try self.names(item).map { numbers[$0] ?? -1 }))
        }
        return (names, axes[1], blocks)
    }

    /// The arguments `((block, …), [axes])` of pandas 2 and 3.
    private func new(_ arguments: [PickleValue]) throws(Fault) -> Parts {
        guard arguments.count == 2, let blocks = heap.elements(arguments[0]), let axes = heap.elements(arguments[1]), axes.count == 2 else {
            throw Fault("the frame's blocks are not described by arrays and axes")
        }
        let names = try self.names(axes[0])
        var found: [(array: PickleValue, places: [Int])] = []
        for block in blocks {
            let block = try object(block, .block, "a block")
            guard block.arguments.count == 3 else { throw Fault("a block is not described by array, places and axes") }
            found.append((block.arguments[0], try places(block.arguments[1], of: names.count)))
        }
        return (names, axes[1], found)
    }

    /// Which columns a block has: `slice(start, stop, step)` or an array.
    private func places(_ value: PickleValue, of count: Int) throws(Fault) -> [Int] {
        if case .object(let place) = value, heap.objects[place].constructor == .slice {
            let parts = heap.objects[place].arguments
            guard parts.count == 3, case .integer(let start) = parts[0], case .integer(let stop) = parts[1], start >= 0, stop >= start
            else { throw Fault("a block's columns are not among the frame's") }
            var step = 1
            if case .integer(let stated) = parts[2] { step = stated }
            guard step > 0, step <= max(count, 1) else { throw Fault("a block's columns are counted backwards, or not among the frame's") }
            // The end may lie a step behind the last column.
            return Array(stride(from: start, to: min(stop, count), by: step))
        }
        guard case .numbers(let layout, let data)? = try found(value)?.contents,
            let places = layout.type.integers(in: layout.rowMajor(data)), places.count <= count
        else { throw Fault("a block's columns are not numbered") }
        return places
    }

    // MARK: - Axes

    /// The entries of `_new_Index(class, {…})`; nil for a class that is not known.
    private func index(_ value: PickleValue, _ expected: PickleConstructor) throws(Fault) -> PickleDictionary? {
        let call = try object(value, .newIndex, "an axis")
        guard call.arguments.count == 2, case .constructor(let found) = call.arguments[0], case .dictionary(let place) = call.arguments[1]
        else { throw Fault("an axis is not described by class and data") }
        return found == expected ? heap.dictionaries[place] : nil
    }

    private func names(_ value: PickleValue) throws(Fault) -> [String] {
        guard let data = try index(value, .index)?[.text("data")] else { throw Fault("the columns have no names of their own") }
        guard case .texts(let names)? = try found(data)?.contents else { throw Fault("the columns' names are not strings") }
        return names
    }

    /// The rows that a `RangeIndex` counts; nil for other axes, which are not needed.
    private func rowCount(_ value: PickleValue) throws(Fault) -> Int? {
        guard let range = try index(value, .rangeIndex) else { return nil }
        guard case .integer(let start)? = range[.text("start")], case .integer(let stop)? = range[.text("stop")],
            case .integer(let step)? = range[.text("step")], step > 0, start <= stop, start > -(1 << 48), stop < 1 << 48
        else { throw Fault("the rows are not numbered from a beginning to an end") }
        return (stop - start + step - 1) / step
    }

    // MARK: - Arrays

    /// The values of a block, column by column.
    private func values(_ value: PickleValue, columns: Int) throws(Fault) -> (rows: Int, columns: [Column]) {
        guard let (shape, contents) = try found(value) else {
            // Categories, dates and such: of one column, and of a length that only pandas knows.
            throw Fault("a column is \(arrays.kindOf(value))")
        }
        // An array of an extension type has one axis and one column.
        guard shape.count == 2 && shape[0] == columns || shape.count == 1 && columns == 1, let rows = shape.last,
            let total = columns.multipliedWithoutOverflow(by: rows), total <= limits.values * 16
        else { throw Fault("an array has shape \(shape) where \(columns) columns are expected") }
        func divided<Element>(_ values: [Element]) -> [[Element]] { (0..<columns).map { Array(values[$0 * rows..<($0 + 1) * rows]) } }
        switch contents {
        case .numbers(let layout, let data):
            let bytes = layout.rowMajor(data)
            guard layout.type.isInteger else { return (rows, divided(layout.type.doubles(in: bytes)).map { .numbers($0) }) }
            guard let integers = layout.type.integers(in: bytes) else { throw Fault("a whole number is larger than is read") }
            return (rows, divided(integers).map { .integers($0) })
        case .texts(let texts):
            guard texts.count == total else { throw Fault("an array of \(total) strings does not have as many") }
            return (rows, divided(texts).map { .texts($0) })
        case .objects(let values):
            guard values.count == total else { throw Fault("an array of \(total) objects does not have as many") }
            return (
                rows,
                divided(values).map { values in
                    let texts = values.compactMap { if case .text(let text) = $0 { text } else { nil } }
                    if texts.count == values.count { return .texts(texts) }
                    let other = values.first { if case .text = $0 { false } else { true } }
                    return .opaque(other.map { arrays.kindOf($0) } ?? "nothing")
                }
            )
        }
    }

    /// A NumPy array, or the one within an array of strings.
    private func found(_ value: PickleValue) throws(Fault) -> (shape: [Int], contents: NumPyObjects.Contents)? {
        var value = value
        if case .object(let place) = value, heap.objects[place].constructor == .backedArray,
            case .constructor(.stringArray)? = heap.objects[place].arguments.first, let state = heap.objects[place].state,
            let parts = heap.elements(state), parts.count >= 2
        {
            value = parts[1]
        }
        do throws(NumPyObjects.Fault) {
            return try arrays.array(value)
        } catch {
            throw Fault(error.reason)
        }
    }

    // MARK: - Values

    private func object(_ value: PickleValue, _ constructor: PickleConstructor, _ place: String) throws(Fault) -> PickleObject {
        guard case .object(let number) = value, heap.objects[number].constructor == constructor else {
            throw Fault("\(place) is \(arrays.kindOf(value)), expected \(constructor.pythonName)")
        }
        return heap.objects[number]
    }

    private func shown(_ name: String) -> String { String(name.prefix(60)) }
}
