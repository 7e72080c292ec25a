import Foundation

/// The element types that a safetensors header may name.
package enum ElementType: String, CaseIterable, Sendable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case float8E5M2 = "F8_E5M2"
    case float8E4M3 = "F8_E4M3"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint64 = "U64"
    case uint32 = "U32"
    case uint16 = "U16"
    case uint8 = "U8"
    case bool = "BOOL"

    /// Bytes per element.
    package var size: Int {
        switch self {
        case .float64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float8E5M2, .float8E4M3, .int8, .uint8, .bool: 1
        }
    }

    /// Whether elements are whole numbers or truth values.
    package var isInteger: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16, .float8E5M2, .float8E4M3: false
        default: true
        }
    }
}

extension ElementType {
    /// Elements of this type, stored little-endian at any alignment, as floats.
    ///
    /// F64 and large integers are rounded to the nearest float; truth values become 0 and 1.
    func floats(in bytes: UnsafeRawBufferPointer) -> [Float] {
        [Float](unsafeUninitializedCapacity: bytes.count / size) { buffer, count in
            count = bytes.count / size
            convert(bytes, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// As `floats(in:)`, into memory of as many elements.
    func convert(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .float32:
            // As they lie there: numbers are little-endian on every machine that this runs on.
            let count = min(target.count, bytes.count / MemoryLayout<Float>.size) * MemoryLayout<Float>.size
            UnsafeMutableRawBufferPointer(target).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        case .float64: fill(target, bytes) { (bits: UInt64) in Float(Double(bitPattern: bits)) }
        case .float16: fill(target, bytes) { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
        case .bfloat16: fill(target, bytes) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
        case .float8E5M2: fill(target, bytes) { (bits: UInt8) in Float(Float16(bitPattern: UInt16(bits) << 8)) }
        case .float8E4M3: fill(target, bytes) { (bits: UInt8) in Self.float8E4M3(bits) }
        case .int64: fill(target, bytes) { (bits: Int64) in Float(bits) }
        case .int32: fill(target, bytes) { (bits: Int32) in Float(bits) }
        case .int16: fill(target, bytes) { (bits: Int16) in Float(bits) }
        case .int8: fill(target, bytes) { (bits: Int8) in Float(bits) }
        case .uint64: fill(target, bytes) { (bits: UInt64) in Float(bits) }
        case .uint32: fill(target, bytes) { (bits: UInt32) in Float(bits) }
        case .uint16: fill(target, bytes) { (bits: UInt16) in Float(bits) }
        case .uint8: fill(target, bytes) { (bits: UInt8) in Float(bits) }
        case .bool: fill(target, bytes) { (bits: UInt8) in bits == 0 ? 0 : 1 }
        }
    }

    /// Elements as double-precision numbers.
    func doubles(in data: Data) -> [Double] {
        data.withUnsafeBytes { bytes in
            switch self {
            case .float64: elements(bytes) { (bits: UInt64) in Double(bitPattern: bits) }
            case .int64: elements(bytes) { (bits: Int64) in Double(bits) }
            case .uint64: elements(bytes) { (bits: UInt64) in Double(bits) }
            case .int32: elements(bytes) { (bits: Int32) in Double(bits) }
            case .uint32: elements(bytes) { (bits: UInt32) in Double(bits) }
            default: floats(in: bytes).map { Double($0) }
            }
        }
    }

    /// Whole numbers and truth values (as 0 and 1); nil for floating point, and where one is larger than any `Int`.
    func integers(in data: Data) -> [Int]? {
        data.withUnsafeBytes { bytes in
            switch self {
            case .int64: elements(bytes) { (bits: Int64) in Int(bits) }
            case .int32: elements(bytes) { (bits: Int32) in Int(bits) }
            case .int16: elements(bytes) { (bits: Int16) in Int(bits) }
            case .int8: elements(bytes) { (bits: Int8) in Int(bits) }
            case .uint32: elements(bytes) { (bits: UInt32) in Int(bits) }
            case .uint16: elements(bytes) { (bits: UInt16) in Int(bits) }
            case .uint8: elements(bytes) { (bits: UInt8) in Int(bits) }
            case .bool: elements(bytes) { (bits: UInt8) in bits == 0 ? 0 : 1 }
            case .uint64:
                elements(bytes) { (bits: UInt64) in bits }.allSatisfy { $0 <= UInt64(Int.max) }
                    ? elements(bytes) { (bits: UInt64) in Int(truncatingIfNeeded: bits) } : nil
            default: nil
            }
        }
    }

    /// Four bits of exponent and three of fraction: no infinity, and only all ones are NaN ("FP8
    /// Formats for Deep Learning", arXiv:2209.05433).
    private static func float8E4M3(_ bits: UInt8) -> Float {
        let (exponent, fraction) = (Int(bits >> 3 & 15), Float(bits & 7))
        guard bits & 0x7f != 0x7f else { return .nan }
        let magnitude = exponent == 0 ? fraction / 512 : (1 + fraction / 8) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
        return bits & 0x80 == 0 ? magnitude : -magnitude
    }

    private func fill<Bits: FixedWidthInteger>(
        _ target: UnsafeMutableBufferPointer<Float>, _ bytes: UnsafeRawBufferPointer, _ convert: (Bits) -> Float
    ) {
        for index in 0..<min(target.count, bytes.count / MemoryLayout<Bits>.size) {
            let bits = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
            target.initializeElement(at: index, to: convert(Bits(littleEndian: bits)))
        }
    }

    /// Converts what is stored as `Bits`.
    func elements<Bits: FixedWidthInteger, Element>(
        _ bytes: UnsafeRawBufferPointer, _ convert: (Bits) -> Element
    ) -> [Element] {
        let total = bytes.count / MemoryLayout<Bits>.size
        return [Element](unsafeUninitializedCapacity: total) { buffer, count in
            for index in 0..<total {
                let bits = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
                buffer.initializeElement(at: index, to: convert(Bits(littleEndian: bits)))
            }
            count = total
        }
    }
}
