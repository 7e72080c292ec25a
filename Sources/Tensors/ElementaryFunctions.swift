// Mathematical functions of eight numbers at once. The polynomials are least-squares fits, reweighted towards the smallest
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

    /// |x|.
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

    /// The normal distribution function Φ(x) within 3·10⁻⁷; in the lower tail also within 2·10⁻⁶ of its value down to x = −4.
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
