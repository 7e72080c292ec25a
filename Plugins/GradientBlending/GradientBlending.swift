import Configuration
import Networks
import Regularization
import Tensors

/// Gradient blending: each modality has a classifier of its own, and the losses are weighted by how
/// much each still learns against how much it overfits.
///
///     L_m = CE(W_m z_m + b_m, y),  L_f: the cross-entropy of the fused prediction
///     penalty = Σ_m w_m L_m + (w_f − 1) L_f                              so that loss + penalty is the weighted sum
///     G_k = V_k − V'_k,  O_k = (V'_k − T'_k) − (V_k − T_k)                T, V: training and validation loss; ' : `every` epochs later
///     w_k = |G_k|/(O_k² + 10⁻⁶) over their sum, 0 where O_k = 0;  all equal where all are 0, and at first
///
/// Validation losses are over the source validation samples, without which weights stay equal; training
/// losses are means over an epoch's steps. The classifiers read the encoders' own output, `N×D_m`,
/// before any change, and are saved with the model. NaN gives NaN. Cost: `O(N·D·K)` for each modality,
/// and one pass over the validation samples in each epoch.
///
/// ```yaml
/// regularizers:
///   - gradient-blending: {every: 5}
/// ```
///
/// Source: Wang et al., "What Makes Training Multi-Modal Classification Networks Hard?", CVPR 2020; the
/// absolute value and the guard of programs (MultiBench, MMDG-Bench), without which a term that does
/// not gain would have a negative weight.
public struct GradientBlending: RegularizerPlugin, AddsPenalty, FollowsUpdates, FollowsValidation {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Epochs from one measurement of the weights to the next.
        public var every = 5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.integer("every", \.every, in: 1...100_000, unit: "epochs", "epochs between two measurements of the weights")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "gradient-blending",
            summary: "weights unimodal and fused losses by generalization against overfitting",
            formula: "Σ_m w_m CE(W_m z_m + b_m, y) + (w_f − 1) CE,  w_k ∝ |G_k|/O_k²",
            source: "Wang et al., What Makes Training Multi-Modal Classification Networks Hard?, CVPR 2020",
            cost: "O(N·D·K) for each modality, and a pass over the validation samples in each epoch",
            unsearched: "its weights are measured",
            notes: ["Logged: loss and weight of each modality, and the weight of the fused loss.", "It looks at source validation samples only."])
    }

    /// Embeddings alone, each with a classifier.
    public static var places: [Place] { [.embedding] }

    /// The losses are cross-entropies.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// It compares what belongs to one sample alone.
    public static var traits: [TermTrait] { [.judgesPredictions] }

    /// The epochs from one measurement of the weights to the next.
    private let every: Int
    /// The linear classifier of each modality, `D_m → K`.
    private let classifiers: [(modality: Modality, classifier: Linear)]
    /// The losses so far and the weights that follow from them.
    private let losses: BlendedLosses

    public var parts: Parts {
        ["classifiers": Parts(classifiers.map { (name: $0.modality.name, part: $0.classifier) }), "losses": losses]
    }

    /// Makes a linear classifier for each modality; all weights start equal.
    public init(options: Options, context: RegularizerContext) {
        every = options.every
        classifiers = context.modalities.map { ($0, Linear(context.widths[$0] ?? 0, context.classes, from: context.initializer[$0.name])) }
        losses = BlendedLosses(terms: context.modalities.count + 1)
    }

    /// The blended losses minus the base loss; nil for an empty batch. Logs loss and weight of each
    /// modality.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        let (all, weights) = (self.all(step), losses.weights)
        let terms = zip(classifiers, zip(all, weights)).map { branch, pair in
            Penalty(
                value: pair.0 * pair.1, reports: [("\(branch.modality).loss", pair.0.item), ("\(branch.modality).weight", pair.1)])
        }
        let fused = weights[weights.count - 1]
        return Penalty.sum(terms + [Penalty(value: all[all.count - 1] * (fused - 1), reports: [("fused.weight", fused)])])
    }

    /// Adds the losses of the step to those of the epoch.
    public func follow(_ step: TrainingStep, learningRate: Float) {
        if step.batchSize > 0 { losses.add(all(step).map { Double($0.item) }) }
    }

    /// Measures the validation losses, and every few epochs the weights that follow from them.
    public func follow(_ validation: ValidationRound) throws {
        var (sums, samples) = ([Double](repeating: 0, count: classifiers.count + 1), 0)
        try validation.forEach { step in
            guard step.batchSize > 0 else { return }
            for (index, loss) in all(step).enumerated() { sums[index] += Double(loss.item) * Double(step.batchSize) }
            samples += step.batchSize
        }
        if samples > 0 { losses.look(validation: sums.map { $0 / Double(samples) }, every: every) }
    }

    /// The loss of each modality, then that of the fused prediction.
    private func all(_ step: TrainingStep) -> [Tensor] {
        classifiers.map { modality, classifier in
            step.originalEmbeddings[modality].map { classifier($0.pooled).crossEntropy(labels: step.labels) } ?? Tensor(.nan)
        } + [step.prediction.logits.crossEntropy(labels: step.labels)]
    }
}

/// The losses of some terms over the epochs, and the weights that follow from them.
final class BlendedLosses: Module {
    /// Present weights, training losses of the epoch so far (summed), and both losses at the last
    /// measurement; one for each term.
    private let weightValues, sums, trainingBefore, validationBefore: Buffer
    /// The steps of the epoch so far.
    private let steps = Buffer(Tensor(0), isCount: true)
    /// The epochs since the last measurement.
    private let epochs = Buffer(Tensor(0), isCount: true)

    var parts: Parts {
        [
            "weights": weightValues, "sums": sums, "training": trainingBefore, "validation": validationBefore, "steps": steps, "epochs": epochs,
        ]
    }

    /// Equal weights for a number of terms.
    init(terms: Int) {
        weightValues = Buffer(.full(1 / Float(terms), [terms]))
        sums = Buffer(.zeros([terms]))
        trainingBefore = Buffer(.zeros([terms]))
        validationBefore = Buffer(.zeros([terms]))
    }

    /// Sum to 1.
    var weights: [Float] { weightValues.value.values }

    /// Adds the training losses of a step.
    func add(_ losses: [Double]) {
        sums.value = Tensor(zip(sums.value.values, losses).map { $0 + Float($1) }, shape: sums.shape)
        steps.value = Tensor(steps.value.item + 1)
    }

    /// Ends an epoch, and measures the weights anew every so many of them.
    func look(validation: [Double], every: Int) {
        guard steps.value.item > 0 else { return }
        let training = sums.value.values.map { Double($0) / Double(steps.value.item) }
        let epoch = Int(epochs.value.item)
        (sums.value, steps.value, epochs.value) = (.zeros(sums.shape), Tensor(0), Tensor(Float(epoch + 1)))
        guard epoch % every == 0 else { return }
        if epoch > 0 {
            let new = Self.weights(
                before: (trainingBefore.value.values.map(Double.init), validationBefore.value.values.map(Double.init)),
                after: (training, validation), guarding: 1e-6)
            if new.allSatisfy(\.isFinite) { weightValues.value = Tensor(new.map { Float($0) }, shape: weightValues.shape) }
        }
        trainingBefore.value = Tensor(training.map { Float($0) }, shape: sums.shape)
        validationBefore.value = Tensor(validation.map { Float($0) }, shape: sums.shape)
    }

    /// `|G|/(O² + guarding)` over the sum, 0 where `O = 0`; equal weights where all are 0.
    static func weights(
        before: (training: [Double], validation: [Double]), after: (training: [Double], validation: [Double]), guarding: Double
    ) -> [Double] {
        let raw = before.training.indices.map { k in
            let gain = before.validation[k] - after.validation[k]
            let overfitting = (after.validation[k] - after.training[k]) - (before.validation[k] - before.training[k])
            return overfitting == 0 ? 0 : abs(gain) / (overfitting * overfitting + guarding)
        }
        let sum = raw.reduce(0, +)
        return sum == 0 ? raw.map { _ in 1 / Double(raw.count) } : raw.map { $0 / sum }
    }
}
