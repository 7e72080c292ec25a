import Foundation

/// A protocol-buffer message under construction (protobuf.dev, "Encoding"): just the field types that event files use.
struct ProtocolBuffer {
    private enum WireType: UInt64 {
        case varint = 0
        case eightBytes = 1
        case lengthDelimited = 2
        case fourBytes = 5
    }

    private(set) var data = Data()

    mutating func append(field: UInt64, _ value: Int64) {
        append(tag: field, .varint)
        // Negative numbers are written as their two's complement.
        append(varint: UInt64(bitPattern: value))
    }

    mutating func append(field: UInt64, _ value: Double) {
        append(tag: field, .eightBytes)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func append(field: UInt64, _ value: Float) {
        append(tag: field, .fourBytes)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func append(field: UInt64, _ text: String) {
        append(field: field, bytes: Data(text.utf8))
    }

    mutating func append(field: UInt64, _ message: ProtocolBuffer) {
        append(field: field, bytes: message.data)
    }

    private mutating func append(field: UInt64, bytes: Data) {
        append(tag: field, .lengthDelimited)
        append(varint: UInt64(bytes.count))
        data.append(bytes)
    }

    private mutating func append(tag field: UInt64, _ type: WireType) {
        append(varint: field << 3 | type.rawValue)
    }

    /// Seven bits per byte, the lowest first; the top bit says that more follow.
    private mutating func append(varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        data.append(UInt8(rest))
    }
}

/// The checksum of TFRecord files: CRC-32C (Castagnoli), as in RFC 3720.
enum CRC32C {
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8)
        }
    }

    /// The checksum turned and shifted, so that a checksum of data that hold checksums stays meaningful (the TFRecord
    /// format, "masked CRC").
    static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let crc = checksum(bytes)
        return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
    }

    /// The remainder of every byte for the polynomial 0x1EDC6F41, bits reversed.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { remainder, _ in
            remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1
        }
    }
}
