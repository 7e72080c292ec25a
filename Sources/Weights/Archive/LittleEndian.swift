import Foundation

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
