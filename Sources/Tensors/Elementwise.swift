import Glibc

extension Tensor {
    /// eˣ of each entry.
    public func exp() -> Tensor {
        let result = mappedInLanes { $0.exponential() }
        return result.recorded(self) { $0 * result }
    }

    /// The natural logarithm.
    public func log() -> Tensor { mapped { logf($0) }.recorded(self) { $0 / self } }

    /// The square root of each entry.
    public func sqrt() -> Tensor {
        let result = mapped { $0.squareRoot() }
        return result.recorded(self) { Tensor.combined("sqrt", $0, result) { 0.5 * $0 / $1 } }
    }

    /// The hyperbolic tangent of each entry.
    public func tanh() -> Tensor {
        let result = mappedInLanes { $0.hyperbolicTangent() }
        return result.recorded(self) { Tensor.combined("tanh", $0, result) { $0 * (1 - $1 * $1) } }
    }

    /// 1 / (1 + e⁻ˣ), without overflow for large negative x.
    public func sigmoid() -> Tensor {
        let result = mappedInLanes { $0.logistic() }
        return result.recorded(self) { Tensor.combined("sigmoid", $0, result) { $0 * $1 * (1 - $1) } }
    }

    /// |x|; the gradient at 0 is 0.
    public func absolute() -> Tensor {
        mapped { abs($0) }.recorded(self) { Tensor.combined("absolute", $0, self) { $1 > 0 ? $0 : $1 < 0 ? -$0 : 0 } }
    }

    /// The square of each entry.
    public func squared() -> Tensor {
        mapped { $0 * $0 }.recorded(self) { Tensor.combined("squared", $0, self) { 2 * $0 * $1 } }
    }

    /// 1/x of each entry.
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
