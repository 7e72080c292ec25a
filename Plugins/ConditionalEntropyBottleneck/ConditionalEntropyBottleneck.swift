import Configuration
import Networks
import Regularization
import Tensors

/// Conditional-entropy bottleneck of the multimodal competition regularizer: embeddings are to hold no
/// more than what the prediction tells about them.
///
///     penalty = mean_{n,d} (R([logits])_{nd} − [Z⁽¹⁾ … Z⁽ᴹ⁾]_{nd})²          [logits] without gradient
///
/// `R` is a perceptron `K → hidden → Σ_m D_m` with ReLU, which the term owns; it is trained and saved
/// with the model. Gradients reach `R` and the embeddings.
///
/// It reads the encoders' own output, `N×D_m` of any widths, before any transform; with `at:
/// projection` the projected one. Cost: `O(N·hidden·Σ D)`. The mean is over the entries that are there:
/// a modality that a sample lacks is not reconstructed. An empty batch has no penalty. NaN gives NaN.
///
/// ```yaml
/// regularizers:
///   - conditional-entropy-bottleneck: {weight: 0.1}
/// ```
///
/// Source: the conditional-entropy term of Kontras et al., "Balancing Multimodal Training Through
/// Game-Theoretic Regularization", NeurIPS 2025. The width of the hidden layer is ours.
public struct ConditionalEntropyBottleneck: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Width of the hidden layer.
        public var hidden = 256

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.integer("hidden", \.hidden, in: 1...65_536, "width of the hidden layer")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "conditional-entropy-bottleneck",
            summary: "pulls embeddings toward what a network reconstructs from the fused prediction",
            formula: "mean (R([logits]) − concatenated z)²",
            source: "Kontras et al., Multimodal Competition Regularizer, NeurIPS 2025",
            cost: "O(N·hidden·ΣD)",
            unsearched: "none is known",
            notes: ["It owns the perceptron R. No gradient reaches the fusion through the prediction."])
    }

    /// It compares what belongs to one sample alone.
    public static var traits: [TermTrait] { [.judgesPredictions] }

    private let modalities: [Modality]
    /// `R`, from the logits to all embeddings side by side.
    private let reconstruction: MLP

    public var parts: Parts { ["reconstruction": reconstruction] }

    /// Makes the perceptron that reconstructs the embeddings from the logits.
    public init(options: Options, context: RegularizerContext) {
        // By name, so that the columns mean the same in whatever order a model has its modalities.
        modalities = context.modalities.sorted()
        let width = context.modalities.reduce(0) { $0 + (context.widths[$1] ?? 0) }
        reconstruction = MLP(context.classes, hidden: [options.hidden], width, from: context.initializer["reconstruction"])
    }

    /// The mean squared error of the reconstruction, over the entries that are present; nil for an
    /// empty batch.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        let embeddings = modalities.compactMap { step.originalEmbeddings[$0] }
        guard embeddings.count == modalities.count, step.originalEmbeddings.batchSize >= 1 else { return nil }
        let reconstructed = reconstruction(step.prediction.logits.detached(), step.pass)
        if step.originalEmbeddings.completeRows == nil {
            return Penalty(value: (reconstructed - Tensor.concatenated(embeddings.map(\.pooled), axis: 1)).squared().mean())
        }
        var (sum, count, start) = (Tensor(0), 0, 0)
        for embedding in embeddings {
            let own = reconstructed.slice(axis: 1, start..<start + embedding.width)
            start += embedding.width
            let there = embedding.present
            guard there.elementCount > 0 else { continue }
            sum += (own.gathering(rows: embedding.rows) - there).squared().sum()
            count += there.elementCount
        }
        return count > 0 ? Penalty(value: sum * (1 / Float(count))) : nil
    }
}
