internal import CLanes
import Glibc

extension Tensor {
    /// eˣ of each element, within 2 units in the last place; ∞ above 88.73, 0 below −104, NaN for NaN.
    ///
    /// The gradient is the upstream gradient times the result.
    public func exp() -> Tensor {
        let result = mapped(by: regulus_exp)
        return result.recorded(self) { Tensor.chained("exp", $0, result) { $0 * $1 } }
    }

    /// The natural logarithm of each element, within 1 unit in the last place; −∞ at 0, NaN below.
    ///
    /// The gradient is the upstream gradient divided by the element.
    ///
    /// - Note: for a probability that may be 0, take ``logSoftmax(axis:)`` of the logits instead.
    public func log() -> Tensor { mapped { logf($0) }.recorded(self) { Tensor.chained("log", $0, self) { $0 / $1 } } }

    /// The square root of each element, correctly rounded; NaN below 0.
    ///
    /// The gradient at 0 is infinite, but 0 where the root does not count in the result; see
    /// ``select(_:_:_:)``.
    public func sqrt() -> Tensor {
        let result = mapped { $0.squareRoot() }
        return result.recorded(self) { Tensor.chained("sqrt", $0, result) { 0.5 * $0 / $1 } }
    }

    /// The hyperbolic tangent of each element, within 3·10⁻⁷ of its value; NaN for NaN.
    ///
    /// The gradient is the upstream gradient times `1 − y²`, with y the result.
    public func tanh() -> Tensor {
        let result = mapped(by: regulus_tanh)
        return result.recorded(self) { Tensor.combined("tanh", $0, result) { $0 * (1 - $1 * $1) } }
    }

    /// The logistic function 1 / (1 + e⁻ˣ) of each element, within 4·10⁻⁷ of its value also far below
    /// 0, where it does not overflow.
    ///
    /// The gradient is the upstream gradient times `y(1 − y)`, with y the result.
    public func sigmoid() -> Tensor {
        let result = mapped(by: regulus_sigmoid)
        return result.recorded(self) { Tensor.combined("sigmoid", $0, result) { $0 * $1 * (1 - $1) } }
    }

    /// The magnitude of each element; the gradient at 0 is 0.
    public func absolute() -> Tensor {
        mapped { abs($0) }.recorded(self) { Tensor.combined("absolute", $0, self) { $1 > 0 ? $0 : $1 < 0 ? -$0 : 0 } }
    }

    /// The square of each element, correctly rounded; ∞ where |x| is above 1.84·10¹⁹.
    ///
    /// The gradient is the upstream gradient times `2x`.
    public func squared() -> Tensor {
        mapped { $0 * $0 }.recorded(self) { Tensor.chained("squared", $0, self) { 2 * $0 * $1 } }
    }

    /// 1/x of each element, correctly rounded; infinite at 0.
    ///
    /// The gradient is the upstream gradient times `−1/x²`.
    public func reciprocal() -> Tensor {
        let result = mapped { 1 / $0 }
        return result.recorded(self) { Tensor.chained("reciprocal", $0, result) { -$0 * $1 * $1 } }
    }

    /// xᵖ of each element for a fixed exponent, within 1 unit in the last place; NaN for negative x
    /// where p is not a whole number.
    ///
    /// x⁰ is 1 everywhere, also at 0, with the gradient 0.
    ///
    /// The gradient is the upstream gradient times `p xᵖ⁻¹`, which is infinite at 0 for p between 0 and
    /// 1.
    public func power(_ exponent: Float) -> Tensor {
        mapped { powf($0, exponent) }
            .recorded(self) { Tensor.chained("power", $0, self) { exponent == 0 ? 0 : $0 * exponent * powf($1, exponent - 1) } }
    }
}

extension Tensor {
    /// max(0, x) of each element. The gradient at 0 is 0, and NaN stays NaN.
    public func relu() -> Tensor {
        let result = mapped(by: regulus_rectify)
        return result.recorded(self) { $0.passed(byReLU: result) }
    }

    /// This gradient as far as a ReLU with the given output lets it pass.
    func passed(byReLU output: Tensor) -> Tensor { combined(with: output, by: regulus_rectified_gradient) }

    /// max(0, left + right) for two tensors of the same shape, in one pass over memory: the end of
    /// every residual block.
    ///
    /// The gradient of both is the upstream gradient where the sum is above 0, and 0 elsewhere; NaN
    /// stays NaN.
    ///
    /// - Precondition: the shapes are equal.
    public static func rectifiedSum(_ left: Tensor, _ right: Tensor) -> Tensor {
        require(left.shape == right.shape, "rectifiedSum: shapes \(left.shape) and \(right.shape) differ")
        let result = combined("rectifiedSum", left, right) { $0 + $1 < 0 ? 0 : $0 + $1 }
        return custom(result, inputs: [left, right]) { gradient in
            let passed = gradient.passed(byReLU: result)
            return [passed, passed]
        }
    }

    /// x Φ(x) of each element, with the exact distribution function of the normal distribution
    /// (Hendrycks and Gimpel 2016; PyTorch's default GELU), within |x|·3·10⁻⁷. At −∞ it is 0, its
    /// limit.
    ///
    /// The gradient is the upstream gradient times `Φ(x) + x φ(x)`, with φ the density.
    public func gelu() -> Tensor {
        mapped(by: regulus_gelu).recorded(self) { $0.combined(with: self, by: regulus_gelu_gradient) }
    }

    /// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) of each element: the approximation of GELU (Hendrycks
    /// and Gimpel 2016, section 2; PyTorch's `approximate="tanh"`), within |x|·3·10⁻⁷. At −∞ it is 0,
    /// its limit.
    public func approximateGELU() -> Tensor {
        mapped(by: regulus_approximate_gelu).recorded(self) { $0.combined(with: self, by: regulus_approximate_gelu_gradient) }
    }

    /// x / (1 + e⁻ˣ) of each element (SiLU, also called Swish), within 5·10⁻⁷ of its value. At −∞ it is
    /// 0, its limit.
    ///
    /// The gradient is the upstream gradient times `s(1 + x(1 − s))`, with s the logistic function of
    /// x.
    public func silu() -> Tensor {
        mapped(by: regulus_silu).recorded(self) { $0.combined(with: self, by: regulus_silu_gradient) }
    }

    /// log(1 + eˣ) of each element, within 2 units in the last place, without overflow for large x.
    ///
    /// The gradient is the upstream gradient times the logistic function of x.
    public func softplus() -> Tensor {
        mapped { x in (x < 0 ? 0 : x) + log1pf(expf(-abs(x))) }
            .recorded(self) { $0.combined(with: self, by: regulus_softplus_gradient) }
    }
}
