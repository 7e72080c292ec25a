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
                throw ZipFault(entry: entry.name, "is twice in the directory")
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
        guard let stored = data.part(entry.bytes) else {
            throw ZipFault(entry: entry.name, offset: entry.bytes.lowerBound, "ends beyond the archive")
        }
        let contents: Data
        switch entry.method {
        case .stored: contents = stored
        case .deflated:
            guard let inflated = Inflation.inflate(stored, count: entry.size) else {
                throw ZipFault(
                    entry: entry.name, offset: entry.bytes.lowerBound, "its compressed data are damaged or not \(entry.size) bytes")
            }
            contents = inflated
        }
        let checksum = Inflation.checksum(contents)
        guard checksum == entry.checksum else {
            throw ZipFault(
                entry: entry.name, offset: entry.bytes.lowerBound,
                "the CRC-32 of its bytes is \(String(checksum, radix: 16)), the directory says \(String(entry.checksum, radix: 16))")
        }
        return contents
    }
}
