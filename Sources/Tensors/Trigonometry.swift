import Glibc

extension Tensor {
    /// The sine of each entry, in radians, within 1 unit in the last place; NaN for infinities.
    public func sin() -> Tensor { mapped { sinf($0) }.recorded(self) { Tensor.combined("sin", $0, self) { $0 * cosf($1) } } }

    /// The cosine of each entry, in radians, within 1 unit in the last place; NaN for infinities.
    public func cos() -> Tensor { mapped { cosf($0) }.recorded(self) { Tensor.combined("cos", $0, self) { -$0 * sinf($1) } } }

    /// The tangent of each entry, in radians; NaN for infinities.
    public func tan() -> Tensor {
        let result = mapped { tanf($0) }
        return result.recorded(self) { Tensor.combined("tan", $0, result) { $0 * (1 + $1 * $1) } }
    }

    /// The angle from −π/2 to π/2 whose sine is each entry; NaN beyond ±1, and an infinite gradient at ±1.
    public func asin() -> Tensor {
        mapped { asinf($0) }.recorded(self) { Tensor.chained("asin", $0, self) { $0 / (1 - $1 * $1).squareRoot() } }
    }

    /// The angle from 0 to π whose cosine is each entry; NaN beyond ±1, and an infinite gradient at ±1.
    public func acos() -> Tensor {
        mapped { acosf($0) }.recorded(self) { Tensor.chained("acos", $0, self) { -$0 / (1 - $1 * $1).squareRoot() } }
    }

    /// The angle from −π/2 to π/2 whose tangent is each entry.
    public func atan() -> Tensor {
        mapped { atanf($0) }.recorded(self) { Tensor.combined("atan", $0, self) { $0 / (1 + $1 * $1) } }
    }

    /// The angle from −π to π of the point (x, y), entry by entry; 0 at the origin, where the gradient is 0.
    ///
    /// - Precondition: the shapes broadcast.
    public static func atan2(_ y: Tensor, _ x: Tensor) -> Tensor {
        let result = combined("atan2", y, x) { atan2f($0, $1) }
        let shape = result.shape
        func slope(_ gradient: Tensor, _ numerator: Tensor, sign: Float) -> Tensor {
            let squares = y.detached().squared() + x.detached().squared()
            return combined("atan2", gradient * numerator.detached(), squares.expanded(to: shape)) { $1 > 0 ? sign * $0 / $1 : 0 }
        }
        return custom(result, inputs: [y, x]) { gradient in
            [slope(gradient, x, sign: 1).reduced(to: y.shape), slope(gradient, y, sign: -1).reduced(to: x.shape)]
        }
    }
}
