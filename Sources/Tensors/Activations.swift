import Glibc

extension Tensor {
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

    /// x Φ(x) with the exact normal distribution function (Hendrycks and Gimpel 2016; the default of PyTorch's GELU), within |x|·3·10⁻⁷.
    ///
    /// At −∞ it is 0, its limit.
    public func gelu() -> Tensor {
        mappedInLanes { $0.replacing(with: 0, where: $0 .== -.infinity) * $0.normalDistribution() }
            .recorded(self) { gradient in
                let density = 1 / (2 * Float.pi).squareRoot()
                return Tensor.combinedInLanes(gradient, self) { upstream, x in
                    // The density is 0 long before x is infinite, and 0 · ∞ would be NaN.
                    let factor = x.replacing(with: 0, where: x.magnitudes .> 100)
                    return upstream * (x.normalDistribution() + factor * density * (x * x * -0.5).exponential())
                }
            }
    }

    /// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): GELU's approximation (Hendrycks and Gimpel 2016, section 2), within |x|·3·10⁻⁷.
    ///
    /// At −∞ it is 0, its limit.
    public func approximateGELU() -> Tensor {
        let scale = (2 / Float.pi).squareRoot()
        let result = mappedInLanes { x in
            let factor = x.replacing(with: 0, where: x .== -.infinity)
            return 0.5 * factor * (1 + (scale * (x + 0.044715 * x * x * x)).hyperbolicTangent())
        }
        return result.recorded(self) { gradient in
            Tensor.combinedInLanes(gradient, self) { upstream, argument in
                // Beyond ±20 the function is 0 or x to the last digit, and the powers below would overflow.
                let x = argument.replacing(with: -20, where: argument .< -20).replacing(with: 20, where: argument .> 20)
                let tangent = (scale * (x + 0.044715 * x * x * x)).hyperbolicTangent()
                let slope = scale * (1 + 0.134145 * x * x)
                return upstream * 0.5 * (1 + tangent + x * (1 - tangent * tangent) * slope)
            }
        }
    }

    /// x / (1 + e⁻ˣ) (SiLU, also called Swish), within 5·10⁻⁷ of its value; at −∞ it is 0, its limit.
    public func silu() -> Tensor {
        mappedInLanes { $0.replacing(with: 0, where: $0 .== -.infinity) * $0.logistic() }
            .recorded(self) { gradient in
                Tensor.combinedInLanes(gradient, self) { upstream, argument in
                    // The slope is 0 or 1 to the last digit beyond ±100, and 0 · ∞ would be NaN.
                    let x = argument.replacing(with: -100, where: argument .< -100).replacing(with: 100, where: argument .> 100)
                    let share = x.logistic()
                    return upstream * share * (1 + x * (1 - share))
                }
            }
    }

    /// log(1 + eˣ), within 2 units in the last place, without overflow for large x.
    public func softplus() -> Tensor {
        mapped { x in (x < 0 ? 0 : x) + log1pf(expf(-abs(x))) }
            .recorded(self) { gradient in Tensor.combinedInLanes(gradient, self) { $0 * $1.logistic() } }
    }
}
