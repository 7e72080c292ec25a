import Configuration
import Networks
import Regularization
import Tensors

/// Entropy weighting: a classifier for each modality beside the fused one, and more weight for those
/// that are sure; and all of them are to be sure.
///
///     branches b: f_m = W_m z_m + b_m of each modality, and the fused logits
///     w_b,i = softmax over b of (−H(softmax f_b,i)/T),  weighted = Σ_b (mean_i w_b,i) · CE(f_b, y)
///     sure = mean_b mean_i −Σ_k p ln(p + 10⁻⁵)
///     penalty = weighted − CE + λ · sure                                  so that loss + penalty = weighted + λ · sure
///
/// The weights are not constants: a branch gains by being sure. The classifiers read the encoders' own
/// output, `N×D_m`, before any change, and are saved with the model. NaN gives NaN. Cost: `O(N·D·K)`
/// for each modality.
///
/// ```yaml
/// regularizers:
///   - entropy-weighting: {temperature: 1}
/// ```
///
/// Source: Dong et al., "Towards Multimodal Open-Set Domain Generalization and Adaptation through
/// Self-supervision", ECCV 2024 (MOOSA): T 1, λ 0.001.
public struct EntropyWeighting: RegularizerPlugin, AddsPenalty {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `T`, what entropies are divided by.
        public var temperature = 1.0

        /// `λ`.
        public var sureness = 0.001

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("temperature", \.temperature, in: 1e-3...1e6, "temperature T, by which entropies are divided"),
                .number("sureness", \.sureness, in: 0...1e6, "weight of the branches' mean entropy, λ"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "entropy-weighting",
            summary: "weights unimodal and fused losses by how sure each prediction is",
            formula: "Σ_b (mean_i w_b,i) CE(f_b, y) − CE + λ mean_b H_b,  w_b,i ∝ exp(−H_b,i/T)",
            source: "Dong et al., Towards Multimodal Open-Set Domain Generalization and Adaptation, ECCV 2024 (MOOSA)",
            cost: "O(N·D·K) for each modality",
            search: [.linear("sureness", 0...1, of: .mmdgBench)],
            notes: ["Logged: loss and weight of each branch, and the mean entropy.", "It owns the modalities' classifiers."])
    }

    /// Embeddings and projections, each with a classifier per modality.
    public static var places: [Place] { [.embedding, .projection] }

    /// Entropies are those of distributions over classes.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// It compares what belongs to one sample alone.
    public static var traits: [TermTrait] { [.judgesPredictions] }

    private let options: Options
    /// The linear classifier of each modality, `D_m → K`.
    private let classifiers: [(modality: Modality, classifier: Linear)]

    public var parts: Parts { Parts(classifiers.map { (name: $0.modality.name, part: $0.classifier) }) }

    /// Makes a linear classifier for each modality.
    public init(options: Options, context: RegularizerContext) {
        self.options = options
        classifiers = context.modalities.map { ($0, Linear(context.widths[$0] ?? 0, context.classes, from: context.initializer[$0.name])) }
    }

    /// The weighted losses minus the base loss, plus the mean entropy; nil for an empty batch.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        let own = classifiers.compactMap { modality, classifier in step.originalEmbeddings[modality].map { classifier($0.pooled) } }
        let fused = step.prediction.logits
        let blend = BranchBlend(own + [fused], labels: step.labels, temperature: options.temperature)
        let value = blend.weighted - fused.crossEntropy(labels: step.labels) + blend.entropy * Float(options.sureness)
        let names = classifiers.map(\.modality.name) + ["fused"]
        let means = blend.weights.mean(axis: 0).values
        return Penalty(
            value: value,
            reports: zip(names, zip(blend.losses.values, means)).flatMap { name, numbers in
                [("\(name).loss", numbers.0), ("\(name).weight", numbers.1)]
            } + [("entropy", blend.entropy.item)])
    }
}

/// The predictions of some branches, weighted by their entropies.
struct BranchBlend {
    /// `w`, `N×B`.
    let weights: Tensor
    /// The cross-entropy of each branch, `B`.
    let losses: Tensor
    /// `Σ_b (mean_i w_b,i) · CE(f_b, y)`, a scalar.
    let weighted: Tensor
    /// The mean entropy over branches and samples, a scalar.
    let entropy: Tensor

    /// - Parameter branches: logits `N×K`.
    init(_ branches: [Tensor], labels: [Int], temperature: Double) {
        let entropies = branches.map { -($0.softmax() * $0.logSoftmax()).sum(axis: 1) }
        weights = (Tensor.stacked(entropies, axis: 1) / -Float(temperature)).softmax()
        losses = Tensor.stacked(branches.map { $0.crossEntropy(labels: labels) })
        weighted = (weights.mean(axis: 0) * losses).sum()
        let sure = branches.map { logits in
            let p = logits.softmax()
            return -(p * (p + 1e-5).log()).sum(axis: 1).mean()
        }
        entropy = Tensor.stacked(sure).mean()
    }
}
