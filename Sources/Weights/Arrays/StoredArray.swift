import Foundation

/// An array of numbers in a file. Its first axis counts rows, and rows are read when they are asked for.
package protocol StoredArray: Sendable {
    /// The file as the caller named it.
    var file: String { get }
    /// Its key in the file.
    var name: String { get }
    var type: ElementType { get }
    /// Extents, first axis first; the first is the number of rows.
    var shape: [Int] { get }

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
}

extension StoredArray {
    package var rowCount: Int { shape.first ?? 1 }

    /// Elements of one row; 0 where they cannot be counted, which an array without rows alone may have.
    package var rowSize: Int { StridedLayout.elementCount(of: Array(shape.dropFirst())) ?? 0 }

    /// Elements of all rows.
    package var elementCount: Int { StridedLayout.elementCount(of: shape) ?? 0 }

    /// The shape as `64×3×100`, or `scalar`.
    package var shapeText: String { shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×") }

    package func readAhead(rows: Range<Int>) {}

    package func read(rows: Range<Int>, into target: UnsafeMutableBufferPointer<Float>) throws(WeightsFault) {
        try bytes(rows: rows).withUnsafeBytes { type.convert($0, into: target) }
    }

    /// The elements of some rows as floats, in row-major order.
    package func floats(rows: Range<Int>) throws(WeightsFault) -> [Float] {
        try bytes(rows: rows).withUnsafeBytes { type.floats(in: $0) }
    }

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

    /// An array that fits into memory is read in pieces as long as those that the system reads by itself, so that all of it is soon there; of a
    /// larger one just the rows are, as what lies beside them would only push others out.
    func readAhead(rows: Range<Int>) {
        guard let range = layout.packedBytes(rows: rows), !range.isEmpty else { return }
        let piece = data.count <= Self.halfOfMemory ? 128 << 10 : Self.page
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

/// Arrays of one shape and type as the rows of one.
struct StackedArray: StoredArray {
    let file: String
    let name: String
    let type: ElementType
    let shape: [Int]
    private let rows: [any StoredArray]

    /// - Throws: where shapes or types differ, with the first row that does.
    init(_ rows: [any StoredArray], file: String, name: String) throws(WeightsFault) {
        guard let first = rows.first else { throw WeightsFault(file: file, place: name, reason: "has no rows") }
        for (number, row) in rows.enumerated() where row.shape != first.shape || row.type != first.type {
            let ragged = row.shape.count == first.shape.count && row.shape.dropFirst() == first.shape.dropFirst() && row.type == first.type
            throw WeightsFault(
                file: file, place: "array \(JSONValue.quoted(name))",
                reason: "row \(number) (\(JSONValue.quoted(row.name))) is \(row.type.rawValue) \(row.shapeText), row 0 is "
                    + "\(first.type.rawValue) \(first.shapeText); all have to be alike"
                    + (ragged ? ": fill sequences up to one length, with zeros at the end" : ""))
        }
        self.file = file
        self.name = name
        self.rows = rows
        type = first.type
        shape = [rows.count] + first.shape
    }

    func readAhead(rows range: Range<Int>) {
        for row in rows[range] where !row.shape.isEmpty { row.readAhead(rows: 0..<row.rowCount) }
    }

    func bytes(rows range: Range<Int>) throws(WeightsFault) -> Data {
        if range.count == 1 { return try rows[range.lowerBound].bytes(rows: 0..<rows[range.lowerBound].rowCount) }
        var data = Data(capacity: range.count * rowSize * type.size)
        for row in rows[range] { data.append(try row.bytes(rows: 0..<row.rowCount)) }
        return data
    }
}
