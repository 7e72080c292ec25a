import Configuration
import Glibc
import Regularization
import Tensors

/// Von Neumann entropy of embeddings, to be raised: it isotropizes the spectrum of the autocorrelation.
///
///     each:   penalty = −Σ_m S(Z⁽ᵐ⁾),  S = −Σ_i λ_i log λ_i,  λ_i the eigenvalues of ẐᵀẐ/N,
///             the rows of Ẑ being those of Z divided by their length            0 ≤ S ≤ log min(N, D)
///     joint:  penalty = −S,  of the eigenvalues above 10⁻⁶ of FᵀF/N, divided by their sum,
///             F all modalities' embeddings side by side as they are
///
/// `N` is the number of samples that have the modality, for the joint form all modalities; with
/// `second-view` twice as many, as the batch is encoded once more with noise on its inputs.
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
/// Eigenvalue Distribution", CVPR 2023. Joint, with a second view: NEL, as in the MMDG benchmark's
/// program.
public struct VonNeumannEntropy: RegularizerPlugin, AddsPenalty, ReadsCovariance, ReadsPresence {
    /// What the entropy is taken of.
    public enum Form: String, CaseIterable, Sendable {
        /// Of each modality, with rows of length 1.
        case each
        /// Of all modalities side by side, as they are.
        case joint
    }

    /// What a recipe can set.
    public struct Options: ComponentOptions {
        /// What the entropy is taken of.
        public var form = Form.each

        /// Whether every sample is encoded a second time and counts twice.
        public var hasSecondView = false

        /// Standard deviation of the second view's noise, relative to that of a modality's inputs.
        public var noise = 0.1

        /// The defaults.
        public init() {}

        /// The options under their names in recipes.
        public static var fields: [OptionField<Options>] {
            [
                .choice("form", \.form, "the entropy of each modality, with rows scaled to length 1, or of all modalities side by side, without scaling"),
                .flag("second-view", \.hasSecondView, "whether every sample is encoded a second time and counts twice"),
                .number("noise", \.noise, in: 0...1e3, "noise on the inputs of the second view, relative to their standard deviation in the batch"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "von-neumann-entropy",
            summary: "raises the von Neumann entropy of each modality's embeddings, or of all together",
            formula: "Σ_m Σ_i λ_i log λ_i,  λ the eigenvalues of ẐᵀẐ/N, rows of Ẑ of length 1",
            source: "Kim et al., VNE, CVPR 2023; NEL, MMDG benchmark (arXiv 2605.06643)",
            cost: "O(S·N·D + S³) for each modality, with S = min(N, D)",
            search: [.linear("weight", 0...1, of: .mmdgBench)],
            notes: ["Logged: entropy of each modality, or of all, in nats. It is at most log min(N, D)."])
    }

    /// The entropy of a single sample is 0.
    public static var minimumBatch: Int { 2 }

    private let options: Options

    /// A regularizer for direct use, as in tests.
    public init(options: Options = Options()) { self.options = options }

    /// Nothing of the model matters.
    public init(options: Options, context: RegularizerContext) { self.options = options }

    /// The negative sum of the entropies; nil where no modality has samples. Logs `entropy` of each.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        let first = step.originalEmbeddings
        let second = options.hasSecondView ? step.secondView(noise: options.noise) : [:]
        switch options.form {
        case .each:
            return Penalty.sum(over: first) { z, modality in
                let rows = second[modality].map { Tensor.concatenated([z, $0.present], axis: 0) } ?? z
                guard rows.shape[0] >= 1 else { return nil }
                let entropy = SpectralEntropy(of: rows).value
                return Penalty(value: -entropy, reports: [("entropy", entropy.item)])
            }
        case .joint:
            let views = [first, second].filter { !$0.isEmpty }.map { Tensor.concatenated($0.complete.map(\.embedding.pooled), axis: 1) }
            let rows = Tensor.concatenated(views, axis: 0)
            guard rows.shape[0] >= 1 else { return nil }
            let entropy = SpectralEntropy(ofUnscaled: rows).value
            return Penalty(value: -entropy, reports: [("entropy", entropy.item)])
        }
    }

    /// The autocorrelation is taken over the batch, or over both views of it.
    public func covarianceSamples(batchSize: Int) -> Int { options.hasSecondView ? 2 * batchSize : batchSize }
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
        let spectrum = Spectrum(moment, isNormalized: true)
        value = Tensor.custom(Tensor(Float(spectrum.entropy)), inputs: [z]) { upstream in
            let slope = SecondMoment.product(
                spectrum.slopes, rows.values, samples: samples, features: features, side: side,
                scale: 2 * Double(upstream.item) / Double(samples))
            return [rows.gradient(slope)]
        }
    }

    /// The entropy of `z` as it is, `N×D` with `N ≥ 1`, its rows not divided by their length.
    ///
    /// It is that of the eigenvalues of `ZᵀZ/N` above 10⁻⁶, divided by their sum `s`. The gradient in an
    /// eigenvalue of `p_i = λ_i/s` is `−(log p_i + S)/s`. Without any eigenvalue it is 0.
    public init(ofUnscaled z: Tensor) {
        let (samples, features) = (z.shape[0], z.shape[1])
        let rows = z.withUnsafeValues { $0.map(Double.init) }
        let side = CovarianceSide.cheaper(for: z.shape)
        let spectrum = Spectrum(
            SecondMoment(of: rows, samples: samples, features: features, divisor: Double(samples), side: side), isNormalized: false)
        value = Tensor.custom(Tensor(Float(spectrum.entropy)), inputs: [z]) { upstream in
            let slope = SecondMoment.product(
                spectrum.slopes, rows, samples: samples, features: features, side: side, scale: 2 * Double(upstream.item) / Double(samples))
            return [Tensor(slope.map { Float($0) }, shape: [samples, features])]
        }
    }
}

/// The entropy of a symmetric matrix's eigenvalues, and its derivative in the matrix.
private struct Spectrum {
    /// `−Σ p log p`.
    let entropy: Double
    /// `S×S`, symmetric.
    let slopes: [Double]

    /// The spectrum of a second moment; NaN throughout where that is not finite.
    ///
    /// - Parameter isNormalized: whether the trace is 1 and stays so. Eigenvalues below 10⁻¹³ are then
    ///   rounding of 0; elsewhere what is at most 10⁻⁶ is left out, and the rest divided by its sum.
    init(_ moment: SecondMoment, isNormalized: Bool) {
        let size = moment.size
        guard let (values, vectors) = Matrix(rows: size, columns: size, values: moment.matrix).symmetricSpectrum() else {
            (entropy, slopes) = (.nan, [Double](repeating: .nan, count: size * size))
            return
        }
        let kept = values.indices.filter { values[$0] > (isNormalized ? 1e-13 : 1e-6) }
        let sum = isNormalized ? 1 : kept.reduce(0) { $0 + values[$1] }
        let entropy = kept.reduce(0) { $0 - values[$1] / sum * log(values[$1] / sum) }
        var weighted = Matrix(rows: size, columns: size, repeating: 0)
        for row in kept {
            let factor = -(log(values[row] / sum) + (isNormalized ? 1 : entropy)) / sum
            for column in 0..<size { weighted[row, column] = factor * vectors[row, column] }
        }
        self.entropy = entropy
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
