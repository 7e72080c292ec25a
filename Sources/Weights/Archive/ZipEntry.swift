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
