import Regulus

/// A tensor fusion network: the outer product of all embeddings, each with a 1 in front, so that the product holds every embedding, every
/// pair of them, and so on up to all together.
///
///     z_m = pool(ReLU(conv(ReLU(conv(x_m)))))            `N×D`, for a series `N×L×C`
///     t = [1; z_1] ⊗ … ⊗ [1; z_M]                        `N×(D+1)^M`
///     logits = classifier(ReLU(hidden(t)))               `N×K`
///
/// Source: Zadeh et al., "Tensor Fusion Network for Multimodal Sentiment Analysis", EMNLP 2017, with a small encoder for series.
public final class TensorFusionNetwork: ModelPlugin {
    public struct Options: ComponentOptions {
        /// Channels of the encoders.
        public var channels = 16

        /// Width `D` of every embedding; the outer product has `(D+1)^M` entries.
        public var embedding = 8

        /// Width of the representation that the classifier reads.
        public var hidden = 64

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("channels", \.channels, in: 1...4096, unit: "channels", "channels of the encoders"),
                .integer("embedding", \.embedding, in: 1...1024, unit: "features", "width of every embedding"),
                .integer("hidden", \.hidden, in: 1...65_536, unit: "features", "width of the representation that the classifier reads"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "tensor-fusion", summary: "outer product of all embeddings", formula: "[1; z_1] ⊗ … ⊗ [1; z_M]",
        source: "Zadeh et al., Tensor Fusion Network, EMNLP 2017", options: Options.descriptions)

    public let modalities: [Modality]
    public let embeddingWidths: [Modality: Int]
    public let representationWidth: Int?

    private let encoders: [SeriesEncoder]
    private let hidden: Linear
    private let classifier: Linear

    public var parts: Parts {
        [
            "encoders": Parts(zip(modalities, encoders).map { (name: $0.name, part: $1) }),
            "fusion": ["hidden": hidden, "classifier": classifier] as Parts,
        ]
    }

    /// - Throws: `OptionFault` where a modality is no series, or the outer product would have more than 65,536 entries.
    public init(options: Options, context: ModelContext) throws(OptionFault) {
        var entries = 1
        for _ in context.modalities where entries <= 65_536 { entries *= options.embedding + 1 }
        guard entries <= 65_536 else {
            throw OptionFault(
                option: "embedding", expected: "an outer product of at most 65536 entries",
                found: "\(options.embedding + 1) to the power of \(context.modalities.count)")
        }
        var encoders: [SeriesEncoder] = []
        for modality in context.modalities {
            guard let shape = context.sampleShapes[modality], shape.rank == 2 else {
                throw OptionFault(
                    option: nil, expected: "series, L×C",
                    found: "\(modality) with samples of shape \(context.sampleShapes[modality]?.description ?? "none")")
            }
            encoders.append(
                SeriesEncoder(
                    shape[1], channels: options.channels, embedding: options.embedding,
                    from: context.initializer["encoders"][modality.name]))
        }
        self.encoders = encoders
        modalities = context.modalities
        embeddingWidths = Dictionary(uniqueKeysWithValues: modalities.map { ($0, options.embedding) })
        representationWidth = options.hidden
        hidden = Linear(entries, options.hidden, from: context.initializer["fusion"]["hidden"])
        classifier = Linear(options.hidden, context.classes, from: context.initializer["fusion"]["classifier"])
    }

    public func encode(_ inputs: Inputs, pass: Pass) -> Embeddings {
        Embeddings(
            zip(modalities, encoders).map { modality, encoder in
                (modality, Embedding(pooled: encoder(inputs[modality] ?? Tensor.zeros([0, 1, 1]))))
            })
    }

    public func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        var product = Tensor.ones([embeddings.batchSize, 1])
        for (_, embedding) in embeddings {
            let extended = Tensor.concatenated([Tensor.ones([embeddings.batchSize, 1]), embedding.pooled], axis: 1)
            let outer = product.unsqueezed(axis: 2) * extended.unsqueezed(axis: 1)
            product = outer.reshaped([embeddings.batchSize, outer.shape[1] * outer.shape[2]])
        }
        let representation = hidden(product).relu()
        return Prediction(logits: classifier(representation), representation: representation)
    }
}

/// Two convolutions over time and a mean: a series `N×L×C` to `N×D`.
private final class SeriesEncoder: Module {
    private let first: Convolution
    private let second: Convolution

    var parts: Parts { ["first": first, "second": second] }

    init(_ inputs: Int, channels: Int, embedding: Int, from initializer: Initializer) {
        first = Convolution(inputs, channels, kernel: [7], stride: [2], padding: [3], from: initializer["first"])
        second = Convolution(channels, embedding, kernel: [5], stride: [2], padding: [2], from: initializer["second"])
    }

    func callAsFunction(_ x: Tensor) -> Tensor { second(first(x).relu()).relu().meanPooled() }
}
