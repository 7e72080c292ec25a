import Glibc
import Regularization
import Tensors

/// The von Neumann entropy of one batch, as one operation with a gradient in closed form.
///
/// The eigenvalues are those of the smaller one of `ẐᵀẐ/N` and `ẐẐᵀ/N`, which share all that are not 0. With `U Λ Uᵀ` the smaller
/// matrix and `A = −U (log Λ + 1) Uᵀ`, the gradient in `Ẑ` is `(2/N) A Ẑ` on the samples' side and `(2/N) Ẑ A` on the features' side.
/// Eigenvalues of 0 add nothing to either. Double precision throughout.
public struct SpectralEntropy {
    /// `S`, a scalar that gradients may be asked of.
    public let value: Tensor

    /// The entropy of `z`, `N×D` with `N ≥ 1`.
    ///
    /// A row of 0 stays 0 and gets no gradient; it takes its share `1/N` from the trace. NaN or infinity anywhere gives NaN.
    public init(of z: Tensor) {
        let rows = UnitRows(z)
        let (samples, features) = (rows.samples, rows.features)
        let side = CovarianceSide.cheaper(for: z.shape)
        let moment = SecondMoment(of: rows.values, samples: samples, features: features, divisor: Double(samples), side: side)
        let spectrum = Spectrum(moment)
        value = Tensor.custom(Tensor(Float(spectrum.entropy)), inputs: [z]) { upstream in
            let slope = SecondMoment.product(
                spectrum.slopes, rows.values, samples: samples, features: features, side: side,
                scale: 2 * Double(upstream.item) / Double(samples))
            return [rows.gradient(slope)]
        }
    }
}

/// The entropy of a symmetric matrix and `−U (log Λ + 1) Uᵀ`.
private struct Spectrum {
    let entropy: Double
    /// `S×S`, symmetric.
    let slopes: [Double]

    /// Eigenvalues below this are rounding of 0: the trace is 1.
    private static let threshold = 1e-13

    init(_ moment: SecondMoment) {
        let size = moment.size
        guard let (values, vectors) = Matrix(rows: size, columns: size, values: moment.matrix).symmetricSpectrum() else {
            (entropy, slopes) = (.nan, [Double](repeating: .nan, count: size * size))
            return
        }
        let kept = values.indices.filter { values[$0] > Self.threshold }
        entropy = kept.reduce(0) { $0 - values[$1] * log(values[$1]) }
        var weighted = Matrix(rows: size, columns: size, repeating: 0)
        for row in kept {
            let factor = -(log(values[row]) + 1)
            for column in 0..<size { weighted[row, column] = factor * vectors[row, column] }
        }
        slopes = vectors.multiplied(by: weighted, transposing: true).values
    }
}
