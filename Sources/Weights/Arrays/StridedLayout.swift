import Foundation

/// Where the elements of an array lie in a block of memory, as PyTorch and NumPy describe it.
///
/// Element `[i, j, …]` is number `start + i·strides[0] + j·strides[1] + …` of the memory. The
/// initializers refuse a layout that leaves its memory.
package struct StridedLayout: Hashable, Sendable {
    let type: ElementType
    let isBigEndian: Bool
    /// The position of the first element in the memory, in elements.
    private(set) var start: Int
    /// Extents, first axis first; empty for a scalar.
    private(set) var shape: [Int]
    /// The step along each axis, in elements of the memory; 0 for an axis of one index or none.
    let strides: [Int]
    private(set) var elementCount: Int

    /// Why a layout does not fit its memory.
    struct Fault: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    /// Checks that the layout stays inside its memory.
    ///
    /// - Parameters:
    ///   - window: the part of the memory, in elements, that `offset` counts from and that must not be left.
    ///   - memory: what the memory is called in messages.
    ///   - axes: the most axes that are read.
    init(
        _ type: ElementType, isBigEndian: Bool = false, window: Range<Int>, offset: Int = 0, shape: [Int], strides: [Int],
        memory: String, axes: Int = ReadingLimits().axes
    ) throws(Fault) {
        guard shape.count == strides.count else {
            throw Fault("the shape has \(shape.count) axes, but there are \(strides.count) strides")
        }
        guard shape.count <= axes else { throw Fault("the shape has \(shape.count) axes; at most \(axes) are read") }
        guard shape.allSatisfy({ $0 >= 0 }) else { throw Fault("the shape \(shape) has a negative extent") }
        guard strides.allSatisfy({ $0 >= 0 }) else { throw Fault("the strides \(strides) have a negative one") }
        guard offset >= 0 else { throw Fault("the offset \(offset) is negative") }
        self.type = type
        self.isBigEndian = isBigEndian
        self.shape = shape
        guard !shape.contains(0) else {
            self.strides = shape.map { _ in 0 }
            (start, elementCount) = (window.lowerBound, 0)
            return
        }
        var count = 1
        var last = offset
        for (extent, stride) in zip(shape, strides) {
            let (product, isTooMany) = count.multipliedReportingOverflow(by: extent)
            let (reach, isTooFar) = (extent - 1).multipliedReportingOverflow(by: stride)
            let (sum, isBeyond) = last.addingReportingOverflow(reach)
            guard !isTooMany, !isTooFar, !isBeyond, product <= Int.max / 8 else {
                throw Fault("the shape \(shape) with strides \(strides) has more elements than can be counted")
            }
            (count, last) = (product, sum)
        }
        guard last < window.count else {
            throw Fault(
                "the shape \(shape) with strides \(strides) and offset \(offset) reaches element \(last), but \(memory) has \(window.count)")
        }
        self.strides = zip(shape, strides).map { $0 > 1 ? $1 : 0 }
        start = window.lowerBound + offset
        elementCount = count
    }

    /// An array without gaps: row-major (C's order) or column-major (Fortran's).
    /// - Throws: where `byteCount` is not exactly what the elements take.
    init(
        packed type: ElementType, isBigEndian: Bool = false, shape: [Int], isColumnMajor: Bool = false, byteCount: Int
    ) throws(Fault) {
        guard let count = Self.elementCount(of: shape), let bytes = Self.product([count, type.size]) else {
            throw Fault("the shape \(shape) has more elements than can be counted")
        }
        guard bytes == byteCount else {
            throw Fault("the shape \(shape) of \(type.rawValue) takes \(bytes) bytes, but \(byteCount) are there")
        }
        let strides = isColumnMajor ? Self.packedStrides(shape.reversed()).reversed() : Self.packedStrides(shape)
        try self.init(
            type, isBigEndian: isBigEndian, window: 0..<count, shape: shape, strides: Array(strides), memory: "the array")
    }

    /// A vector of `count` elements without gaps.
    init(vector type: ElementType, count: Int) {
        (self.type, isBigEndian, start, shape, strides, elementCount) = (type, false, 0, [count], [1], count)
    }

    /// The product of the extents; nil where it cannot be counted or an extent is negative. With a 0 among them the others may be any.
    static func elementCount(of shape: [Int]) -> Int? { shape.contains(0) ? 0 : product(shape) }

    private static func product(_ factors: [Int]) -> Int? {
        var product = 1
        for factor in factors {
            let (next, isTooLarge) = product.multipliedReportingOverflow(by: factor)
            guard factor >= 0, !isTooLarge else { return nil }
            product = next
        }
        return product
    }

    private static func packedStrides(_ shape: [Int]) -> [Int] {
        guard !shape.contains(0) else { return shape.map { _ in 0 } }
        var step = 1
        var strides: [Int] = []
        for extent in shape.reversed() {
            strides.append(step)
            step *= extent
        }
        return strides.reversed()
    }

    var byteCount: Int { elementCount * type.size }

    /// Some indices of the first axis.
    /// - Precondition: there is a first axis, and it has these indices.
    func rows(_ rows: Range<Int>) -> StridedLayout {
        var part = self
        part.shape[0] = rows.count
        part.elementCount = shape[0] == 0 ? 0 : elementCount / shape[0] * rows.count
        part.start = elementCount == 0 ? start : start + rows.lowerBound * strides[0]
        return part
    }

    /// Whether the elements follow each other in row-major order without gaps.
    private var isPacked: Bool {
        var step = 1
        for (extent, stride) in zip(shape, strides).reversed() {
            guard extent <= 1 || stride == step else { return false }
            step *= extent
        }
        return true
    }

    /// Where some indices of the first axis lie in the memory, in bytes from its start, where they lie there as they are read: without gaps, in
    /// row-major order and little-endian; else nil. A scalar is one row.
    /// - Precondition: the first axis has these indices.
    func packedBytes(rows: Range<Int>) -> Range<Int>? {
        let count = shape.first ?? 1
        guard isPacked, !isBigEndian || type.size == 1, count > 0 else { return nil }
        let row = elementCount / count * type.size
        let first = start * type.size + rows.lowerBound * row
        return first..<first + rows.count * row
    }

    /// The elements in row-major order, little-endian.
    /// - Precondition: `memory` is what the layout was made for.
    func rowMajor(_ memory: Data) -> Data {
        guard elementCount > 0 else { return Data() }
        if isPacked, !isBigEndian || type.size == 1 {
            let first = memory.startIndex + start * type.size
            return memory[first..<first + byteCount]
        }
        var result = Data(count: byteCount)
        memory.withUnsafeBytes { source in
            result.withUnsafeMutableBytes { target in
                switch type.size {
                case 8: copy(UInt64.self, source, target)
                case 4: copy(UInt32.self, source, target)
                case 2: copy(UInt16.self, source, target)
                default: copy(UInt8.self, source, target)
                }
            }
        }
        return result
    }

    private func copy<Bits: FixedWidthInteger>(
        _: Bits.Type, _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
    ) {
        let size = MemoryLayout<Bits>.size
        let (rowLength, rowStride) = (shape.last ?? 1, strides.last ?? 0)
        var index = [Int](repeating: 0, count: max(shape.count - 1, 0))
        var row = start
        var next = 0
        while next < elementCount {
            for column in 0..<rowLength {
                let bits = source.loadUnaligned(fromByteOffset: (row + column * rowStride) * size, as: Bits.self)
                target.storeBytes(of: isBigEndian ? bits.byteSwapped : bits, toByteOffset: next * size, as: Bits.self)
                next += 1
            }
            for axis in index.indices.reversed() {
                index[axis] += 1
                row += strides[axis]
                if index[axis] < shape[axis] { break }
                row -= shape[axis] * strides[axis]
                index[axis] = 0
            }
        }
    }
}
