// The compiler vectorizes elementwise loops of sums, products and comparisons, but neither calls of mathematical functions
// nor reductions, whose order it must keep. Such loops are written in eight lanes.

/// Loops over contiguous elements, eight at a time and then the rest.
enum Lanes {
    /// The number of elements that are worked on at a time.
    static let count = 8

    /// Eight elements, at any alignment.
    @inline(__always)
    static func load(_ start: UnsafePointer<Float>) -> SIMD8<Float> {
        UnsafeRawPointer(start).loadUnaligned(as: SIMD8<Float>.self)
    }

    /// Writes eight elements, at any alignment.
    @inline(__always)
    static func store(_ lanes: SIMD8<Float>, _ start: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(start).storeBytes(of: lanes, as: SIMD8<Float>.self)
    }

    /// The first `count` < 8 elements; the other lanes hold `filler`.
    @inline(__always)
    static func load(_ start: UnsafePointer<Float>, count: Int, filler: Float) -> SIMD8<Float> {
        var lanes = SIMD8<Float>(repeating: filler)
        for lane in 0..<count { lanes[lane] = start[lane] }
        return lanes
    }

    /// Writes `operation` of every element, eight at a time. Input and output may be the same memory.
    /// In the last call the lanes without an element hold 0, and their results are dropped.
    @inline(__always)
    static func map(
        _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, count: Int, _ operation: (SIMD8<Float>) -> SIMD8<Float>
    ) {
        let whole = count & ~(Lanes.count - 1)
        for index in stride(from: 0, to: whole, by: Lanes.count) { store(operation(load(input + index)), output + index) }
        if whole < count {
            let rest = operation(load(input + whole, count: count - whole, filler: 0))
            for lane in 0..<(count - whole) { output[whole + lane] = rest[lane] }
        }
    }

    /// The largest element; −∞ where there is none. NaN is ignored.
    @inline(__always)
    static func maximum(_ input: UnsafePointer<Float>, count: Int) -> Float {
        var best = SIMD8<Float>(repeating: -.infinity)
        let whole = count & ~(Lanes.count - 1)
        for index in stride(from: 0, to: whole, by: Lanes.count) {
            let lanes = load(input + index)
            best.replace(with: lanes, where: lanes .> best)
        }
        var result = -Float.infinity
        for lane in 0..<Lanes.count { result = best[lane] > result ? best[lane] : result }
        for index in whole..<count { result = input[index] > result ? input[index] : result }
        return result
    }

    /// The largest magnitude; 0 where there is no element, ∞ where one is infinite, NaN where one is
    /// NaN.
    static func largestMagnitude(_ input: UnsafePointer<Float>, count: Int) -> Float {
        // As bit patterns without the sign, magnitudes are ordered like whole numbers, with NaN above ∞; like signed ones, because the first
        // vector instructions compare no others.
        var best = SIMD8<Int32>.zero
        let whole = count & ~(Lanes.count - 1)
        for index in stride(from: 0, to: whole, by: Lanes.count) {
            let bits = unsafeBitCast(load(input + index), to: SIMD8<Int32>.self) & 0x7FFF_FFFF
            best.replace(with: bits, where: bits .> best)
        }
        var result = best.max()
        for index in whole..<count { result = max(result, Int32(bitPattern: input[index].bitPattern & 0x7FFF_FFFF)) }
        return Float(bitPattern: UInt32(bitPattern: result))
    }

    /// Σ `term` over pairs of elements.
    ///
    /// Eight lanes add up in single precision for 64 steps, and their totals are joined in double
    /// precision. The order is always the same, whatever the number of threads and the alignment.
    @inline(__always)
    static func sum(
        _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, count: Int,
        _ term: (SIMD8<Float>, SIMD8<Float>) -> SIMD8<Float>
    ) -> Float {
        var total = 0.0
        var index = 0
        while index + Lanes.count <= count {
            var lanes = SIMD8<Float>.zero
            let end = min(index + 512, count & ~(Lanes.count - 1))
            while index < end {
                lanes += term(load(left + index), load(right + index))
                index += Lanes.count
            }
            total += Double(lanes.sum())
        }
        while index < count {
            total += Double(term(SIMD8(repeating: left[index]), SIMD8(repeating: right[index]))[0])
            index += 1
        }
        return Float(total)
    }
}

extension Tensor {
    /// `operation` applied to every element in eight lanes, without a record.
    @inline(__always)
    func mappedInLanes(_ operation: (SIMD8<Float>) -> SIMD8<Float>) -> Tensor {
        let result = Tensor(uninitialized: shape)
        withExtendedLifetime(self) { Lanes.map(pointer, result.pointer, count: elementCount, operation) }
        return result
    }

    /// `operation` applied to pairs of elements of two tensors of one shape in eight lanes, without a
    /// record.
    @inline(__always)
    static func combinedInLanes(_ left: Tensor, _ right: Tensor, _ operation: (SIMD8<Float>, SIMD8<Float>) -> SIMD8<Float>) -> Tensor {
        require(left.shape == right.shape, "shapes \(left.shape) and \(right.shape) differ")
        let result = Tensor(uninitialized: left.shape)
        let (a, b, output, count) = (left.pointer, right.pointer, result.pointer, left.elementCount)
        let whole = count & ~(Lanes.count - 1)
        withExtendedLifetime((left, right)) {
            for index in stride(from: 0, to: whole, by: Lanes.count) {
                Lanes.store(operation(Lanes.load(a + index), Lanes.load(b + index)), output + index)
            }
            if whole < count {
                let rest = operation(
                    Lanes.load(a + whole, count: count - whole, filler: 0), Lanes.load(b + whole, count: count - whole, filler: 0))
                for lane in 0..<(count - whole) { output[whole + lane] = rest[lane] }
            }
        }
        return result
    }
}
