import Foundation
import Persistence

/// Rows that lie in memory, or in a file, one after another, in elements of any type that lie as they are read.
///
/// Whoever reads a few rows at a time, and often, asks an array once for these: where a row lies is then a multiplication. A row of a
/// large file is read by one call of the system into the memory that it is wanted in, which takes no memory for the file. Rows shorter than a page of
/// memory are copied out of the mapping: several lie in a page, whose first use costs less than a call for each of them.
package struct PackedRows: Sendable {
    /// The memory that the rows lie in, or the mapped file.
    private let data: Data
    /// The file that they are read from, and where `data` begins in it; nil where they are copied out of memory.
    private let file: (file: MappedFile, offset: Int)?
    /// Bytes before row 0.
    private let start: Int
    /// The number of rows.
    private let count: Int
    /// The number of elements of a row.
    private let width: Int
    private let type: ElementType
    /// The bytes of the shortest row that is read by a call of its own.
    package static let leastRead = 4096
    /// The fault of a row that is no longer in the file.
    private let isCutShort: WeightsFault

    /// - Precondition: `data` has all rows of the array.
    init(_ data: Data, start: Int, of array: some StoredArray) {
        (self.data, self.start, count, width, type) = (data, start, array.rowCount, array.rowSize, array.type)
        file = width * type.size >= Self.leastRead ? MappedFile.holding(data) : nil
        isCutShort = array.fault("a row is no longer in the file, which another program has shortened")
    }

    /// Reads one row, or a part of it, as floats.
    ///
    /// - Parameters:
    ///   - row: which.
    ///   - elements: of the row, counted from 0; nil for all of them.
    ///   - target: room for exactly these elements.
    /// - Throws: `WeightsFault` where the file cannot be read, or is shorter than it was when it was opened.
    /// - Precondition: the row exists and has these elements.
    package func read(_ row: Int, _ elements: Range<Int>? = nil, into target: UnsafeMutableBufferPointer<Float>) throws(WeightsFault) {
        let part = elements ?? 0..<width
        let first = start + (row * width + part.lowerBound) * type.size
        let count = part.count * type.size
        guard let file else {
            data.withUnsafeBytes { type.convert(UnsafeRawBufferPointer(rebasing: $0[first..<first + count]), into: target) }
            return
        }
        if type == .float32 { return try fill(UnsafeMutableRawBufferPointer(target), from: file.file, at: file.offset + first) }
        let outcome = withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) { bytes in
            Result { () throws(WeightsFault) in
                try fill(bytes, from: file.file, at: file.offset + first)
                type.convert(UnsafeRawBufferPointer(bytes), into: target)
            }
        }
        try outcome.get()
    }

    /// Calls `body` with the bytes of all rows where they are numbers in single precision that are copied out of memory, at whatever address; returns nil where
    /// rows are converted, or are read by calls of the system.
    package func withFloats<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard file == nil, type == .float32 else { return nil }
        return data.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<start + count * width * type.size])) }
    }

    /// Fills some bytes from a place in the file.
    ///
    /// - Throws: `WeightsFault` where not all of them are there.
    private func fill(_ bytes: UnsafeMutableRawBufferPointer, from file: MappedFile, at offset: Int) throws(WeightsFault) {
        let found: Int
        do throws(FileFault) { found = try file.read(into: bytes, at: offset) } catch { throw WeightsFault(error) }
        guard found == bytes.count else { throw isCutShort }
    }
}
