import Configuration
import Networks
import Regularization
import Tensors

/// An ensemble of unimodal classifiers, each with a hidden layer of its own; what they say is averaged.
///
/// The loss is that of the average. A `unimodal-loss` beside it trains encoders alone as well. A modality that a sample lacks does not count
/// in its average; without any, all logits are equal. Parts: `classifiers.<modality>`.
public final class EnsembleFusion: FusionPlugin {
    /// What is averaged.
    public enum Average: String, CaseIterable, Sendable {
        case logits
        /// Of classes; the prediction is the logarithm of the mean.
        case probabilities
    }

    public struct Options: Configuration.Options {
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
        options: Options.descriptions)

    public let modalities: [Modality]
    public let readsTokens = false
    private let classifiers: [ClassifierHead]
    private let average: Average

    public var representationWidth: Int { classifiers.reduce(0) { $0 + $1.representationWidth } }

    public var parts: Parts { ["classifiers": Parts(zip(modalities, classifiers).map { (name: $0.name, part: $1) })] }

    public init(options: Options, context: FusionContext) {
        average = options.average
        modalities = context.modalities
        classifiers = context.modalities.map {
            ClassifierHead(
                context.width(of: $0), hidden: options.hidden, classes: context.classes, dropout: Float(options.dropout),
                from: context.initializer["classifiers"][$0.name])
        }
    }

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
