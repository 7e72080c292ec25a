import Glibc

extension Tensor {
    public func exp() -> Tensor {
        let result = mapped { expf($0) }
        return result.recorded(self) { $0 * result }
    }

    /// The natural logarithm.
    public func log() -> Tensor { mapped { logf($0) }.recorded(self) { $0 / self } }

    public func sqrt() -> Tensor {
        let result = mapped { $0.squareRoot() }
        return result.recorded(self) { Tensor.combined("sqrt", $0, result) { 0.5 * $0 / $1 } }
    }

    public func tanh() -> Tensor {
        let result = mapped { tanhf($0) }
        return result.recorded(self) { Tensor.combined("tanh", $0, result) { $0 * (1 - $1 * $1) } }
    }

    /// 1 / (1 + e⁻ˣ), without overflow for large negative x.
    public func sigmoid() -> Tensor {
        let result = mapped { x in
            let decay = expf(-abs(x))
            return x >= 0 ? 1 / (1 + decay) : decay / (1 + decay)
        }
        return result.recorded(self) { Tensor.combined("sigmoid", $0, result) { $0 * $1 * (1 - $1) } }
    }

    /// max(0, x); the gradient at 0 is 0, and NaN stays NaN.
    public func relu() -> Tensor {
        let result = mapped { $0 < 0 ? 0 : $0 }
        return result.recorded(self) { Tensor.combined("relu", $0, result) { $1 > 0 ? $0 : 0 } }
    }

    /// max(0, left + right) for two tensors of one shape, in one pass over memory: the end of every residual block.
    public static func rectifiedSum(_ left: Tensor, _ right: Tensor) -> Tensor {
        require(left.shape == right.shape, "rectifiedSum: shapes \(left.shape) and \(right.shape) differ")
        let result = combined("rectifiedSum", left, right) { $0 + $1 < 0 ? 0 : $0 + $1 }
        return custom(result, inputs: [left, right]) { gradient in
            let passed = combined("rectifiedSum", gradient, result) { $1 > 0 ? $0 : 0 }
            return [passed, passed]
        }
    }

    /// x Φ(x) with the exact normal distribution function (the default of PyTorch's GELU).
    public func gelu() -> Tensor {
        let root = Float(0.5).squareRoot()
        return mapped { 0.5 * $0 * (1 + erff($0 * root)) }
            .recorded(self) { gradient in
                let density = 1 / (2 * Float.pi).squareRoot()
                return Tensor.combined("gelu", gradient, self) { upstream, x in
                    upstream * (0.5 * (1 + erff(x * root)) + x * density * expf(-0.5 * x * x))
                }
            }
    }

    /// |x|; the gradient at 0 is 0.
    public func absolute() -> Tensor {
        mapped { abs($0) }.recorded(self) { Tensor.combined("absolute", $0, self) { $1 > 0 ? $0 : $1 < 0 ? -$0 : 0 } }
    }

    public func squared() -> Tensor {
        mapped { $0 * $0 }.recorded(self) { Tensor.combined("squared", $0, self) { 2 * $0 * $1 } }
    }

    public func reciprocal() -> Tensor {
        let result = mapped { 1 / $0 }
        return result.recorded(self) { Tensor.combined("reciprocal", $0, result) { -$0 * $1 * $1 } }
    }

    /// xᵖ for a fixed exponent.
    public func power(_ exponent: Float) -> Tensor {
        mapped { powf($0, exponent) }
            .recorded(self) { Tensor.combined("power", $0, self) { $0 * exponent * powf($1, exponent - 1) } }
    }
}
