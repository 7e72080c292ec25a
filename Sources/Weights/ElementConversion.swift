extension ElementType {
    /// Elements of this type, stored little-endian at any alignment, as floats; nil for the 8-bit floating-point types.
    ///
    /// F64 and large integers are rounded to the nearest float; truth values become 0 and 1.
    func floats(in bytes: UnsafeRawBufferPointer) -> [Float]? {
        switch self {
        case .float32: elements(bytes) { (bits: UInt32) in Float(bitPattern: bits) }
        case .float64: elements(bytes) { (bits: UInt64) in Float(Double(bitPattern: bits)) }
        case .float16: elements(bytes) { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
        case .bfloat16: elements(bytes) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
        case .float8E4M3, .float8E5M2: nil
        case .int64: elements(bytes) { (bits: Int64) in Float(bits) }
        case .int32: elements(bytes) { (bits: Int32) in Float(bits) }
        case .int16: elements(bytes) { (bits: Int16) in Float(bits) }
        case .int8: elements(bytes) { (bits: Int8) in Float(bits) }
        case .uint64: elements(bytes) { (bits: UInt64) in Float(bits) }
        case .uint32: elements(bytes) { (bits: UInt32) in Float(bits) }
        case .uint16: elements(bytes) { (bits: UInt16) in Float(bits) }
        case .uint8: elements(bytes) { (bits: UInt8) in Float(bits) }
        case .bool: elements(bytes) { (bits: UInt8) in bits == 0 ? 0 : 1 }
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
