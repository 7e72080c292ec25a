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

    /// x Φ(x) with the exact normal distribution function (Hendrycks and Gimpel 2016; the default of PyTorch's GELU).
    public func gelu() -> Tensor {
        mappedInLanes { $0 * $0.normalDistribution() }
            .recorded(self) { gradient in
                let density = 1 / (2 * Float.pi).squareRoot()
                return Tensor.combinedInLanes(gradient, self) { upstream, x in
                    upstream * (x.normalDistribution() + x * density * (x * x * -0.5).exponential())
                }
            }
    }

    /// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): GELU's approximation (Hendrycks and Gimpel 2016, section 2).
    public func approximateGELU() -> Tensor {
        let scale = (2 / Float.pi).squareRoot()
        return mappedInLanes { x in 0.5 * x * (1 + (scale * (x + 0.044715 * x * x * x)).hyperbolicTangent()) }
            .recorded(self) { gradient in
                Tensor.combinedInLanes(gradient, self) { upstream, x in
                    let tangent = (scale * (x + 0.044715 * x * x * x)).hyperbolicTangent()
                    let slope = scale * (1 + 0.134145 * x * x)
                    return upstream * 0.5 * (1 + tangent + x * (1 - tangent * tangent) * slope)
                }
            }
    }

    /// x / (1 + e⁻ˣ) (SiLU, also called Swish).
    public func silu() -> Tensor {
        mappedInLanes { $0 * $0.logistic() }
            .recorded(self) { gradient in
                Tensor.combinedInLanes(gradient, self) { upstream, x in
                    let share = x.logistic()
                    return upstream * share * (1 + x * (1 - share))
                }
            }
    }

    /// log(1 + eˣ), without overflow for large x.
    public func softplus() -> Tensor {
        mapped { x in (x < 0 ? 0 : x) + log1pf(expf(-abs(x))) }
            .recorded(self) { gradient in Tensor.combinedInLanes(gradient, self) { $0 * $1.logistic() } }
    }
}
