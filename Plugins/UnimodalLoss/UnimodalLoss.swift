import Configuration
import Networks
import Regularization
import Tensors

/// A classifier of its own for each modality, so that no encoder can rely on the others.
///
///     penalty = Σ_m f_m · CE(W⁽ᵐ⁾ Z⁽ᵐ⁾ + b⁽ᵐ⁾, labels)
///
/// The linear classifiers `D_m → K` are trained and saved with the model, and take no part in its
/// prediction. They read the encoders' own output, `N×D_m`, before any transform; with `at: projection`
/// the projected one. The labels are the samples' classes, whatever other terms make of the targets.
///
/// Each classifier is trained on the samples that have its modality. Cost for each modality:
/// `O(N·D·K)`. An empty batch has no penalty. NaN gives NaN.
///
/// ```yaml
/// regularizers:
///   - unimodal-loss: {weight: 2, factors: [audio=0.5]}
/// ```
///
/// Source: Wang et al., "What Makes Training Multi-Modal Classification Networks Hard?", CVPR 2020;
/// CMRF (Fan et al., NeurIPS 2024) uses it with weight 2 and `factors: [audio=0.5]`.
public struct UnimodalLoss: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `f`, of all modalities that `factors` does not name.
        public var factor = 1.0

        /// `f_m` of single modalities, each as `name=number`.
        public var factors: [String] = []

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("factor", \.factor, in: 0..., "weight of each modality's loss within the term"),
                .texts("factors", \.factors, "weights of single modalities in place of factor, such as [audio=0.5]"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "unimodal-loss",
            summary: "adds a linear classifier and its cross-entropy for each modality",
            formula: "Σ_m f_m · CE(W_m z_m + b_m, y)",
            source: "Wang et al., What Makes Training Multi-Modal Classification Networks Hard?, CVPR 2020",
            cost: "O(N·D·K) for each modality, with K classes",
            search: [.linear("weight", 0...5, step: 0.1, of: .mmdgBench)],
            notes: [
                "Logged: loss, accuracy and mean probability of the true class of each modality on the batch.", "It owns the classifiers, named by modality.",
            ])
    }

    /// The losses are cross-entropies.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// One modality's classifier and its `f_m`.
    private let branches: [(modality: Modality, factor: Double, classifier: Linear)]

    public var parts: Parts {
        Parts(branches.map { (name: $0.modality.name, part: $0.classifier) })
    }

    /// - Throws: `OptionFault` where an entry of `factors` is not `name=number`, or names no modality,
    ///   or one twice.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        let factors = try context.factors(options.factors, default: options.factor)
        branches = context.modalities.map { modality in
            let width = context.widths[modality] ?? 0
            return (
                modality, factors[modality] ?? options.factor,
                Linear(width, context.classes, from: context.initializer[modality.name])
            )
        }
    }

    /// The weighted sum of the unimodal losses; nil for an empty batch. Logs `loss`, `accuracy` and
    /// `probability` of each modality.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty.sum(
            branches.compactMap { modality, factor, classifier in
                guard let embedding = step.originalEmbeddings[modality], !embedding.rows.isEmpty else { return nil }
                let labels = embedding.rows.map { step.labels[$0] }
                let logits = classifier(embedding.present)
                let loss = logits.crossEntropy(labels: labels)
                let hits = zip(logits.argmax(axis: 1), labels).filter { $0 == $1 }.count
                return Penalty(
                    value: loss * Float(factor),
                    reports: [
                        ("\(modality).loss", loss.item), ("\(modality).accuracy", Float(hits) / Float(labels.count)),
                        ("\(modality).probability", logits.detached().softmax().picking(labels).mean().item),
                    ])
            })
    }
}
