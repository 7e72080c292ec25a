import Foundation
import Persistence

/// An array of numbers in a file. Its first axis counts rows, and rows are read when they are asked for.
package protocol StoredArray: Sendable {
    /// The file as the caller named it.
    var file: String { get }
    /// Its key in the file.
    var name: String { get }
    var type: ElementType { get }
    /// Extents, first axis first; the first is the number of rows.
    var shape: [Int] { get }

    /// The number of real steps of each row, where rows are sequences of different lengths that are filled up with zeros; nil elsewhere.
    var stepCounts: [Int]? { get }

    /// The elements of some rows in row-major order, little-endian, in their own type.
    ///
    /// - Precondition: there is a first axis, and it has these rows.
    func bytes(rows: Range<Int>) throws(WeightsFault) -> Data

    /// The elements of some rows as floats.
    /// - Precondition: there is a first axis, it has these rows, and `target` has room for exactly them.
    func read(rows: Range<Int>, into target: UnsafeMutableBufferPointer<Float>) throws(WeightsFault)

    /// Asks the system to have some rows ready soon, and does not wait for it. By default nothing is asked.
    /// - Precondition: there is a first axis, and it has these rows.
    func readAhead(rows: Range<Int>)

    /// The rows, where each lies in one piece in memory or in a file; nil elsewhere, which is the default.
    var packedRows: PackedRows? { get }
}

extension StoredArray {
    package var rowCount: Int { shape.first ?? 1 }

    package var stepCounts: [Int]? { nil }

    /// Elements of one row; 0 where they cannot be counted, which an array without rows alone may have.
    package var rowSize: Int { StridedLayout.elementCount(of: Array(shape.dropFirst())) ?? 0 }

    /// Elements of all rows.
    package var elementCount: Int { StridedLayout.elementCount(of: shape) ?? 0 }

    /// The shape as `64×3×100`, or `scalar`.
    package var shapeText: String { shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×") }

    package func readAhead(rows: Range<Int>) {}

    package var packedRows: PackedRows? { nil }

    package func read(rows: Range<Int>, into target: UnsafeMutableBufferPointer<Float>) throws(WeightsFault) {
        try bytes(rows: rows).withUnsafeBytes { type.convert($0, into: target) }
    }

    /// The elements of some rows as floats, in row-major order.
    package func floats(rows: Range<Int>) throws(WeightsFault) -> [Float] {
        try bytes(rows: rows).withUnsafeBytes { type.floats(in: $0) }
    }

    /// The first element of some rows that is a number, but one beyond what single precision holds, so that as a float it is infinite.
    ///
    /// - Returns: in words, with its place behind the first axis; nil where there is none.
    /// - Throws: `WeightsFault` where the rows cannot be read.
    /// - Precondition: there is a first axis, and it has these rows.
    package func beyondSinglePrecision(rows: Range<Int>) throws(WeightsFault) -> (row: Int, text: String)? {
        guard type == .float64 else { return nil }
        let values = type.doubles(in: try bytes(rows: rows))
        guard let place = values.firstIndex(where: { $0.isFinite && !Float($0).isFinite }) else { return nil }
        // Of a sample of one axis the columns are counted, of others the place along each axis.
        var (rest, indices) = (place % max(1, rowSize), [Int]())
        for extent in shape.dropFirst().reversed() {
            indices.insert(rest % extent, at: 0)
            rest /= extent
        }
        let column = indices.isEmpty ? "" : indices.count == 1 ? " in column \(indices[0])" : " at [\(indices.map(String.init).joined(separator: ", "))]"
        return (
            rows.lowerBound + place / max(1, rowSize),
            "\(values[place])\(column), which is beyond what single precision holds (±\(Self.mostOfSinglePrecision))"
        )
    }

    private static var mostOfSinglePrecision: String { "\(Float.greatestFiniteMagnitude)" }

    /// All elements, which have to be whole numbers or truth values (0 and 1). Floating-point numbers without a fraction count as whole.
    package func integers() throws(WeightsFault) -> [Int] {
        let all = try bytes(rows: 0..<rowCount)
        if let integers = type.integers(in: all) { return integers }
        guard !type.isInteger else { throw fault("holds a number that is larger than any supported integer") }
        var integers: [Int] = []
        for (row, value) in type.doubles(in: all).enumerated() {
            guard let integer = Int(exactly: value) else {
                throw fault("holds \(value) at element \(row), where a whole number is expected")
            }
            integers.append(integer)
        }
        return integers
    }

    /// A fault of this array.
    package func fault(_ reason: String) -> WeightsFault {
        WeightsFault(file: file, place: name.isEmpty ? nil : "array \(JSONValue.quoted(name))", reason: reason)
    }
}

/// An array in memory or in a mapped file: pages are read when they are touched.
struct MappedArray: StoredArray {
    let file: String
    let name: String
    let layout: StridedLayout
    let data: Data

    var type: ElementType { layout.type }
    var shape: [Int] { layout.shape }

    func bytes(rows: Range<Int>) throws(WeightsFault) -> Data {
        shape.isEmpty ? layout.rowMajor(data) : layout.rows(rows).rowMajor(data)
    }

    func read(rows: Range<Int>, into target: UnsafeMutableBufferPointer<Float>) throws(WeightsFault) {
        guard let range = layout.packedBytes(rows: rows) else {
            return try bytes(rows: rows).withUnsafeBytes { type.convert($0, into: target) }
        }
        data.withUnsafeBytes { type.convert(UnsafeRawBufferPointer(rebasing: $0[range]), into: target) }
    }

    var packedRows: PackedRows? {
        guard !shape.isEmpty, rowCount > 0, let all = layout.packedBytes(rows: 0..<rowCount) else { return nil }
        return PackedRows(data, start: all.lowerBound, of: self)
    }

    /// Where all files together fit into memory, pieces are read as long as those that the system reads by itself, so that everything is soon
    /// there; of larger ones just the rows are, as what lies beside them would only push others out.
    func readAhead(rows: Range<Int>) {
        guard let range = layout.packedBytes(rows: rows), !range.isEmpty else { return }
        let piece = FileContents.mappedCount <= Self.halfOfMemory ? 128 << 10 : Self.page
        data.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let first = Int(bitPattern: base) + range.lowerBound
            let last = Int(bitPattern: base) + range.upperBound
            // A file is mapped from the start of a page, so that no piece begins before it.
            let start = max(first / piece * piece, Int(bitPattern: base) / Self.page * Self.page)
            let end = min((last + piece - 1) / piece * piece, Int(bitPattern: base) + bytes.count)
            _ = madvise(UnsafeMutableRawPointer(bitPattern: start), end - start, MADV_WILLNEED)
        }
    }

    private static let page = max(1, Int(sysconf(Int32(_SC_PAGESIZE))))
    private static let halfOfMemory = max(0, Int(sysconf(Int32(_SC_PHYS_PAGES)))) / 2 * page
}

/// Arrays of one type as the rows of one. They have one shape, or are sequences that differ along their first axis, the steps: shorter
/// ones then end in zeros.
struct StackedArray: StoredArray {
    let file: String
    let name: String
    let type: ElementType
    let shape: [Int]
    private let rows: [any StoredArray]

    /// Nil where types, or axes behind the first, differ, and where there are no rows.
    init?(_ rows: [any StoredArray], file: String, name: String) {
        guard let first = rows.first else { return nil }
        let rest = first.shape.dropFirst()
        guard rows.allSatisfy({ $0.type == first.type && $0.shape.count == first.shape.count && $0.shape.dropFirst() == rest }) else { return nil }
        let steps = rows.map { $0.rowCount }
        // Vectors of different lengths are no sequences of features.
        guard first.shape.count >= 2 || steps.allSatisfy({ $0 == steps[0] }) else { return nil }
        var shape = [rows.count]
        if !first.shape.isEmpty { shape += [steps.max() ?? 0] + Array(rest) }
        guard StridedLayout.elementCount(of: shape) != nil else { return nil }
        (self.file, self.name, self.rows) = (file, name, rows)
        (self.shape, type) = (shape, first.type)
    }

    var stepCounts: [Int]? {
        guard shape.count > 1, rows.contains(where: { $0.rowCount < shape[1] }) else { return nil }
        return rows.map { $0.rowCount }
    }

    func readAhead(rows range: Range<Int>) {
        for row in rows[range] where !row.shape.isEmpty { row.readAhead(rows: 0..<row.rowCount) }
    }

    func read(rows range: Range<Int>, into target: UnsafeMutableBufferPointer<Float>) throws(WeightsFault) {
        for (place, row) in rows[range].enumerated() {
            let part = UnsafeMutableBufferPointer(rebasing: target[place * rowSize..<(place + 1) * rowSize])
            let count = row.rowCount * row.rowSize
            try row.read(rows: 0..<row.rowCount, into: UnsafeMutableBufferPointer(rebasing: part[..<count]))
            UnsafeMutableBufferPointer(rebasing: part[count...]).update(repeating: 0)
        }
    }

    func bytes(rows range: Range<Int>) throws(WeightsFault) -> Data {
        var data = Data(capacity: range.count * rowSize * type.size)
        for row in rows[range] {
            let bytes = try row.bytes(rows: 0..<row.rowCount)
            data.append(bytes)
            data.append(Data(count: rowSize * type.size - bytes.count))
        }
        return data
    }
}

/// An array that is alone in its file, which is opened whenever rows are read: of many such files few are open at a time.
package struct ReopenedArray: StoredArray {
    package let file: String
    package let name: String
    package let type: ElementType
    package let shape: [Int]
    private let path: String

    /// - Parameter path: the file of `array`.
    package init(_ array: any StoredArray, at path: String) {
        (file, name, type, shape) = (array.file, array.name, array.type, array.shape)
        self.path = path
    }

    /// - Throws: where the file is no longer there, or holds another array.
    private func opened() throws(WeightsFault) -> any StoredArray {
        let array = try ArrayFile(path).array(name)
        guard array.shape == shape, array.type == type else {
            throw fault("was \(type.rawValue) \(shapeText) when it was opened, and is \(array.type.rawValue) \(array.shapeText) now")
        }
        return array
    }

    package func bytes(rows: Range<Int>) throws(WeightsFault) -> Data { try opened().bytes(rows: rows) }

    package func read(rows: Range<Int>, into target: UnsafeMutableBufferPointer<Float>) throws(WeightsFault) {
        try opened().read(rows: rows, into: target)
    }
}
