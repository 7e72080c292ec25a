internal import CZlib
import Foundation
import Persistence

/// The two computations that archives need: CRC-32 and the expansion of DEFLATE data.
enum Inflation {
    /// What is around DEFLATE data.
    enum Wrapping: Int32, Sendable {
        /// Nothing (RFC 1951), as in zip archives.
        case none = -15
        /// A header and a checksum (RFC 1950), as in MATLAB's files.
        case zlib = 15
    }

    /// DEFLATE cannot shrink data further than this; a directory that promises more is false.
    static let greatestRatio = 1032
    /// Larger results go to a file, not to memory.
    static let mostInMemory = 8 << 20

    /// The CRC-32 of `data`, as zip archives store it.
    static func checksum(_ data: Data) -> UInt32 { data.withUnsafeBytes { checksum($0, after: 0) } }

    private static func checksum(_ bytes: UnsafeRawBufferPointer, after start: UInt32) -> UInt32 {
        var sum = uLong(start)
        var rest = bytes[...]
        while !rest.isEmpty {
            // zlib counts in 32 bits.
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            sum = crc32(sum, piece.bindMemory(to: UInt8.self).baseAddress, uInt(piece.count))
            rest = rest.dropFirst(piece.count)
        }
        return UInt32(truncatingIfNeeded: sum)
    }

    /// Expands DEFLATE data that have to give exactly `count` bytes and to end with their last byte; nil where they do not.
    static func inflate(_ compressed: Data, count: Int, wrapping: Wrapping = .none) -> Data? {
        var output = Data(capacity: count)
        let isWhole = inflate(compressed, wrapping: wrapping) { piece in
            guard piece.count <= count - output.count else { return false }
            output.append(contentsOf: piece)
            return true
        }
        return isWhole && output.count == count ? output : nil
    }

    /// As `inflate(_:count:wrapping:)`, into a file without a name where that is much; with the CRC-32 of the result.
    ///
    /// - Throws: `FileFault` where the file cannot be written.
    static func expand(_ compressed: Data, count: Int, wrapping: Wrapping = .none) throws -> (data: Data, checksum: UInt32)? {
        if count <= mostInMemory { return inflate(compressed, count: count, wrapping: wrapping).map { ($0, checksum($0)) } }
        var (given, sum, isWhole) = (0, 0 as UInt32, false)
        let data = try ScratchFile.mapped { append in
            var fault: FileFault?
            isWhole = inflate(compressed, wrapping: wrapping) { piece in
                guard piece.count <= count - given else { return false }
                given += piece.count
                sum = checksum(piece, after: sum)
                do throws(FileFault) {
                    try append(piece)
                    return true
                } catch {
                    fault = error
                    return false
                }
            }
            if let fault { throw fault }
        }
        return isWhole && given == count ? (data, sum) : nil
    }

    /// The first `count` bytes of what DEFLATE data expand to, or all where there are fewer; nil where they are damaged before.
    static func beginning(of compressed: Data, count: Int, wrapping: Wrapping = .none) -> Data? {
        var output = Data()
        let isWhole = inflate(compressed, wrapping: wrapping) { piece in
            output.append(contentsOf: piece.prefix(count - output.count))
            return output.count < count
        }
        return isWhole || output.count == count ? output : nil
    }

    /// Expands DEFLATE data piece by piece, until `take` answers with false; returns whether they were whole and ended with their last byte.
    private static func inflate(_ compressed: Data, wrapping: Wrapping, _ take: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        var stream = z_stream()
        guard inflateInit2_(&stream, wrapping.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return false }
        defer { inflateEnd(&stream) }
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { output.deallocate() }
        return compressed.withUnsafeBytes { input in
            let input = input.bindMemory(to: UInt8.self)
            var taken = 0
            while true {
                let incoming = UnsafeBufferPointer(rebasing: input[taken...].prefix(1 << 30))
                stream.next_in = UnsafeMutablePointer(mutating: incoming.baseAddress)
                stream.avail_in = uInt(incoming.count)
                stream.next_out = output.bindMemory(to: UInt8.self).baseAddress
                stream.avail_out = uInt(output.count)
                let status = CZlib.inflate(&stream, Z_NO_FLUSH)
                let took = incoming.count - Int(stream.avail_in)
                let gave = output.count - Int(stream.avail_out)
                taken += took
                if gave > 0, !take(UnsafeRawBufferPointer(rebasing: output[..<gave])) { return false }
                if status == Z_STREAM_END { return taken == input.count }
                guard status == Z_OK, took + gave > 0 else { return false }
            }
        }
    }
}
