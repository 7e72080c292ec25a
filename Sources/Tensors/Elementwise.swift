import Glibc

extension Tensor {
    /// eˣ of each entry, within 2 units in the last place; ∞ above 88.73, 0 below −104, NaN for NaN.
    public func exp() -> Tensor {
        let result = mappedInLanes { $0.exponential() }
        return result.recorded(self) { Tensor.chained("exp", $0, result) { $0 * $1 } }
    }

    /// The natural logarithm, within 1 unit in the last place; −∞ at 0, NaN below.
    public func log() -> Tensor { mapped { logf($0) }.recorded(self) { Tensor.chained("log", $0, self) { $0 / $1 } } }

    /// The square root of each entry, correctly rounded; NaN below 0.
    ///
    /// The gradient at 0 is infinite, but stays 0 where the root does not count in the result.
    public func sqrt() -> Tensor {
        let result = mapped { $0.squareRoot() }
        return result.recorded(self) { Tensor.chained("sqrt", $0, result) { 0.5 * $0 / $1 } }
    }

    /// The hyperbolic tangent of each entry, within 3·10⁻⁷ of its value.
    public func tanh() -> Tensor {
        let result = mappedInLanes { $0.hyperbolicTangent() }
        return result.recorded(self) { Tensor.combined("tanh", $0, result) { $0 * (1 - $1 * $1) } }
    }

    /// 1 / (1 + e⁻ˣ), within 4·10⁻⁷ of its value, without overflow for large negative x.
    public func sigmoid() -> Tensor {
        let result = mappedInLanes { $0.logistic() }
        return result.recorded(self) { Tensor.combined("sigmoid", $0, result) { $0 * $1 * (1 - $1) } }
    }

    /// |x|; the gradient at 0 is 0.
    public func absolute() -> Tensor {
        mapped { abs($0) }.recorded(self) { Tensor.combined("absolute", $0, self) { $1 > 0 ? $0 : $1 < 0 ? -$0 : 0 } }
    }

    /// The square of each entry, correctly rounded; ∞ where |x| is above 1.84·10¹⁹.
    public func squared() -> Tensor {
        mapped { $0 * $0 }.recorded(self) { Tensor.chained("squared", $0, self) { 2 * $0 * $1 } }
    }

    /// 1/x of each entry, correctly rounded; infinite at 0.
    public func reciprocal() -> Tensor {
        let result = mapped { 1 / $0 }
        return result.recorded(self) { Tensor.chained("reciprocal", $0, result) { -$0 * $1 * $1 } }
    }

    /// xᵖ for a fixed exponent, within 1 unit in the last place; NaN for negative x where p is no whole number.
    ///
    /// x⁰ is 1 everywhere, with the gradient 0.
    public func power(_ exponent: Float) -> Tensor {
        mapped { powf($0, exponent) }
            .recorded(self) { Tensor.chained("power", $0, self) { exponent == 0 ? 0 : $0 * exponent * powf($1, exponent - 1) } }
    }
}
