internal import CZlib
import Foundation

/// The two computations that a zip archive needs: CRC-32 and the expansion of DEFLATE data.
enum Inflation {
    /// DEFLATE cannot shrink data further than this; a directory that promises more is false.
    static let greatestRatio = 1032

    /// The CRC-32 of `data`, as zip archives store it.
    static func checksum(_ data: Data) -> UInt32 {
        data.withUnsafeBytes { bytes in
            var sum = crc32(0, nil, 0)
            var rest = bytes[...]
            while !rest.isEmpty {
                // zlib counts in 32 bits.
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
                sum = crc32(sum, piece.bindMemory(to: UInt8.self).baseAddress, uInt(piece.count))
                rest = rest.dropFirst(piece.count)
            }
            return UInt32(truncatingIfNeeded: sum)
        }
    }

    /// Expands raw DEFLATE data (RFC 1951) that has to give exactly `count` bytes and to end with its last byte;
    /// nil where it does not.
    static func inflate(_ compressed: Data, count: Int) -> Data? {
        var stream = z_stream()
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        // One byte of room more than expected, so that data that go on are noticed.
        var output = Data(count: count + 1)
        let ended = compressed.withUnsafeBytes { input in
            output.withUnsafeMutableBytes { output in
                run(&stream, from: input.bindMemory(to: UInt8.self), into: output.bindMemory(to: UInt8.self), expecting: count)
            }
        }
        return ended ? output.dropLast() : nil
    }

    private static func run(
        _ stream: inout z_stream, from input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>,
        expecting count: Int
    ) -> Bool {
        var taken = 0
        var given = 0
        while true {
            let incoming = UnsafeBufferPointer(rebasing: input[taken...].prefix(1 << 30))
            let outgoing = UnsafeMutableBufferPointer(rebasing: output[given...].prefix(1 << 30))
            stream.next_in = UnsafeMutablePointer(mutating: incoming.baseAddress)
            stream.avail_in = uInt(incoming.count)
            stream.next_out = outgoing.baseAddress
            stream.avail_out = uInt(outgoing.count)
            let status = CZlib.inflate(&stream, Z_NO_FLUSH)
            let took = incoming.count - Int(stream.avail_in)
            let gave = outgoing.count - Int(stream.avail_out)
            taken += took
            given += gave
            if status == Z_STREAM_END { return taken == input.count && given == count }
            guard status == Z_OK, took + gave > 0, given <= count else { return false }
        }
    }
}
