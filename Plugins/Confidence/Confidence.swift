import Configuration
import Regularization
import Tensors

/// Calibrated confidence: a prediction from fewer modalities must not be more confident than one from
/// more.
///
///     S_0 ⊃ S_1 ⊃ …: all modalities, then one fewer at a time in a random order, down to one;  f_l = fuse(the modalities of S_l, the others absent)
///     conf_l,i = max_k softmax(f_l,i)_k
///     samples:  penalty = Σ_l Σ_i max(0, (conf_{l+1,i} − conf_l,i) s_l,i)        s = 0 where only the smaller set is right, else 1
///     batch:    penalty = Σ_l max(0, Σ_i (conf_{l+1,i} − conf_l,i))              one sample may pay for another
///
/// Sums over the batch, not means: the weight depends on the batch size. The gradient goes through both
/// confidences. It reads the embeddings that the fusion module got, and asks the model's own `fuse`,
/// without dropout and without moving statistics, also for all modalities. Modalities that `on:` leaves
/// out are in every set. NaN gives NaN. Cost: one pass through the fusion for each modality.
///
/// ```yaml
/// regularizers:
///   - confidence: {form: batch}
/// ```
///
/// Source: Ma et al., "Calibrating Multimodal Learning", ICML 2023 (`samples`, with the sign of its
/// program); BalanceBenchmark (`batch`, weight 0.1).
public struct Confidence: RegularizerPlugin, AddsPenalty {
    /// What must not grow.
    public enum Form: String, CaseIterable, Sendable {
        /// Each sample's confidence.
        case samples
        /// The batch's sum of confidences.
        case batch
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// What must not grow.
        public var form = Form.samples

        /// What stands for an absent modality.
        public var absence = Embeddings.Absence.zero

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("form", \.form, "what is compared: the confidence of each sample, or the sum over the batch"),
                .choice("absence", \.absence, "what replaces an absent modality: zeros, or the mean embedding of the batch"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "confidence",
            summary: "keeps predictions from fewer modalities less confident than those from more",
            formula: "Σ_l Σ_i max(0, conf(S_{l+1})_i − conf(S_l)_i),  S_0 ⊃ S_1 ⊃ … sets of modalities",
            source: "Ma et al., Calibrating Multimodal Learning, ICML 2023; BalanceBenchmark",
            cost: "one pass through the fusion for each modality",
            unsearched: "none is known",
            notes: ["A sum over the batch: twice the batch is twice the penalty.", "Logged: the mean confidence of each set, by its number of modalities."])
    }

    /// BalanceBenchmark's weight.
    public static var defaultWeight: Double { 0.1 }

    /// Only the embeddings themselves: the model fuses them again.
    public static var places: [Place] { [.embedding] }

    /// Confidence is the largest probability of a class.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// It compares predictions from fewer modalities with those from more.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let options: Options

    /// - Throws: `OptionFault` where there is only one modality, or the term sees only a part of the
    ///   embeddings.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireSeveralModalities()
        try context.requireWholeEmbeddings()
        self.options = options
    }

    /// How far confidence grows as modalities are left out; nil for an empty batch. Logs the mean
    /// confidence of each set as `confidence.<number of modalities>`.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        let pass = step.evaluationPass
        let embeddings = step.completeEmbeddings(pass)
        var stream = step.stream("")
        // By name, so that the order in which a model lists its modalities changes nothing.
        let players = step.embeddings.modalities.sorted()
        let order = stream.permutation(players.count).map { players[$0] }
        let chain = players.indices.map { removed in
            step.model.fuse(embeddings.leavingOut(Array(order[..<removed]), as: options.absence), pass: pass).logits
        }
        let confidences: [Penalty.Report] = chain.enumerated().map { removed, logits in
            ("confidence.\(players.count - removed)", logits.detached().softmax().maximum(axis: 1).mean().item)
        }
        return Penalty(value: Self.excess(chain, labels: step.labels, form: options.form), reports: confidences)
    }

    /// The penalty for the logits of a chain of sets, the largest set first.
    static func excess(_ chain: [Tensor], labels: [Int], form: Form) -> Tensor {
        zip(chain, chain.dropFirst()).map { larger, smaller in
            let growth = smaller.softmax().maximum(axis: 1) - larger.softmax().maximum(axis: 1)
            guard form == .samples else { return growth.sum().relu() }
            let counted = zip(zip(smaller.argmax(axis: 1), larger.argmax(axis: 1)), labels).map { predictions, label in
                predictions.0 == label && predictions.1 != label ? Float(0) : 1
            }
            return (growth.relu() * Tensor(counted, shape: [labels.count])).sum()
        }.reduce(Tensor(0), +)
    }
}
