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

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    private mutating func append(varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        data.append(UInt8(rest))
    }
}
