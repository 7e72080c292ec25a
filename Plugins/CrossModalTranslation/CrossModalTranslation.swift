import Configuration
import Networks
import Regularization
import Tensors

/// Cross-modal translation: each modality's embedding is to be predicted from each other's.
///
///     penalty = mean_{a≠b} mean_n ‖ T_ab(z⁽ᵃ⁾_n)/‖T_ab(z⁽ᵃ⁾_n)‖ − z⁽ᵇ⁾_n/‖z⁽ᵇ⁾_n‖ ‖
///
/// For every ordered pair the term owns a perceptron `T_ab`: `D_a → hidden → hidden → D_b` with ReLU
/// and dropout after each hidden layer, trained and saved with the model under the name `a2b`.
/// Gradients reach both sides: the source and the target.
///
/// It reads the encoders' own output, `N×D_m` of any widths, before any transform. Cost for each pair:
/// `O(N·hidden·(D_a + hidden + D_b))`. A pair counts the samples that have both modalities, and the
/// mean over pairs those that have such samples. Vectors of 0 stay 0; where both sides are equal the
/// slope is 0. An empty batch has no penalty. NaN gives NaN.
///
/// ```yaml
/// regularizers:
///   - cross-modal-translation: {weight: 0.1, hidden: 512}
/// ```
///
/// Source: Dong et al., "SimMMDG", NeurIPS 2023, as released (normalized vectors, hidden 2048, dropout
/// 0.5, weight 0.1).
public struct CrossModalTranslation: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Width of the two hidden layers.
        public var hidden = 2048

        /// Rate of the dropout after each of them.
        public var dropout = 0.5

        /// Share of the source's entries that are set to 0, for each modality anew at every step.
        public var mask = 0.0

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("hidden", \.hidden, in: 1...65_536, "width of the two hidden layers"),
                .number("dropout", \.dropout, in: 0..<1, "dropout rate after each hidden layer"),
                .number("mask", \.mask, in: 0..<1, "share of the source's entries that are hidden from the perceptron, as in MOOSA"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "cross-modal-translation",
            summary: "predicts the embedding of each modality from that of every other",
            formula: "mean_{a≠b} mean_n ‖ T_ab(z_a)/‖T_ab(z_a)‖ − z_b/‖z_b‖ ‖",
            source: "Dong et al., SimMMDG, NeurIPS 2023",
            cost: "O(N·hidden·(D_a + hidden + D_b)) for each ordered pair of modalities",
            search: [.linear("weight", 0...1, step: 0.1, of: .mmdgBench), .linear("mask", 0...0.9, step: 0.1, of: .mmdgBench)],
            notes: [
                "Logged: the distance of each ordered pair, such as video2audio.",
                "It owns one perceptron for each ordered pair.", "The weight is the released program's, 0.1 by default.",
            ])
    }

    /// The released program's weight.
    public static var defaultWeight: Double { 0.1 }

    /// Embeddings and projections: there have to be at least two modalities.
    public static var places: [Place] { [.embedding, .projection] }

    /// It translates between modalities.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let mask: Float
    /// `T_ab` of each ordered pair of modalities.
    private let translators: [(source: Modality, target: Modality, network: MLP)]

    public var parts: Parts {
        Parts(translators.map { (name: "\($0.source)2\($0.target)", part: $0.network) })
    }

    /// - Throws: `OptionFault` where there is only one modality.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireSeveralModalities()
        mask = Float(options.mask)
        translators = context.modalities.flatMap { source in
            context.modalities.filter { $0 != source }.map { target in
                let network = MLP(
                    context.widths[source] ?? 0, hidden: [options.hidden, options.hidden], context.widths[target] ?? 0,
                    dropout: Float(options.dropout), from: context.initializer["\(source)2\(target)"])
                return (source, target, network)
            }
        }
    }

    /// The mean distance over ordered pairs; nil where no sample has two modalities. Logs each pair as
    /// `<source>2<target>`.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        let distances = translators.compactMap { source, target, network -> Penalty? in
            let both = step.originalEmbeddings.selecting([source, target]).complete
            guard let from = both[source]?.pooled, let to = both[target]?.pooled, both.batchSize >= 1 else { return nil }
            let distance = Self.distance(network(hidden(from, of: source, step), step.pass), to)
            return Penalty(value: distance, reports: [("\(source)2\(target)", distance.item)])
        }
        return Penalty.sum(distances).map { $0 * (1 / Float(distances.count)) }
    }

    /// A source with some entries hidden, the same ones for every target.
    private func hidden(_ z: Tensor, of source: Modality, _ step: TrainingStep) -> Tensor {
        guard mask > 0 else { return z }
        var stream = step.stream("mask.\(source)")
        return Self.masked(z, by: stream.bernoulli(z.shape, keeping: 1 - mask))
    }

    /// The entries where `kept` is 1, and 0 elsewhere.
    static func masked(_ z: Tensor, by kept: Tensor) -> Tensor { z * kept }

    /// The mean distance of the rows of two `N×D` arrays, each divided by its length.
    static func distance(_ translation: Tensor, _ target: Tensor) -> Tensor {
        (translation.normalized(axis: 1) - target.normalized(axis: 1)).norm(axis: 1).mean()
    }
}
