// The compiler vectorizes elementwise loops of sums, products and comparisons, but no reductions, whose order it must keep. They are
// written in eight lanes; mathematical functions are loops of `CLanes`.

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

extension SIMD8<Float> {
    /// The magnitude of each lane.
    @inline(__always)
    var magnitudes: SIMD8<Float> {
        unsafeBitCast(unsafeBitCast(self, to: SIMD8<UInt32>.self) & 0x7FFF_FFFF, to: SIMD8<Float>.self)
    }
}

extension Tensor {
    /// What a loop of `CLanes` makes of every element, without a record.
    ///
    /// - Parameter loop: reads as many elements as its last argument says, and writes as many results.
    func mapped(by loop: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void) -> Tensor {
        let result = Tensor(uninitialized: shape)
        withExtendedLifetime(self) { loop(pointer, result.pointer, elementCount) }
        return result
    }

    /// What a loop of `CLanes` makes of pairs of elements of this tensor and another one, without a record.
    ///
    /// - Precondition: the shapes are equal.
    func combined(with other: Tensor, by loop: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void) -> Tensor {
        require(shape == other.shape, "shapes \(shape) and \(other.shape) differ")
        let result = Tensor(uninitialized: shape)
        withExtendedLifetime((self, other)) { loop(pointer, other.pointer, result.pointer, elementCount) }
        return result
    }
}
