import Configuration
import Networks
import Regularization
import Tensors

/// A network that turns the embeddings of all modalities into class scores.
public protocol Fusion: Module {
    /// The modalities that it reads, sorted by name.
    var modalities: [Modality] { get }

    /// Whether it reads tokens; encoders then compute them.
    var readsTokens: Bool { get }

    /// Whether it leaves padded tokens out of every mean and attention. One that reads tokens and does not is refused for sequences of
    /// different lengths. False unless said otherwise.
    var leavesOutPadding: Bool { get }

    /// The width of the representation in its predictions: what the last linear map reads.
    var representationWidth: Int { get }

    /// Fuses a batch.
    ///
    /// - Parameter embeddings: one per modality, in any order.
    /// - Returns: logits N×K and the representation, N×``representationWidth``.
    func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction
}

extension Fusion {
    public var leavesOutPadding: Bool { false }
}

/// A fusion that a recipe can name.
public protocol FusionPlugin: Fusion, SendableMetatype {
    /// What a recipe can set.
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
    /// The number of classes K.
    public let classes: Int
    /// Where initial values come from, for the fusion's own path.
    public let initializer: Initializer

    /// - Precondition: one modality or more, one class or more, positive widths.
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
    public func width(of modality: Modality) -> Int {
        guard let width = widths[modality] else {
            stop("FusionContext: no modality \(modality); known are \(modalities)")
        }
        return width
    }
}

extension Embeddings {
    /// What each modality counts for in a mean over those that a sample has, `N×1` each; nil where every sample has all. A sample without
    /// any has shares of 0.
    func shares(of modalities: [Modality]) -> [Tensor]? {
        let present = modalities.map { required($0).presence.samples }
        guard present.contains(where: { $0 != nil }) else { return nil }
        let counts = (0..<batchSize).map { row in present.count { $0?[row] ?? true } }
        return present.map { samples in
            Tensor(counts.indices.map { samples?[$0] ?? true ? 1 / Float(Swift.max(counts[$0], 1)) : 0 }, shape: [counts.count, 1])
        }
    }

    /// The embedding of a modality that must be there.
    func required(_ modality: Modality) -> Embedding {
        guard let embedding = self[modality] else {
            stop("fuse: the embedding of \(modality) is missing; given are \(modalities)")
        }
        return embedding
    }
}

extension Tensor {
    /// The mean over modalities of arrays `N×…`.
    ///
    /// - Parameter shares: what each counts for, `N×1`; nil for all alike.
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

extension FusionRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .fusions) }

    /// The fusions of this folder, `late` first.
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

    /// Adds a fusion under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<F: FusionPlugin>(_ type: F.Type) throws(DuplicateComponent) {
        try register(F.description) { (options, context) throws(OptionFault) in try F(options: .decoding(options), context: context) }
    }
}

/// The end of every fusion: linear map, ReLU, dropout, linear map to the classes.
///
/// Parts: `hidden` (left out where its width is 0) and `classifier`.
final class ClassifierHead: Module {
    private let hidden: Linear?
    private let dropout: Dropout
    private let classifier: Linear

    var parts: Parts { ["hidden": hidden, "classifier": classifier] }

    /// The width of what the last linear map reads.
    var representationWidth: Int { classifier.inputs }

    /// Makes a head whose parts lie directly under the initializer's path.
    init(_ inputs: Int, hidden: Int, classes: Int, dropout: Float, from initializer: Initializer) {
        self.hidden = hidden > 0 ? Linear(inputs, hidden, from: initializer["hidden"]) : nil
        self.dropout = Dropout(dropout, stream: initializer["dropout"].path)
        classifier = Linear(hidden > 0 ? hidden : inputs, classes, from: initializer["classifier"])
    }

    func callAsFunction(_ x: Tensor, _ pass: Pass) -> Prediction {
        let features = hidden.map { $0(x).relu() } ?? x
        let representation = dropout(features, pass)
        return Prediction(logits: classifier(representation), representation: representation)
    }
}
