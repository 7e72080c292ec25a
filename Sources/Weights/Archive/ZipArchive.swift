import Foundation

/// A zip archive that has been opened and whose directory has been checked.
///
/// Read are archives of one part without encryption, with stored or deflated files and the 64-bit extension (PKWARE,
/// APPNOTE.TXT, 6.3.10). Anything may be in the data: every fault is thrown.
struct ZipArchive: Sendable {
    /// The files, in the order of the directory.
    let entries: [ZipEntry]

    private let data: Data
    private let places: [String: Int]

    init(_ data: Data) throws(ZipFault) {
        let directory = try ZipDirectory(of: data)
        var places: [String: Int] = [:]
        for (place, entry) in directory.entries.enumerated() {
            guard places.updateValue(place, forKey: entry.name) == nil else {
                throw ZipFault(entry: entry.name, "appears twice in the directory")
            }
        }
        entries = directory.entries
        self.data = data
        self.places = places
    }

    /// The description of a file, or nil.
    subscript(name: String) -> ZipEntry? { places[name].map { entries[$0] } }

    /// The bytes of a file: a view of the archive where they are stored, expanded where they are deflated. The
    /// CRC-32 is checked.
    func contents(of entry: ZipEntry) throws(ZipFault) -> Data {
        let stored = try stored(entry)
        let contents: (data: Data, checksum: UInt32)
        switch entry.method {
        case .stored: contents = (stored, Inflation.checksum(stored))
        case .deflated:
            let expanded: (data: Data, checksum: UInt32)?
            do {
                expanded = try Inflation.expand(stored, count: entry.size)
            } catch {
                throw ZipFault(entry: entry.name, "its \(entry.size) bytes cannot be expanded: \(error)")
            }
            guard let expanded else {
                throw ZipFault(
                    entry: entry.name, offset: entry.bytes.lowerBound, "its compressed data are damaged or not \(entry.size) bytes")
            }
            contents = expanded
        }
        guard contents.checksum == entry.checksum else {
            throw ZipFault(
                entry: entry.name, offset: entry.bytes.lowerBound,
                "the CRC-32 of its bytes is \(String(contents.checksum, radix: 16)), the directory says \(String(entry.checksum, radix: 16))")
        }
        return contents.data
    }

    /// The first bytes of a file, at most `count`; nothing is checked but that they can be read.
    func beginning(of entry: ZipEntry, count: Int) throws(ZipFault) -> Data {
        let stored = try stored(entry)
        guard entry.method == .deflated else { return stored.prefix(count) }
        guard let beginning = Inflation.beginning(of: stored, count: min(count, entry.size)) else {
            throw ZipFault(entry: entry.name, offset: entry.bytes.lowerBound, "its compressed data are damaged")
        }
        return beginning
    }

    /// The bytes of a file as they lie in the archive.
    func stored(_ entry: ZipEntry) throws(ZipFault) -> Data {
        guard let stored = data.part(entry.bytes) else {
            throw ZipFault(entry: entry.name, offset: entry.bytes.lowerBound, "ends beyond the archive")
        }
        return stored
    }
}

/// One file of a zip archive, as the central directory describes it.
struct ZipEntry: Sendable {
    /// How its bytes are stored; no other methods are read.
    enum Method: UInt16, Sendable {
        case stored = 0
        case deflated = 8
    }

    let name: String
    let method: Method
    /// CRC-32 of the expanded bytes.
    let checksum: UInt32
    /// Bytes when expanded.
    let size: Int
    /// Where the bytes lie in the archive, as they are stored.
    let bytes: Range<Int>
}

/// What is wrong with a zip archive: in which of its files, at which byte, and why.
struct ZipFault: Error, Hashable, Sendable {
    let entry: String?
    let offset: Int?
    let reason: String

    init(entry: String? = nil, offset: Int? = nil, _ reason: String) {
        self.entry = entry
        self.offset = offset
        self.reason = reason
    }
}

extension Data {
    /// The integer stored little-endian `offset` bytes after the beginning, at any alignment; nil beyond the end.
    func littleEndian<Integer: FixedWidthInteger>(_: Integer.Type = Integer.self, at offset: Int) -> Integer? {
        guard offset >= 0, offset <= count - MemoryLayout<Integer>.size else { return nil }
        return withUnsafeBytes { bytes in
            Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
        }
    }

    /// A view of `range`, counted from the beginning; nil where it is not inside.
    func part(_ range: Range<Int>) -> Data? {
        guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
        return self[startIndex + range.lowerBound..<startIndex + range.upperBound]
    }
}
