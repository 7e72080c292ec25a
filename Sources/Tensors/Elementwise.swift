internal import CLanes
import Glibc

extension Tensor {
    /// eˣ of each element, within 2 units in the last place; ∞ above 88.73, 0 below −104, NaN for NaN.
    ///
    /// The gradient is the upstream gradient times the result.
    public func exp() -> Tensor {
        let result = mappedInLanes { $0.exponential() }
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
        let result = mappedInLanes { $0.hyperbolicTangent() }
        return result.recorded(self) { Tensor.combined("tanh", $0, result) { $0 * (1 - $1 * $1) } }
    }

    /// The logistic function 1 / (1 + e⁻ˣ) of each element, within 4·10⁻⁷ of its value also far below
    /// 0, where it does not overflow.
    ///
    /// The gradient is the upstream gradient times `y(1 − y)`, with y the result.
    public func sigmoid() -> Tensor {
        let result = mappedInLanes { $0.logistic() }
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

// Mathematical functions of eight numbers at once. The polynomials are least-squares fits, reweighted toward the smallest
// largest error; that error is given with each.

extension SIMD8<Float> {
    /// eˣ within 2 units in the last place; overflow gives ∞, underflow 0, and NaN stays NaN.
    @inline(__always)
    func exponential() -> SIMD8<Float> {
        let lower = SIMD8(repeating: -104)
        let upper = SIMD8(repeating: 89)
        let x = replacing(with: lower, where: self .< lower).replacing(with: upper, where: self .> upper)
        // Adding 1.5·2²³ rounds to a whole number and leaves it in the low bits.
        let shifter: Float = 12_582_912
        let shifted = x * 1.442_695_04 + shifter
        let whole = shifted - shifter
        // ln 2 in two parts, the first short enough that its product with a whole number is exact.
        let r = x - whole * 0.693_359_375 - whole * -2.121_944_4e-4
        // (eʳ − 1 − r) / r² on |r| ≤ ½ ln 2, within 5·10⁻¹¹ of eʳ.
        var p = r * 1.991_575_6e-4 + 1.394_624_7e-3
        p = p * r + 8.333_269_5e-3
        p = p * r + 4.166_626_6e-2
        p = p * r + 0.166_666_67
        p = p * r + 0.5
        let y = p * r * r + r + 1
        // 2ⁿ in two factors, as n reaches below the smallest and above the largest exponent.
        let exponent = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- Int32(bitPattern: shifter.bitPattern)
        let half = exponent &>> 1
        let first = unsafeBitCast((half &+ 127) &<< 23, to: SIMD8<Float>.self)
        let second = unsafeBitCast((exponent &- half &+ 127) &<< 23, to: SIMD8<Float>.self)
        return y * first * second
    }

    /// The magnitude of each lane.
    @inline(__always)
    var magnitudes: SIMD8<Float> {
        unsafeBitCast(unsafeBitCast(self, to: SIMD8<UInt32>.self) & 0x7FFF_FFFF, to: SIMD8<Float>.self)
    }

    /// This number's magnitude with the other's sign.
    @inline(__always)
    func withSign(of other: SIMD8<Float>) -> SIMD8<Float> {
        let sign = unsafeBitCast(other, to: SIMD8<UInt32>.self) & 0x8000_0000
        return unsafeBitCast(unsafeBitCast(magnitudes, to: SIMD8<UInt32>.self) | sign, to: SIMD8<Float>.self)
    }

    /// tanh x within 3·10⁻⁷ of its value; NaN stays NaN.
    @inline(__always)
    func hyperbolicTangent() -> SIMD8<Float> {
        let x = magnitudes
        let large = 1 - 2 / ((x + x).exponential() + 1)
        // (tanh x − x) / x³ as a polynomial of x² for x ≤ 0.65, where the form above would cancel; within 7·10⁻⁹.
        let z = x * x
        var p = z * -5.528_597_6e-3 + 2.048_327_8e-2
        p = p * z - 5.369_295_6e-2
        p = p * z + 0.133_308_99
        p = p * z - 0.333_332_63
        let small = p * z * x + x
        return large.replacing(with: small, where: x .< 0.65).withSign(of: self)
    }

    /// 1 / (1 + e⁻ˣ) within 4·10⁻⁷ of its value, without overflow for large negative x.
    @inline(__always)
    func logistic() -> SIMD8<Float> {
        let decay = (-magnitudes).exponential()
        return SIMD8(repeating: 1).replacing(with: decay, where: self .< 0) / (decay + 1)
    }

    /// The normal distribution function Φ(x) within 3·10⁻⁷; in the lower tail also within 2·10⁻⁶ of its
    /// value down to x = −4.
    @inline(__always)
    func normalDistribution() -> SIMD8<Float> {
        let x = magnitudes
        // 2 Φ(−x) e^{x²/2} = erfc(z) e^{z²} with z = x/√2, as a polynomial of t = 1 / (1 + 0.4 z); within 7·10⁻⁸.
        let t = 1 / (x * 0.282_842_7 + 1)
        var p = t * 4.125_425_6e-2 - 0.140_325_04
        p = p * t + 8.399_903e-2
        p = p * t + 8.795_124_3e-2
        p = p * t + 7.976_527_5e-2
        p = p * t + 0.193_389_59
        p = p * t + 0.201_888_47
        p = p * t + 0.226_442_99
        p = p * t + 0.225_634_23
        let tail = p * t * 0.5 * (x * x * -0.5).exponential()
        return tail.replacing(with: 1 - tail, where: self .> 0)
    }
}

extension Tensor {
    /// max(0, x) of each element. The gradient at 0 is 0, and NaN stays NaN.
    public func relu() -> Tensor {
        let result = Tensor(uninitialized: shape)
        withExtendedLifetime(self) { regulus_rectify(pointer, result.pointer, elementCount) }
        return result.recorded(self) { $0.passed(byReLU: result) }
    }

    /// This gradient as far as a ReLU with the given output lets it pass.
    func passed(byReLU output: Tensor) -> Tensor {
        require(shape == output.shape, "relu: a gradient of shape \(shape) does not fit an output of shape \(output.shape)")
        let result = Tensor(uninitialized: shape)
        withExtendedLifetime((self, output)) { regulus_rectified_gradient(output.pointer, pointer, result.pointer, elementCount) }
        return result
    }

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

    /// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) of each element: the approximation of GELU (Hendrycks
    /// and Gimpel 2016, section 2; PyTorch's `approximate="tanh"`), within |x|·3·10⁻⁷. At −∞ it is 0,
    /// its limit.
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

    /// x / (1 + e⁻ˣ) of each element (SiLU, also called Swish), within 5·10⁻⁷ of its value. At −∞ it is
    /// 0, its limit.
    ///
    /// The gradient is the upstream gradient times `s(1 + x(1 − s))`, with s the logistic function of
    /// x.
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

    /// log(1 + eˣ) of each element, within 2 units in the last place, without overflow for large x.
    ///
    /// The gradient is the upstream gradient times the logistic function of x.
    public func softplus() -> Tensor {
        mapped { x in (x < 0 ? 0 : x) + log1pf(expf(-abs(x))) }
            .recorded(self) { gradient in Tensor.combinedInLanes(gradient, self) { $0 * $1.logistic() } }
    }
}
