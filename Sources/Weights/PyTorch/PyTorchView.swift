import Foundation

/// The memory that one or more tensors of a checkpoint look into, as the pickle declares it.
struct PyTorchStorage: Hashable, Sendable {
    /// Its name in the file.
    let key: String
    let type: ElementType
    /// Elements.
    let count: Int

    /// Bytes; the machine declares no storage for which this overflows.
    var byteCount: Int { count * type.size }
}

/// A tensor of a checkpoint: a strided view of a storage, known to lie inside it.
struct PyTorchView: Hashable, Sendable {
    /// The storage's place in the heap.
    let storage: Int
    let type: ElementType
    /// The first element's place in the storage.
    let start: Int
    /// Extents, first axis first; empty for a scalar.
    let shape: [Int]
    /// Elements of the storage from one index to the next along each axis; 0 for axes of one index or none.
    let strides: [Int]
    let elementCount: Int

    /// Checks the view; the error is what is wrong with it.
    ///
    /// - Parameters:
    ///   - window: the part of the storage, in elements, that `offset` counts from and that must not be left.
    ///   - axes: the most axes that are read.
    init(
        storage: Int, of declared: PyTorchStorage, window: Range<Int>, offset: Int, shape: [Int], strides: [Int], axes: Int
    ) throws(ViewFault) {
        guard shape.count == strides.count else {
            throw ViewFault("the shape has \(shape.count) axes, but there are \(strides.count) strides")
        }
        guard shape.count <= axes else { throw ViewFault("the shape has \(shape.count) axes; at most \(axes) are read") }
        guard shape.allSatisfy({ $0 >= 0 }) else { throw ViewFault("the shape \(shape) has a negative extent") }
        guard strides.allSatisfy({ $0 >= 0 }) else { throw ViewFault("the strides \(strides) have a negative one") }
        guard offset >= 0 else { throw ViewFault("the offset \(offset) is negative") }
        self.storage = storage
        type = declared.type
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
                throw ViewFault("the shape \(shape) with strides \(strides) has more elements than can be counted")
            }
            (count, last) = (product, sum)
        }
        guard last < window.count else {
            throw ViewFault(
                "the shape \(shape) with strides \(strides) and offset \(offset) reaches element \(last), but the storage "
                    + "\(JSONValue.quoted(declared.key)) has \(window.count)")
        }
        self.strides = zip(shape, strides).map { $0 > 1 ? $1 : 0 }
        start = window.lowerBound + offset
        elementCount = count
    }

    struct ViewFault: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    var byteCount: Int { elementCount * type.size }

    /// Whether the elements lie one after another in row-major order.
    private var isContiguous: Bool {
        var step = 1
        for (extent, stride) in zip(shape, strides).reversed() {
            guard extent <= 1 || stride == step else { return false }
            step *= extent
        }
        return true
    }

    /// The elements in row-major order, little-endian.
    /// - Precondition: `bytes` are the whole storage.
    func rowMajor(_ bytes: Data) -> Data {
        guard elementCount > 0 else { return Data() }
        if isContiguous {
            let first = bytes.startIndex + start * type.size
            return bytes[first..<first + byteCount]
        }
        var result = Data(count: byteCount)
        bytes.withUnsafeBytes { source in
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
                target.storeBytes(of: bits, toByteOffset: next * size, as: Bits.self)
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
