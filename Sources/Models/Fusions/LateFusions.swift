import Configuration
import Networks
import Regularization
import Tensors

/// Late fusion: the pooled embeddings side by side, then linear map, ReLU, dropout and a linear map to
/// the classes; `late` in a recipe.
///
/// Modalities are in the order of their names. A modality that a sample lacks has zeros in its place.
/// Parts: `hidden`, `blocks`, `classifier`.
///
/// ```yaml
/// model:
///   fusion: {use: late, hidden: 512, dropout: 0.5}
/// ```
public final class LateFusion: FusionPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// Width of the hidden layer; 0 classifies the embeddings directly.
        public var hidden = 512
        /// Residual blocks of two linear maps after the hidden layer.
        public var residual = 0
        /// The dropout rate after the hidden layer, and within the blocks.
        public var dropout = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer(
                    "hidden", \.hidden, in: 0...65536, unit: "features",
                    "width of the hidden layer; 0 classifies the embeddings directly"),
                .integer("residual", \.residual, in: 0...64, "residual blocks of two linear maps after the hidden layer"),
                .number("dropout", \.dropout, in: 0.0...1.0, "rate after the hidden layer, and within the blocks"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "late", summary: "concatenate the pooled embeddings, then classify with one hidden layer",
        formula: "logits = W₂ dropout(relu(W₁ [z₁; …; z_M] + b₁)) + b₂", source: "as in the programs of SimMMDG and of the MMDG benchmark",
        cost: "O(N·H·(Σ_m D_m + K)), with a hidden layer of H features and K classes", options: Options.descriptions, unsearched: "none is known")

    public let modalities: [Modality]
    public let readsTokens = false
    /// The hidden layer and the classifier.
    private let head: ClassifierHead

    public var parts: Parts { head.parts }
    public var representationWidth: Int { head.representationWidth }

    /// Makes the hidden layer and the classifier.
    public init(options: Options, context: FusionContext) throws(OptionFault) {
        modalities = context.modalities
        head = ClassifierHead(
            context.modalities.reduce(0) { $0 + context.width(of: $1) }, hidden: options.hidden,
            residual: options.residual, classes: context.classes, dropout: Float(options.dropout), from: context.initializer)
    }

    /// Fuses a batch; the representation is what the last linear map reads: the hidden layer, or the
    /// embeddings side by side.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        head(Tensor.concatenated(modalities.map { embeddings.required($0).pooled }, axis: 1), pass)
    }
}

/// Fusion by sum: each modality has a linear map to the classes, and the results are added up; `sum` in
/// a recipe.
///
/// What a modality predicts alone is its own summand, so that modalities share nothing but the loss.
/// Every map has a bias of its own. A modality that a sample lacks contributes its bias. Parts:
/// `projections.<modality>`.
///
/// ```yaml
/// model:
///   fusion: sum
/// ```
public final class SumFusion: FusionPlugin {
    public static let description = ComponentDescription(
        name: "sum", summary: "a linear map from each modality to the classes, added up", formula: "logits = Σ_m (W_m z_m + b_m)",
        source: "as in Peng et al., OGM-GE, CVPR 2022", cost: "O(N·K·Σ_m D_m), with K classes", unsearched: "it has nothing to choose")

    public let modalities: [Modality]
    public let readsTokens = false
    /// The sum of all widths.
    public let representationWidth: Int
    /// The linear map of each modality.
    private let projections: [Linear]

    public var parts: Parts { ["projections": Parts(zip(modalities, projections).map { (name: $0.name, part: $1) })] }

    /// Makes a linear map for each modality.
    public init(options: NoOptions, context: FusionContext) {
        modalities = context.modalities
        projections = context.modalities.map {
            Linear(context.width(of: $0), context.classes, from: context.initializer["projections"][$0.name])
        }
        representationWidth = context.modalities.reduce(0) { $0 + context.width(of: $1) }
    }

    /// The representation is that of ``LateFusion``: the embeddings side by side.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let pooled = modalities.map { embeddings.required($0).pooled }
        let logits = zip(projections, pooled).map { $0($1) }
        return Prediction(logits: logits.dropFirst().reduce(logits[0], +), representation: Tensor.concatenated(pooled, axis: 1))
    }
}

/// An ensemble of unimodal classifiers, each with a hidden layer of its own, whose predictions are
/// averaged; `ensemble` in a recipe.
///
/// The loss is that of the average; a `unimodal-loss` beside it also trains each encoder alone. A
/// modality that a sample lacks does not count in its average; without any modality, all logits are
/// equal. Parts: `classifiers.<modality>`.
///
/// ```yaml
/// model:
///   fusion: {use: ensemble, average: probabilities}
/// ```
public final class EnsembleFusion: FusionPlugin {
    /// What is averaged over modalities.
    public enum Average: String, CaseIterable, Sendable {
        /// The logits.
        case logits
        /// The probabilities of the classes; the prediction is the logarithm of their mean.
        case probabilities
    }

    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// What is averaged over modalities.
        public var average = Average.logits
        /// Width of each classifier's hidden layer; 0 leaves it out.
        public var hidden = 128
        /// Rate after the hidden layer.
        public var dropout = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("average", \.average, "what is averaged: logits, or probabilities of classes"),
                .integer("hidden", \.hidden, in: 0...65536, unit: "features", "width of each classifier's hidden layer; 0 leaves it out"),
                .number("dropout", \.dropout, in: 0.0...1.0, "rate after the hidden layer"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "ensemble", summary: "a classifier for each modality, averaged",
        formula: "logits = mean_m head_m(z_m);  probabilities: ln mean_m softmax(head_m(z_m))",
        source: "Kittler et al., On Combining Classifiers, TPAMI 1998, the sum rule",
        cost: "O(N·H·(Σ_m D_m + M·K)), with hidden layers of H features, M modalities and K classes", options: Options.descriptions,
        unsearched: "none is known")

    public let modalities: [Modality]
    public let readsTokens = false
    /// The classifier of each modality.
    private let classifiers: [ClassifierHead]
    private let average: Average

    /// The sum of the classifiers' representations, which stand side by side.
    public var representationWidth: Int { classifiers.reduce(0) { $0 + $1.representationWidth } }

    public var parts: Parts { ["classifiers": Parts(zip(modalities, classifiers).map { (name: $0.name, part: $1) })] }

    /// Makes a classifier for each modality.
    public init(options: Options, context: FusionContext) {
        average = options.average
        modalities = context.modalities
        classifiers = context.modalities.map {
            ClassifierHead(
                context.width(of: $0), hidden: options.hidden, classes: context.classes, dropout: Float(options.dropout),
                from: context.initializer["classifiers"][$0.name])
        }
    }

    /// Fuses a batch; the representation is what the classifiers' last maps read, side by side.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let predictions = zip(modalities, classifiers).map { $1(embeddings.required($0).pooled, pass) }
        let representation = Tensor.concatenated(predictions.compactMap(\.representation), axis: 1)
        let shares = embeddings.shares(of: modalities)
        let logits =
            average == .logits
            ? Tensor.mean(predictions.map(\.logits), shares: shares)
            : Tensor.mean(predictions.map { $0.logits.softmax() }, shares: shares).clamped(lower: 1e-30).log()
        return Prediction(logits: logits, representation: representation)
    }
}
