extension UnsafeBufferPointer<Float> {
    /// Σxᵢ², summed in double precision in eight lanes.
    func sumOfSquares() -> Double {
        guard let start = baseAddress else { return 0 }
        return Self.sumOfSquares(count, { start[$0] }) { index in
            UnsafeRawPointer(start + index).loadUnaligned(as: SIMD8<Float>.self)
        }
    }

    /// Σ(xᵢ + factor·yᵢ)², for `y` of the same count.
    func sumOfSquares(adding factor: Float, times y: UnsafePointer<Float>) -> Double {
        guard let start = baseAddress else { return 0 }
        return Self.sumOfSquares(count, { start[$0] + factor * y[$0] }) { index in
            let x = UnsafeRawPointer(start + index).loadUnaligned(as: SIMD8<Float>.self)
            return x + factor * UnsafeRawPointer(y + index).loadUnaligned(as: SIMD8<Float>.self)
        }
    }

    @inline(__always)
    private static func sumOfSquares(
        _ count: Int, _ single: (Int) -> Float, _ eight: (Int) -> SIMD8<Float>
    ) -> Double {
        var lanes = SIMD8<Double>.zero
        var index = 0
        while index + 8 <= count {
            let x = SIMD8<Double>(eight(index))
            lanes += x * x
            index += 8
        }
        var sum = lanes.sum()
        while index < count {
            let x = Double(single(index))
            sum += x * x
            index += 1
        }
        return sum
    }
}
