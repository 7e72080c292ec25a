import Configuration
import Glibc
import Regularization
import Tensors

/// Von Neumann entropy of each modality's embeddings, to be raised: it isotropizes the spectrum of the
/// autocorrelation.
///
///     ρ       = ẐᵀẐ/N,  the rows of Ẑ being those of Z divided by their length       trace(ρ) = 1
///     S       = −Σ_i λ_i log λ_i,  λ_i the eigenvalues of ρ                          0 ≤ S ≤ log min(N, D)
///     penalty = −Σ_m S⁽ᵐ⁾
///
/// `N` is the number of samples that have the modality.
///
/// It reads the encoders' own output `Z⁽ᵐ⁾`, `N×D`, before any transform; nothing is centered.
/// ``SpectralEntropy`` says how it is computed and what happens for rows of 0 and NaN. Cost for each
/// modality: `O(S·N·D + S³)` with `S = min(N, D)`.
///
/// ```yaml
/// regularizers:
///   - von-neumann-entropy: {weight: 0.1}
/// ```
///
/// Source: Kim et al., "VNE: An Effective Method for Improving Deep Representation by Manipulating
/// Eigenvalue Distribution", CVPR 2023.
public struct VonNeumannEntropy: RegularizerPlugin, AddsPenalty, ReadsCovariance, ReadsPresence {
    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "von-neumann-entropy",
            summary: "raises the von Neumann entropy of each modality's embeddings",
            formula: "Σ_m Σ_i λ_i log λ_i,  λ the eigenvalues of ẐᵀẐ/N, rows of Ẑ of length 1",
            source: "Kim et al., VNE, CVPR 2023",
            notes: ["Logged: entropy of each modality, in nats. It is at most log min(N, D)."])
    }

    /// The entropy of a single sample is 0.
    public static var minimumBatch: Int { 2 }

    /// A regularizer for direct use, as in tests.
    public init() {}

    /// There is nothing to set.
    public init(options: NoOptions, context: RegularizerContext) {}

    /// The negative sum of the entropies; nil where no modality has samples. Logs `entropy` of each.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty.sum(over: step.originalEmbeddings) { z, _ in
            guard z.shape[0] >= 1 else { return nil }
            let entropy = SpectralEntropy(of: z).value
            return Penalty(value: -entropy, reports: [("entropy", entropy.item)])
        }
    }

    /// The autocorrelation is taken over the batch.
    public func covarianceSamples(batchSize: Int) -> Int { batchSize }
}

/// The von Neumann entropy of one batch, as one operation with a gradient in closed form.
///
/// The eigenvalues are those of the smaller one of `ẐᵀẐ/N` and `ẐẐᵀ/N`, which share all that are not 0.
/// With `U Λ Uᵀ` the smaller matrix and `A = −U (log Λ + 1) Uᵀ`, the gradient in `Ẑ` is `(2/N) A Ẑ` on
/// the samples' side and `(2/N) Ẑ A` on the features' side. Eigenvalues of 0 add nothing to either.
/// Double precision throughout.
public struct SpectralEntropy {
    /// `S`, a scalar that gradients may be asked of.
    public let value: Tensor

    /// The entropy of `z`, `N×D` with `N ≥ 1`.
    ///
    /// A row of 0 stays 0 and gets no gradient; it takes its share `1/N` from the trace. NaN or
    /// infinity anywhere gives NaN.
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
    /// `−Σ λ log λ`.
    let entropy: Double
    /// `S×S`, symmetric.
    let slopes: [Double]

    /// Eigenvalues below this are rounding of 0: the trace is 1.
    private static let threshold = 1e-13

    /// The spectrum of a second moment; NaN throughout where that is not finite.
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

/// The rows of an `N×D` batch divided by their length, in double precision.
struct UnitRows {
    let samples, features: Int

    /// `N×D` row-major.
    let values: [Double]

    /// The lengths of the rows of the batch, at least `1e-12`.
    private let lengths: [Double]

    /// - Parameter z: `N×D`.
    init(_ z: Tensor) {
        require(z.rank == 2, "the embeddings must be N×D, found \(z.shape)")
        let (samples, features) = (z.shape[0], z.shape[1])
        var lengths = [Double](repeating: 0, count: samples)
        values = z.withUnsafeValues { z in
            [Double](unsafeUninitializedCapacity: samples * features) { values, count in
                count = samples * features
                for row in 0..<samples {
                    let columns = row * features..<(row + 1) * features
                    var sum = 0.0
                    for index in columns { sum += Double(z[index]) * Double(z[index]) }
                    let length = sum.squareRoot()
                    lengths[row] = length < 1e-12 ? 1e-12 : length
                    for index in columns { values[index] = Double(z[index]) / lengths[row] }
                }
            }
        }
        self.samples = samples
        self.features = features
        self.lengths = lengths
    }

    /// From the gradient `g` in `values` to the one in the batch: `(g_n − ẑ_n (g_n·ẑ_n))/‖z_n‖`, and 0
    /// for rows of 0.
    func gradient(_ g: [Double]) -> Tensor {
        Tensor(shape: [samples, features]) { target in
            for row in 0..<samples {
                let columns = row * features..<(row + 1) * features
                let scale = lengths[row] == 1e-12 ? 0 : 1 / lengths[row]
                var along = 0.0
                for index in columns { along += g[index] * values[index] }
                for index in columns { target[index] = Float(scale * (g[index] - values[index] * along)) }
            }
        }
    }
}
