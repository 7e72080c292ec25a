import Configuration
import Networks
import Regularization
import Tensors

/// Multiplicative interactions: one modality produces the weights that act on the other;
/// `multiplicative` in a recipe. For two modalities in the order of their names; the other order is
/// another function.
///
/// A linear map to the classes follows. A modality that a sample lacks has zeros in its place, so that
/// what the other one says by itself remains. Parts: `W`, `U`, `V`, `b`, `classifier`.
///
/// ```yaml
/// model:
///   fusion: {use: multiplicative, form: vector}
/// ```
public final class MultiplicativeFusion: FusionPlugin {
    /// What the first modality produces.
    public enum Form: String, CaseIterable, Sendable {
        /// A matrix for the second one.
        case matrix
        /// A factor for each of its features.
        case vector
        /// One factor for all of them.
        case scalar
    }

    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// What the first modality produces.
        public var form = Form.matrix
        /// Width of the fused representation, for the matrix form.
        public var width = 64

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("form", \.form, "what the first modality makes for the second: a matrix, a factor for each feature, or one factor for all features"),
                .integer("width", \.width, in: 1...65536, unit: "features", "width of the fused representation, for the matrix form"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "multiplicative", summary: "one modality makes the weights that act on the other; the result is classified",
        formula: "matrix: y_o = z_0ᵀ W_o z_1 + z_0 U_o + z_1 V_o + b_o;  vector: y = (z_0 W + V) ∘ z_1 + z_0 U + b;  scalar: y = (z_0·W + V) z_1 + z_0·U + b",
        source: "Jayakumar et al., Multiplicative Interactions and Where to Find Them, ICLR 2020",
        cost: "O(N·D_0·D_1·W) with a representation of W features; vector: O(N·D_0·D_1)", options: Options.descriptions, unsearched: "none is known",
        notes: ["It is defined for two modalities."])

    /// The largest number of weights that a fusion may have.
    static let limit = 1 << 27

    public let modalities: [Modality]
    public let readsTokens = false
    /// The option `width` for the matrix form, otherwise the second modality's width.
    public let representationWidth: Int
    private let form: Form
    /// `W`, `U`, `V` and `b` of the interaction.
    private let product, first, second, bias: Parameter
    private let classifier: Linear

    public var parts: Parts { ["W": product, "U": first, "V": second, "b": bias, "classifier": classifier] }

    /// Makes the fusion.
    ///
    /// - Throws: `OptionFault` for another number of modalities than two, or more than 2²⁷ weights.
    public init(options: Options, context: FusionContext) throws(OptionFault) {
        try context.requireTwoModalities(for: Self.description.name)
        modalities = context.modalities
        form = options.form
        let (d0, d1) = (context.width(of: modalities[0]), context.width(of: modalities[1]))
        representationWidth = options.form == .matrix ? options.width : d1
        let shapes: (product: Shape, first: Shape, second: Shape, bias: Shape)
        switch options.form {
        case .matrix:
            let (pairs, overflows) = d0.multipliedReportingOverflow(by: d1)
            guard !overflows, pairs <= Self.limit / options.width else {
                throw OptionFault(
                    option: "width", expected: "a width that makes at most \(Self.limit) weights, or the form vector",
                    found: "\(d0) × \(d1) × \(options.width)")
            }
            shapes = ([d0, d1, options.width], [d0, options.width], [d1, options.width], [options.width])
        case .vector: shapes = ([d0, d1], [d0, d1], [d1], [d1])
        case .scalar: shapes = ([d0], [d0], [1], [1])
        }
        let initializer = context.initializer
        product = Parameter(initializer["W"].kaimingUniform(shapes.product, fanIn: options.form == .matrix ? d0 * d1 : d0))
        first = Parameter(initializer["U"].kaimingUniform(shapes.first, fanIn: d0))
        second = Parameter(initializer["V"].kaimingUniform(shapes.second, fanIn: options.form == .matrix ? d1 : d0))
        bias = Parameter(.zeros(shapes.bias))
        classifier = Linear(representationWidth, context.classes, from: initializer["classifier"])
    }

    /// Fuses a batch; the representation is `y`.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let representation = fused(embeddings)
        return Prediction(logits: classifier(representation), representation: representation)
    }

    /// The representation `y`, `N×representationWidth`.
    func fused(_ embeddings: Embeddings) -> Tensor {
        let (z0, z1) = (embeddings.required(modalities[0]).pooled, embeddings.required(modalities[1]).pooled)
        switch form {
        case .matrix:
            let (samples, d1, width) = (z0.shape[0], z1.shape[1], representationWidth)
            let made = z0.matmul(product.value.reshaped([z0.shape[1], d1 * width])).reshaped([samples, d1, width])
            return (made * z1.unsqueezed(axis: 2)).sum(axis: 1) + z0.matmul(first.value) + z1.matmul(second.value) + bias.value
        case .vector:
            return (z0.matmul(product.value) + second.value) * z1 + z0.matmul(first.value) + bias.value
        case .scalar:
            let scale = (z0 * product.value).sum(axis: 1, keepingAxis: true) + second.value
            return scale * z1 + (z0 * first.value).sum(axis: 1, keepingAxis: true) + bias.value
        }
    }
}
