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
}

extension StoredArray {
    package var rowCount: Int { shape.first ?? 1 }

    /// Elements of one row.
    package var rowSize: Int { shape.dropFirst().reduce(1, *) }

    /// The shape as `64×3×100`, or `scalar`.
    package var shapeText: String { shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×") }

    /// The elements of some rows as floats.
    /// - Precondition: `target` has room for exactly these rows.
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

    func bytes(rows range: Range<Int>) throws(WeightsFault) -> Data {
        if range.count == 1 { return try rows[range.lowerBound].bytes(rows: 0..<rows[range.lowerBound].rowCount) }
        var data = Data(capacity: range.count * rowSize * type.size)
        for row in rows[range] { data.append(try row.bytes(rows: 0..<row.rowCount)) }
        return data
    }
}
