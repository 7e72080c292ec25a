import Configuration
import Networks
import Regularization
import Tensors

/// A network that turns the embeddings of all modalities into a prediction.
///
/// A fusion is made for fixed modalities and widths. It has to give a finite prediction where samples
/// lack modalities: their rows are 0 and marked in ``Regularization/Embedding/presence``.
public protocol Fusion: Module {
    /// The modalities that it reads, sorted by name.
    var modalities: [Modality] { get }

    /// Whether it reads tokens; encoders then compute them.
    var readsTokens: Bool { get }

    /// Whether padded tokens are left out of every mean and attention. A fusion that reads tokens and
    /// does not leave padding out is refused for sequences of different lengths. False by default.
    var leavesOutPadding: Bool { get }

    /// The width of the representation in its predictions: what the last linear map reads.
    var representationWidth: Int { get }

    /// Fuses a batch.
    ///
    /// - Parameters:
    ///   - embeddings: one per modality, in any order.
    ///   - pass: whether this is training, and where random numbers come from.
    /// - Returns: logits N×K and the representation, N×``representationWidth``.
    func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction
}

/// The defaults of a fusion that never meets padding.
extension Fusion {
    public var leavesOutPadding: Bool { false }
}

/// A fusion that recipes can name: `fusion: {use: <name>, …}`.
public protocol FusionPlugin: Fusion, SendableMetatype {
    /// The options that a recipe can set.
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, source and options.
    static var description: ComponentDescription { get }

    /// Makes a fusion.
    ///
    /// - Throws: `OptionFault` where options contradict each other or do not fit the encoders.
    init(options: Options, context: FusionContext) throws(OptionFault)
}

/// What a fusion is told about the model when it is made.
public struct FusionContext: Sendable {
    /// The modalities, sorted by name.
    public let modalities: [Modality]
    /// The width D of each modality's embedding.
    public let widths: [Modality: Int]
    /// The width K of the prediction: classes, labels or values.
    public let classes: Int
    /// Where initial values come from; it belongs to the fusion's own path.
    public let initializer: Initializer

    /// - Parameters:
    ///   - widths: the width D of each modality's embedding.
    ///   - classes: the width K of the prediction.
    ///   - initializer: where initial values come from.
    /// - Precondition: at least one modality and one class; positive widths.
    public init(widths: [Modality: Int], classes: Int, from initializer: Initializer) {
        require(!widths.isEmpty, "FusionContext: a model needs at least one modality")
        require(classes > 0, "FusionContext: \(classes) classes; there must be at least one")
        modalities = widths.keys.sorted()
        self.widths = widths
        self.classes = classes
        self.initializer = initializer
    }

    /// The context of a fusion for these encoders.
    public init(encoders: [Modality: any Encoder], classes: Int, from initializer: Initializer) {
        self.init(widths: encoders.mapValues(\.embeddingWidth), classes: classes, from: initializer)
    }

    /// The width of one modality's embedding.
    ///
    /// - Precondition: the modality is one of ``modalities``.
    public func width(of modality: Modality) -> Int {
        guard let width = widths[modality] else {
            stop("FusionContext: no modality \(modality); known are \(modalities)")
        }
        return width
    }
}

/// What fusions ask of embeddings.
extension Embeddings {
    /// The weight of each modality in a mean over those that a sample has, `N×1` each; nil where every
    /// sample has all of them. For a sample without any modality the weights are 0.
    func shares(of modalities: [Modality]) -> [Tensor]? {
        let present = modalities.map { required($0).presence.samples }
        guard present.contains(where: { $0 != nil }) else { return nil }
        let counts = (0..<batchSize).map { row in present.count { $0?[row] ?? true } }
        return present.map { samples in
            Tensor(counts.indices.map { samples?[$0] ?? true ? 1 / Float(Swift.max(counts[$0], 1)) : 0 }, shape: [counts.count, 1])
        }
    }

    /// The embedding of a modality that has to exist.
    func required(_ modality: Modality) -> Embedding {
        guard let embedding = self[modality] else {
            stop("fuse: the embedding of \(modality) is missing; given are \(modalities)")
        }
        return embedding
    }
}

/// Means over modalities.
extension Tensor {
    /// The mean over modalities of arrays `N×…`.
    ///
    /// - Parameter shares: the weight of each, `N×1`; nil for equal weights.
    static func mean(_ arrays: [Tensor], shares: [Tensor]?) -> Tensor {
        guard let shares else { return arrays.dropFirst().reduce(arrays[0], +) / Float(arrays.count) }
        let weighted = zip(arrays, shares).map { array, share in
            array * share.reshaped(Shape([array.shape[0]] + Array(repeating: 1, count: array.rank - 1)))
        }
        return weighted.dropFirst().reduce(weighted[0], +)
    }
}

/// The fusions that a recipe may name.
public typealias FusionRegistry = ComponentRegistry<FusionContext, any Fusion, OptionFault>

/// Filling the registry.
extension FusionRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .fusions) }

    /// The fusions that come with Regulus, `late` first.
    public static func standard() throws(DuplicateComponent) -> FusionRegistry {
        var registry = FusionRegistry()
        try registry.register(LateFusion.self)
        try registry.register(CrossAttentionFusion.self)
        try registry.register(SumFusion.self)
        try registry.register(GatedFusion.self)
        try registry.register(FiLMFusion.self)
        try registry.register(TensorFusion.self)
        try registry.register(LowRankTensorFusion.self)
        try registry.register(MultiplicativeFusion.self)
        try registry.register(BottleneckFusion.self)
        try registry.register(BottleneckTokensFusion.self)
        try registry.register(EnsembleFusion.self)
        return registry
    }

    /// Adds a fusion under the name of its description, with the option of ``EmbeddingNorm`` besides its own.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<F: FusionPlugin>(_ type: F.Type) throws(DuplicateComponent) {
        let options = F.Options.descriptions + EmbeddingNorm.descriptions(besideOwn: F.normalizesByItself)
        try register(F.description.describing(options)) { (options, context) throws(OptionFault) in
            let (own, norm) = try EmbeddingNorm.dividing(options, besideOwn: F.normalizesByItself)
            let fusion = try F(options: .decoding(own), context: context)
            return norm.kind == .none ? fusion : NormalizedFusion(fusion, learns: norm.kind == .layer, context: context)
        }
    }
}

/// The end of every fusion: linear map, ReLU, residual blocks if any, dropout, linear map to the classes.
///
/// Parts: `hidden`, which is left out where its width is 0, `blocks` and `classifier`.
final class ClassifierHead: Module {
    private let hidden: Linear?
    /// Each computes `x + W₂ dropout(relu(W₁ x))`.
    private let blocks: [MLP]
    private let dropout: Dropout
    private let classifier: Linear

    var parts: Parts { ["hidden": hidden, "blocks": blocks, "classifier": classifier] }

    /// The width of what the last linear map reads.
    var representationWidth: Int { classifier.inputs }

    /// The options of a fusion that ends with such a head, `hidden` and `dropout`.
    ///
    /// - Parameters:
    ///   - hidden: the width of the hidden layer, 0 for none.
    ///   - dropout: the rate before the last linear map.
    static func fields<Root: Options>(
        _ hidden: WritableKeyPath<Root, Int> & Sendable, _ dropout: WritableKeyPath<Root, Double> & Sendable
    ) -> [OptionField<Root>] {
        [
            .integer("hidden", hidden, in: 0...65536, unit: "features", "width of the classifier's hidden layer; 0 leaves it out"),
            .number("dropout", dropout, in: 0.0...1.0, "dropout rate before the last linear map"),
        ]
    }

    /// Makes a head whose parts lie directly under the initializer's path.
    init(_ inputs: Int, hidden: Int, residual: Int = 0, classes: Int, dropout: Float, from initializer: Initializer) {
        self.hidden = hidden > 0 ? Linear(inputs, hidden, from: initializer["hidden"]) : nil
        let width = hidden > 0 ? hidden : inputs
        blocks = (0..<residual).map { MLP(width, hidden: [width], width, dropout: dropout, from: initializer["blocks"][String($0)]) }
        self.dropout = Dropout(dropout, stream: initializer["dropout"].path)
        classifier = Linear(hidden > 0 ? hidden : inputs, classes, from: initializer["classifier"])
    }

    /// Classifies N×inputs; the representation is what the last linear map reads.
    func callAsFunction(_ x: Tensor, _ pass: Pass) -> Prediction {
        var features = hidden.map { $0(x, appliesReLU: true) } ?? x
        for block in blocks { features = features + block(features, pass) }
        let representation = dropout(features, pass)
        return Prediction(logits: classifier(representation), representation: representation)
    }
}
