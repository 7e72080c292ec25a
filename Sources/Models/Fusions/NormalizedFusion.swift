import Configuration
import Networks
import Regularization
import Tensors

/// Whether embeddings are normalized before they are fused: the option that every fusion has in a recipe
/// besides its own.
///
/// It belongs to the model, so that every prediction goes through it: that of the fusion, what it says of
/// one modality with the others absent, and that of an averaged model. A fusion whose options include one
/// named `embedding-norm` has its own.
///
/// ```yaml
/// model:
///   fusion: {use: late, embedding-norm: layer}
/// ```
public struct EmbeddingNorm: ComponentOptions, Hashable {
    /// How embeddings are normalized.
    public enum Kind: String, CaseIterable, Sendable {
        /// Not at all.
        case none
        /// Each embedding over its features, with a scale and a shift that are learned.
        case layer
        /// The same without them: they stay 1 and 0, as in the released program of MBCD, which does not hand
        /// them to its optimizer.
        case untrained
    }

    /// How embeddings are normalized.
    public var kind = Kind.none

    /// Embeddings as they are.
    public init() {}

    public static var fields: [OptionField<EmbeddingNorm>] {
        [
            .choice(
                "embedding-norm", \.kind,
                "normalization of each embedding over its features before fusion: layer learns a scale and a shift, untrained has neither")
        ]
    }
}

extension FusionPlugin {
    /// Whether the type declares an option `embedding-norm` of its own.
    static var normalizesByItself: Bool { Options.fields.contains { $0.name == "embedding-norm" } }
}

/// A fusion of normalized embeddings.
///
///     ẑ = (z − mean z)/√(var z + 10⁻⁵) · scale + shift,  over the features of each pooled vector and of each token
///
/// A row of zeros, as of a modality that is absent or was dropped, stays one. Parts: those of the fusion, and
/// `norms.<modality>` where scale and shift are learned.
final class NormalizedFusion: Fusion {
    private let fusion: any Fusion
    /// The layer of each modality.
    private let norms: [Modality: LayerNormalization]
    /// Whether scale and shift are learned.
    private let learns: Bool

    var modalities: [Modality] { fusion.modalities }
    var readsTokens: Bool { fusion.readsTokens }
    var leavesOutPadding: Bool { fusion.leavesOutPadding }
    var representationWidth: Int { fusion.representationWidth }

    var parts: Parts {
        var parts = fusion.parts
        if learns { parts.append(Parts(modalities.map { (name: $0.name, part: norms[$0]) }), named: "norms") }
        return parts
    }

    /// - Parameters:
    ///   - fusion: what fuses them.
    ///   - learns: whether scale and shift are learned.
    ///   - context: that of the fusion. Nothing is drawn from it, so that the fusion begins as it does alone.
    init(_ fusion: any Fusion, learns: Bool, context: FusionContext) {
        self.fusion = fusion
        self.learns = learns
        norms = Dictionary(
            fusion.modalities.map { ($0, LayerNormalization([context.width(of: $0)], from: context.initializer["norms"][$0.name])) }
        ) { first, _ in first }
    }

    func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        fusion(embeddings.mapEmbeddings { modality, embedding in norms[modality].map { normalized(embedding, by: $0) } ?? embedding }, pass: pass)
    }

    private func normalized(_ embedding: Embedding, by norm: LayerNormalization) -> Embedding {
        embedding.map { array, _ in
            let normalized = norm(array)
            return Self.filled(array).map { normalized * $0 } ?? normalized
        }
    }

    /// 1 for each row that is not all 0, …×1 for an array …×D; nil where there is no row of zeros.
    private static func filled(_ array: Tensor) -> Tensor? {
        let width = array.shape[-1]
        return array.detached().withUnsafeValues { values in
            // In most rows the first number says that it is not all 0.
            let isFilled = (0..<values.count / width).map { row in values[row * width..<(row + 1) * width].contains { $0 != 0 } }
            guard isFilled.contains(false) else { return nil }
            return Tensor(isFilled.map { $0 ? 1 : 0 }, shape: Shape(Array(array.shape.dimensions.dropLast()) + [1]))
        }
    }
}
