import Foundation
import Persistence
import Tensors

/// What the stem of one encoder made of the clips of a data set in one view, as 16-bit floats.
///
/// ```
/// header    what is stored here, as text: every byte of it is known before it is read
/// record    for each row: 64 digits of SHA-256 over key, row and values; the values; zeros up to a multiple of 64 bytes
/// ```
///
/// Any number of threads and processes may read and write at once. A record is a function of the key and its row, so whoever writes one
/// twice writes the same bytes; one that is half written, damaged or of another file does not have the digest that it should have and
/// counts as missing. That takes the place of writing a file beside it and renaming it: the file grows by single records over days, and
/// its rows that nobody needs are holes.
package final class StemFile: Sendable {
    private static let digestBytes = 64
    private static let blockBytes = 4096

    private let file: FileDescriptor
    private let key: StemKey
    private let rows: Int
    private let values: Int
    private let headerBytes: Int

    /// Opens a file and makes it where there is none, or something else.
    ///
    /// - Parameters:
    ///   - folder: the folder of the cache.
    ///   - rows: of the data set.
    ///   - shapes: of the stem's maps for one sample.
    init(in folder: String, key: StemKey, rows: Int, shapes: [Shape]) throws(FileFault) {
        let path = "\(folder)/\(key.path)"
        try Folder.create(Folder.parent(of: path))
        let header = Self.header(key, rows: rows, shapes: shapes)
        do {
            // Whoever has the lock decides whether the file is what it should be; closing the file gives the lock back.
            let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT, action: "write")
            try file.lock()
            if try Self.read(header.count, at: 0, of: file) != header {
                try file.truncate(to: 0)
                try file.write(header, at: 0)
            }
        }
        file = try FileDescriptor(opening: path, flags: O_RDWR, action: "write")
        self.key = key
        self.rows = rows
        values = shapes.storedValues
        headerBytes = header.count
    }

    /// Bytes that a row takes on disk.
    package static func recordBytes(values: Int) -> Int { (digestBytes + 2 * values + 63) / 64 * 64 }

    /// Whether something has been stored for a row; `read` tells whether it is intact.
    func mayHold(_ row: Int) throws(FileFault) -> Bool {
        let digest = try Self.read(Self.digestBytes, at: offset(of: row), of: file)
        return digest.count == Self.digestBytes && digest.contains { $0 != 0 }
    }

    /// The values of a row; nil where they are missing or damaged.
    func read(_ row: Int) throws(FileFault) -> [Float16]? {
        let record = try Self.read(Self.digestBytes + 2 * values, at: offset(of: row), of: file)
        guard record.count == Self.digestBytes + 2 * values else { return nil }
        let stored = record.dropFirst(Self.digestBytes)
        guard record.prefix(Self.digestBytes) == digest(of: stored, row: row) else { return nil }
        return stored.withUnsafeBytes { bytes in
            (0..<values).map { Float16(bitPattern: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))) }
        }
    }

    /// Stores the values of a row.
    func write(_ numbers: [Float16], row: Int) throws(FileFault) {
        require(numbers.count == values, "\(numbers.count) values are not the \(values) of a record")
        let stored = numbers.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
        // The digest comes last: without it the values are ignored.
        try file.write(stored, at: offset(of: row) + Self.digestBytes)
        try file.write(digest(of: stored, row: row), at: offset(of: row))
    }

    private func offset(of row: Int) -> Int {
        require(row >= 0 && row < rows, "row \(row) does not exist in \(rows) rows")
        return headerBytes + row * Self.recordBytes(values: values)
    }

    private func digest(of stored: Data, row: Int) -> Data {
        Data(SHA256Digest(of: Data("\(key.digest) \(row) ".utf8) + stored).hex.utf8)
    }

    private static func header(_ key: StemKey, rows: Int, shapes: [Shape]) -> Data {
        let text = "regulus stems\n\(key.text)\nrows \(rows)\nmaps \(shapes)\nfloat16 little-endian\n"
        var data = Data(text.utf8)
        data.append(Data(repeating: 0, count: blockBytes - data.count % blockBytes))
        return data
    }

    /// Up to `count` bytes: fewer where the file ends before.
    private static func read(_ count: Int, at offset: Int, of file: borrowing FileDescriptor) throws(FileFault) -> Data {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        defer { bytes.deallocate() }
        let filled = try file.read(into: bytes, at: offset)
        return Data(bytes[..<filled])
    }
}

extension FileDescriptor {
    fileprivate func write(_ data: Data, at offset: Int) throws(FileFault) {
        let outcome = data.withUnsafeBytes { bytes in
            Result { () throws(FileFault) in try write(bytes, at: offset) }
        }
        try outcome.get()
    }
}
