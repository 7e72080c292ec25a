import Glibc
import Tensors

/// How much of an interpolated feature is the modality's own: draws from a symmetric Beta distribution, given that they exceed ½.
///
/// A draw and its complement are equally likely, so the larger of the two has the conditional distribution exactly: nothing has to be
/// drawn again until it fits.
enum InterpolationShares {
    /// One share for each sample, `N×1`, each in ½…1.
    ///
    /// - Parameter concentration: of the Beta distribution, above 0; 1 makes shares even, small values bring them near 1.
    static func draw(_ count: Int, concentration: Double, from stream: inout RandomStream) -> Tensor {
        let shares = (0..<count).map { _ in
            // x/(x + y) of two Gamma draws x and y has the Beta distribution; small concentrations need their logarithms.
            let difference = logarithmOfGamma(concentration, from: &stream) - logarithmOfGamma(concentration, from: &stream)
            return Float(1 / (1 + exp(-abs(difference))))
        }
        return Tensor(shares, shape: [count, 1])
    }

    /// The logarithm of a draw from the Gamma distribution of a shape above 0: Marsaglia and Tsang, "A simple method for generating gamma
    /// variables", 2000, for the shape + 1, then brought down by a power of a uniform draw.
    private static func logarithmOfGamma(_ shape: Double, from stream: inout RandomStream) -> Double {
        let d = shape + 1 - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        var cube = 1.0
        // More than nine in ten draws are accepted, so the bound is never reached in practice.
        for _ in 0..<100 {
            let normal = Double(stream.normal())
            let candidate = 1 + c * normal
            let uniform = positiveUniform(from: &stream)
            guard candidate > 0 else { continue }
            let power = candidate * candidate * candidate
            if log(uniform) < 0.5 * normal * normal + d * (1 - power + log(power)) {
                cube = power
                break
            }
        }
        return log(d * cube) + log(positiveUniform(from: &stream)) / shape
    }

    private static func positiveUniform(from stream: inout RandomStream) -> Double { Double(stream.uniform()) + 0x1p-25 }
}
