import Configuration
import Regularization
import Tensors

/// Relative norm alignment: brings the mean lengths of the modalities' embeddings together.
///
///     h_m     = mean_n ‖Z⁽ᵐ⁾_n‖
///     penalty = Σ_{a before b} (h_a/h_b − 1)²
///
/// The paper has two modalities, video over audio; the sum over all pairs is its extension to more. A
/// pair is not symmetric, so the order counts: it is the model's, in which modalities stand by name,
/// unless `order` gives another.
///
/// Means are over the samples that have a modality; one that no sample has is in no pair.
///
/// It reads the encoders' own output, `N×D` of any widths, before any transform. One operation with a
/// gradient in closed form through both means, in double precision inside; its cost is `O(N·D)`. Rows
/// of 0 have slope 0; where all rows of a denominator are 0 the penalty is not finite. One modality, or
/// no sample, has no penalty. NaN gives NaN.
///
/// ```yaml
/// regularizers:
///   - relative-norm-alignment: {weight: 1, order: [video, audio]}
/// ```
///
/// Source: Planamente et al., "Domain Generalization through Audio-Visual Relative Norm Alignment in
/// First Person Action Recognition", WACV 2022.
public struct RelativeNormAlignment: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// The modalities in the order in which they are divided, each by all later ones; nil for the
        /// model's order.
        public var order: [String]?

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .texts(
                    "order", \.order,
                    "all modalities in order; each is divided by every later one: [video, audio] in the paper; by default the order of the model")
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "relative-norm-alignment",
            summary: "brings the mean lengths of the modalities' embeddings together",
            formula: "Σ_{a before b} (h_a/h_b − 1)²,  h_m = mean_n ‖z_n⁽ᵐ⁾‖",
            source: "Planamente et al., Relative Norm Alignment, WACV 2022",
            cost: "O(N·D) for each modality",
            search: [.linear("weight", 0...3, step: 0.1, of: .mmdgBench)],
            notes: ["Logged: norm, the mean length, of each modality."])
    }

    /// It compares lengths between modalities.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let order: [Modality]?

    /// - Parameter order: the modalities in the order in which they are divided; nil for that of the
    ///   embeddings.
    public init(order: [Modality]? = nil) {
        self.order = order
    }

    /// - Throws: `OptionFault` where there is only one modality, or `order` does not name each modality
    ///   once.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        let names = context.modalities.map(\.name)
        try context.requireSeveralModalities()
        if let order = options.order, order.sorted() != names.sorted() {
            throw OptionFault(
                option: "order", expected: "each of \(names.joined(separator: ", ")) once", found: order.joined(separator: ", "))
        }
        self.init(order: options.order?.map { Modality($0) })
    }

    /// The sum over pairs; nil where fewer than two modalities have samples.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        let embeddings = step.originalEmbeddings
        let modalities = (order ?? embeddings.modalities).filter { embeddings[$0]?.rows.isEmpty == false }
        let arrays = modalities.compactMap { embeddings[$0]?.present }
        guard arrays.count >= 2 else { return nil }
        let lengths = arrays.map(rowLengths)
        let means = lengths.map { $0.reduce(0, +) / Double($0.count) }
        let (value, slopes) = alignment(of: means)
        let loss = Tensor.custom(Tensor(Float(value)), inputs: arrays) { upstream in
            zip(arrays, zip(lengths, slopes)).map { array, row in
                lengthGradient(array, lengths: row.0, scale: Double(upstream.item) * row.1 / Double(row.0.count))
            }
        }
        return Penalty(value: loss, reports: zip(modalities, means).map { ("\($0).norm", Float($1)) })
    }
}

/// `Σ_{a<b} (h_a/h_b − 1)²` and its derivative in each `h`.
private func alignment(of means: [Double]) -> (value: Double, slopes: [Double]) {
    var value = 0.0
    var slopes = [Double](repeating: 0, count: means.count)
    for upper in means.indices {
        for lower in means.indices where lower > upper {
            let ratio = means[upper] / means[lower]
            value += (ratio - 1) * (ratio - 1)
            slopes[upper] += 2 * (ratio - 1) / means[lower]
            slopes[lower] -= 2 * (ratio - 1) * ratio / means[lower]
        }
    }
    return (value, slopes)
}

/// The length of each row of an `N×D` array.
private func rowLengths(_ z: Tensor) -> [Double] {
    let width = z.shape[1]
    return z.withUnsafeValues { z in
        (0..<z.count / max(width, 1)).map { row in
            z[row * width..<(row + 1) * width].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
    }
}

/// `scale · z_n/‖z_n‖` for each row, 0 for rows of 0.
private func lengthGradient(_ z: Tensor, lengths: [Double], scale: Double) -> Tensor {
    let width = z.shape[1]
    return Tensor(shape: z.shape) { target in
        z.withUnsafeValues { z in
            for (row, length) in lengths.enumerated() {
                let factor = length == 0 ? 0 : scale / length
                for index in row * width..<(row + 1) * width { target[index] = Float(factor * Double(z[index])) }
            }
        }
    }
}
