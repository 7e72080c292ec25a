import Configuration
import Networks
import Regularization
import Tensors

/// Distillation from an averaged model: fused and unimodal predictions follow the fused one of the
/// model with averaged weights.
///
///     t = softmax of the averaged model's logits, at least 10⁻¹²; a constant
///     KL(f) = (1/N) Σ_i Σ_k t_ik (ln t_ik − ln softmax(f_i)_k)
///     penalty = λ_f KL(fused) + Σ_m [CE(f_m, y) + λ_u KL(f_m)],  f_m = W_m norm_m(z_m) + b_m
///     average ← decay · average + (1 − decay) · weights, begun at the initial weights
///
/// The averaged model is asked without dropout, with its averaged statistics. The classifiers read the
/// encoders' own output, `N×D_m`, before any change, normalized over its features where `norm` says so,
/// and are saved with the model, as is the average: one more copy of it. NaN gives NaN. Cost: one pass
/// through the model.
///
/// ```yaml
/// regularizers:
///   - averaged-distillation: {decay: 0.999}
///   - weight-averaging: {kind: exponential}
/// ```
///
/// Source: MBCD, as in the MMDG benchmark's program (decay 0.999, both λ 1), whose model is the average
/// itself: put a `weight-averaging: {kind: exponential}` beside it. That program normalizes embeddings for
/// unimodal and fused heads alike; for the fused one it is the fusion's `embedding-norm`.
public struct AveragedDistillation: RegularizerPlugin, AddsPenalty, FollowsUpdates {
    /// How the unimodal classifiers' embeddings are normalized.
    public enum Norm: String, CaseIterable, Sendable {
        /// Not at all.
        case none
        /// Over their features, with a scale and a shift that are learned.
        case layer
        /// The same with scale 1 and shift 0: the released program does not hand them to its optimizer.
        case untrained
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// How much of the average each update keeps.
        public var decay = 0.999

        /// `λ_f` and `λ_u`.
        public var fused = 1.0, unimodal = 1.0

        /// What the unimodal classifiers' embeddings go through.
        public var norm = Norm.none

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("decay", \.decay, in: 0..<1, "how much of the average each update keeps"),
                .number("fused", \.fused, in: 0...1e6, "weight of the fused prediction's divergence, λ_f"),
                .number("unimodal", \.unimodal, in: 0...1e6, "weight of the unimodal predictions' divergence, λ_u"),
                .choice(
                    "norm", \.norm,
                    "normalization of embeddings over their features before the unimodal classifiers: layer learns a scale and a shift, "
                        + "untrained has neither, as in MBCD's released program"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "averaged-distillation",
            summary: "makes fused and unimodal predictions follow those of the model with averaged weights",
            formula: "λ_f KL(t ‖ f) + Σ_m [CE(f_m, y) + λ_u KL(t ‖ f_m)],  t from averaged weights",
            source: "MBCD, MMDG benchmark (arXiv 2605.06643) and its program",
            cost: "one more pass through the model, without gradients; memory for a copy of it",
            search: [
                .linear("decay", 0.9...0.9999, of: .mmdgBench),
                .linear("fused", 0...2, step: 0.1, of: .mmdgBench),
                .linear("unimodal", 0...2, step: 0.1, of: .mmdgBench),
            ],
            notes: ["Logged: divergence of each modality and of the fused prediction, loss of each modality."])
    }

    /// Only the embeddings themselves: the averaged model encodes the inputs anew.
    public static var places: [Place] { [.embedding] }

    /// It compares distributions over classes.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// It compares what belongs to one sample alone.
    public static var traits: [TermTrait] { [.judgesPredictions] }

    private let options: Options
    /// The model with averaged weights: the teacher.
    private let average: any WeightAverage
    /// The linear classifier of each modality, `D_m → K`, and what its embeddings go through.
    private let classifiers: [(modality: Modality, norm: LayerNormalization?, classifier: Linear)]

    public var parts: Parts {
        var parts: Parts = ["average": average, "classifiers": Parts(classifiers.map { (name: $0.modality.name, part: $0.classifier) })]
        if options.norm == .layer { parts.append(Parts(classifiers.map { (name: $0.modality.name, part: $0.norm) }), named: "norms") }
        return parts
    }

    /// Starts the average at the initial weights, and makes a linear classifier for each modality.
    public init(options: Options, context: RegularizerContext) {
        self.options = options
        average = ExponentialMovingAverage(of: context.model, decay: Float(options.decay))
        classifiers = context.modalities.map { modality in
            let width = context.widths[modality] ?? 0
            return (
                modality, options.norm == .none ? nil : LayerNormalization([width], from: context.initializer["norms"][modality.name]),
                Linear(width, context.classes, from: context.initializer["classifiers"][modality.name])
            )
        }
    }

    /// The weighted divergences from the averaged model, with the unimodal losses; nil for an empty
    /// batch.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        let pass = step.evaluationPass
        let teacher = withoutGradients {
            average.withAverage { step.model.fuse(step.encoded(pass), pass: pass).logits }
        }
        let fused = Self.divergence(of: step.prediction.logits, from: teacher)
        let own = classifiers.compactMap { modality, norm, classifier -> Penalty? in
            guard let z = step.originalEmbeddings[modality]?.pooled else { return nil }
            let logits = classifier(norm.map { $0(z) } ?? z)
            let (loss, divergence) = (logits.crossEntropy(labels: step.labels), Self.divergence(of: logits, from: teacher))
            return Penalty(
                value: loss + divergence * Float(options.unimodal),
                reports: [("\(modality).loss", loss.item), ("\(modality).divergence", divergence.item)])
        }
        return Penalty.sum(own + [Penalty(value: fused * Float(options.fused), reports: [("divergence", fused.item)])])
    }

    /// Takes the updated weights into the average.
    public func follow(_ step: TrainingStep, learningRate: Float) { average.update() }

    /// `KL(t ‖ softmax(logits))`, the mean over rows; the teacher's logits are constants.
    static func divergence(of logits: Tensor, from teacher: Tensor) -> Tensor {
        let t = teacher.detached().softmax().clamped(lower: 1e-12)
        return (t * (t.log() - logits.logSoftmax())).sum(axis: 1).mean()
    }
}
