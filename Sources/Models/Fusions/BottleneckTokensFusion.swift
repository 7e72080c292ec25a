import Configuration
import Networks
import Regularization
import Tensors

/// Bottleneck tokens over embeddings: a few tokens read the modalities' embeddings, and each modality
/// reads these tokens; `bottleneck-tokens` in a recipe.
///
/// A light form of ``BottleneckFusion`` without attention weights, for pooled embeddings; the tokens
/// read all modalities at once. What a modality reads is scaled by a factor that starts at 0, so that
/// the tokens get no gradient in the first step. A classifier like that of ``LateFusion`` follows. A
/// modality that a sample lacks is read by no token and counts in no mean.
///
/// Parts: `feature_projection.<modality>`, `bottleneck_tokens`, `scale_params.<modality>`,
/// `layer_norms.<modality>`, `hidden`, `classifier`.
///
/// ```yaml
/// model:
///   fusion: {use: bottleneck-tokens, width: 512, tokens: 4}
/// ```
public final class BottleneckTokensFusion: FusionPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// Common width of embeddings and tokens.
        public var width = 512
        /// The number of bottleneck tokens.
        public var tokens = 4
        /// Width of the classifier's hidden layer; 0 leaves it out.
        public var hidden = 256
        /// The dropout rate after the classifier's hidden layer.
        public var dropout = 0.3

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("width", \.width, in: 1...65536, unit: "features", "common width of embeddings and tokens"),
                .integer("tokens", \.tokens, in: 1...65536, "bottleneck tokens"),
            ] + ClassifierHead.fields(\.hidden, \.dropout)
        }
    }

    public static let description = ComponentDescription(
        name: "bottleneck-tokens", summary: "a few tokens read all embeddings, and each embedding reads these tokens; the mean is classified",
        formula: "h_m = relu(W_m z_m + b_m),  t = A(T, h),  y = mean_m LayerNorm(h_m + s_m A(h_m, t)),  A(q, K) = softmax(qKᵀ/√H) K",
        source: "as in MMDG-Bench's program; after Nagrani et al., Attention Bottlenecks for Multimodal Fusion, NeurIPS 2021",
        cost: "O(N·W·(Σ_m D_m + M·B + H)), with M modalities, B tokens of W features, and H hidden ones", options: Options.descriptions,
        unsearched: "none is known")

    public let modalities: [Modality]
    /// It reads pooled embeddings only.
    public let readsTokens = false
    /// The tokens, and what modalities read of them.
    private let core: BottleneckTokens
    private let head: ClassifierHead

    public var representationWidth: Int { head.representationWidth }

    public var parts: Parts {
        var parts = core.parts
        parts.append(contentsOf: head.parts)
        return parts
    }

    /// Makes the fusion.
    public init(options: Options, context: FusionContext) {
        modalities = context.modalities
        core = BottleneckTokens(
            modalities.map { ($0, context.width(of: $0)) }, width: options.width, tokens: options.tokens, from: context.initializer)
        head = ClassifierHead(
            options.width, hidden: options.hidden, classes: context.classes, dropout: Float(options.dropout), from: context.initializer)
    }

    /// Fuses a batch; the representation is what the last linear map reads.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        head(core(modalities.map { embeddings.required($0).pooled }, shares: embeddings.shares(of: modalities), pass).fused, pass)
    }
}

/// Bottleneck tokens and what modalities read of them: everything before the classifier.
final class BottleneckTokens: Module {
    /// For each modality the map of its embedding, the scale of what it reads, and its normalization.
    private let branches: [(modality: Modality, projection: Linear?, scale: Parameter, norm: LayerNormalization)]
    /// The tokens before they have read anything, `1×B×H`.
    private let tokens: Parameter

    var parts: Parts {
        func named(_ part: (Int) -> any Part) -> Parts { Parts(branches.indices.map { (name: branches[$0].modality.name, part: part($0)) }) }
        return [
            "feature_projection": named { branches[$0].projection }, "bottleneck_tokens": tokens, "scale_params": named { branches[$0].scale },
            "layer_norms": named { branches[$0].norm },
        ]
    }

    /// - Parameters:
    ///   - widths: of the embeddings.
    ///   - projects: whether they are mapped to `width`; else they have it.
    init(_ widths: [(modality: Modality, width: Int)], width: Int, tokens: Int, projects: Bool = true, from initializer: Initializer) {
        branches = widths.map { modality, inputs in
            (
                modality, projects ? Linear(inputs, width, from: initializer["feature_projection"][modality.name]) : nil,
                Parameter(.zeros([1])), LayerNormalization([width], from: initializer["layer_norms"][modality.name])
            )
        }
        self.tokens = Parameter(initializer["bottleneck_tokens"].normal([1, tokens, width], deviation: 0.02))
    }

    /// - Parameter shares: what each modality counts for, `N×1`; nil for all alike.
    /// - Returns: the mean over modalities, `N×H`, and the tokens after they have read, `N×B×H`.
    func callAsFunction(_ pooled: [Tensor], shares: [Tensor]? = nil, _ pass: Pass) -> (fused: Tensor, tokens: Tensor) {
        let features = zip(branches, pooled).map { branch, z in branch.projection.map { $0(z, appliesReLU: true) } ?? z.relu() }
        let (samples, count, width) = (features[0].shape[0], tokens.shape[1], tokens.shape[2])
        let read = Self.attention(tokens.value.expanded(to: [samples, count, width]), over: Tensor.stacked(features, axis: 1), shares)
        let normalized = zip(branches, features).map { branch, h in
            branch.norm(h + branch.scale.value * Self.attention(h.unsqueezed(axis: 1), over: read).squeezed(axis: 1))
        }
        return (Tensor.mean(normalized, shares: shares), read)
    }

    /// `softmax(q Kᵀ/√H) K` for `N×Q×H` and `N×L×H`; keys whose share is 0 are ignored.
    private static func attention(_ queries: Tensor, over keys: Tensor, _ shares: [Tensor]? = nil) -> Tensor {
        var scores = queries.matmul(keys, transposingRight: true) / Float(keys.shape[2]).squareRoot()
        // Far below any score, and finite, so that a sample without any modality gives numbers and not NaN.
        if let shares { scores = scores + Tensor.stacked(shares.map { $0.isEqual(to: 0) * -1e9 }, axis: 2) }
        return scores.softmax(axis: -1).matmul(keys)
    }
}
