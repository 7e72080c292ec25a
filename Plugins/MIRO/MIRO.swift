import Configuration
import Glibc
import Networks
import Regularization
import Tensors

/// Mutual-information regularization with an oracle: embeddings stay near those of the encoders that
/// the training started from, as far as each feature's learned variance asks it.
///
///     penalty = Σ_m ½ mean over N·D of [ (z − z⁰)²/v_d + ln v_d ],  v_d = softplus(b_d) + 10⁻⁵        v = 0.1 at first
///     plus-one: ln(v_d + 1) in place of ln v_d, so that the penalty is never negative
///
/// `z` is the encoders' own output, `N×D`; `z⁰` that of the same encoders with their initial weights,
/// without dropout, with the running statistics they had. `b` is trained with the model. It means most
/// where encoders start from published weights. The initial weights are saved with the model: one more
/// copy of it. NaN gives NaN. Cost: one pass through the encoders.
///
/// ```yaml
/// regularizers:
///   - miro: {weight: 0.1}
/// ```
///
/// Source: Cha et al., "Domain Generalization by Mutual-Information Regularization with Pre-trained
/// Models", ECCV 2022: weight 0.1 or 0.01 by data set, with ten times the learning rate for `b`, which
/// is the model's here. `plus-one` is that of MMDG-Bench's program.
public struct MIRO: RegularizerPlugin, AddsPenalty {
    /// What keeps variances from growing.
    public enum Form: String, CaseIterable, Sendable {
        /// `ln v`, as in the paper.
        case logarithm
        /// `ln(v + 1)`, with which the penalty is never negative.
        case plusOne = "plus-one"
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// What keeps variances from growing.
        public var form = Form.logarithm

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.choice("form", \.form, "ln v as in the paper, or ln(v + 1)")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "miro",
            summary: "keeps embeddings near those of the encoders that the training started from",
            formula: "Σ_m ½ mean [(z − z⁰)²/v_d + ln v_d],  z⁰ from the initial encoders, v learned",
            source: "Cha et al., Mutual-Information Regularization with Pre-trained Models, ECCV 2022",
            cost: "one more pass through the encoders, without gradients; memory for a copy of them",
            search: [.logarithmic("weight", 0.001...1)],
            notes: ["Logged: distance and mean variance of each modality.", "Made for encoders that start from published weights."])
    }

    /// One of the paper's two weights.
    public static var defaultWeight: Double { 0.1 }

    /// Only the embeddings themselves: the initial encoders give others of the same shape.
    public static var places: [Place] { [.embedding] }

    private let form: Form
    /// Never updated: the initial weights.
    private let start: any WeightAverage
    /// `b`, `D` for each modality.
    private let spreads: [(modality: Modality, parameter: Parameter)]

    public var parts: Parts {
        ["start": start, "spread": Parts(spreads.map { (name: $0.modality.name, part: $0.parameter) })]
    }

    /// - Throws: `OptionFault` where the term sees only a part of the embeddings.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireWholeEmbeddings()
        form = options.form
        start = SimpleMovingAverage(of: context.model)
        spreads = context.modalities.map { ($0, Parameter(.full(Float(log(exp(0.1 - 1e-5) - 1)), [context.widths[$0] ?? 0]))) }
    }

    /// The mean distance from the initial encoders' embeddings, in units of the learned variances; nil
    /// for an empty batch. Logs `distance` and `variance` of each modality.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        let before = withoutGradients { start.withAverage { step.encoded(step.evaluationPass) } }
        return Penalty.sum(over: step.originalEmbeddings) { z, modality in
            guard let origin = before[modality]?.pooled, let spread = spreads.first(where: { $0.modality == modality })?.parameter else { return nil }
            let (value, variance) = Self.distance(z, from: origin, spread: spread.value, form: form)
            let distance = withoutGradients { (z - origin).squared().mean().item }
            return Penalty(value: value, reports: [("distance", distance), ("variance", variance.mean().item)])
        }
    }

    /// The penalty of one modality and the variances, for arrays `…×D` and spreads `D`.
    static func distance(_ z: Tensor, from origin: Tensor, spread: Tensor, form: Form) -> (value: Tensor, variance: Tensor) {
        let variance = spread.softplus() + 1e-5
        let size = form == .logarithm ? variance.log() : (variance + 1).log()
        return (((z - origin).squared() / variance + size).mean() * 0.5, variance)
    }
}
