import Configuration
import Networks
import Regularization
import Tensors

/// A whole model that a recipe can name: `model: {use: <name>, …}` in place of encoders and a fusion.
///
/// It encodes and fuses as it likes; regularizers see no more of it than `MultimodalModel` says.
public protocol ModelPlugin: MultimodalModel, SendableMetatype {
    /// What a recipe can set.
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, source and options.
    static var description: ComponentDescription { get }

    /// Whether it reads the lengths of its inputs and leaves padding out; one that does not is refused for sequences of different lengths.
    /// False unless said otherwise.
    static var leavesOutPadding: Bool { get }

    /// Makes a model.
    ///
    /// - Throws: `OptionFault` where options contradict each other or do not fit the data.
    init(options: Options, context: ModelContext) throws(OptionFault)
}

extension ModelPlugin {
    public static var leavesOutPadding: Bool { false }
}

/// What a whole model is told about the data when it is made.
public struct ModelContext: Sendable {
    /// The modalities that it is to read, in the data set's order.
    public let modalities: [Modality]
    /// The shape of one sample of each, without the batch's axis: `L×C` for a series, `H×W×C` for an image, `F` for features.
    public let sampleShapes: [Modality: Shape]
    /// Those whose samples are sequences of different lengths, padded at their ends.
    public let padded: [Modality]
    /// Number of classes `K`.
    public let classes: Int
    /// Where initial values come from.
    public let initializer: Initializer

    /// - Precondition: one modality or more, one class or more.
    public init(samples: [(modality: Modality, shape: Shape)], padded: [Modality] = [], classes: Int, from initializer: Initializer) {
        require(!samples.isEmpty, "ModelContext: a model needs at least one modality")
        require(classes > 0, "ModelContext: \(classes) classes; there must be at least one")
        modalities = samples.map(\.modality)
        sampleShapes = Dictionary(samples.map { ($0.modality, $0.shape) }) { first, _ in first }
        self.padded = padded
        self.classes = classes
        self.initializer = initializer
    }
}

/// The whole models that a recipe may name. Regulus itself brings none: its models are made of encoders and a fusion.
public typealias ModelRegistry = ComponentRegistry<ModelContext, any ModelPlugin, OptionFault>

extension ModelRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .models) }

    /// Adds a model under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<M: ModelPlugin>(_ type: M.Type) throws(DuplicateComponent) {
        try register(M.description) { (options, context) throws(OptionFault) in
            if let padded = context.padded.first, !M.leavesOutPadding {
                throw OptionFault(
                    option: nil, expected: "a model that leaves padding out, as sequences of \(padded) differ in length", found: M.description.name)
            }
            return try M(options: .decoding(options), context: context)
        }
    }
}
