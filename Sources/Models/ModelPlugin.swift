import Configuration
import Networks
import Regularization
import Tensors

/// A whole model that recipes can name: `model: {use: <name>, …}` in place of encoders and a fusion.
///
/// It encodes and fuses as it likes; regularizers see no more of it than `MultimodalModel` says.
public protocol ModelPlugin: MultimodalModel, SendableMetatype {
    /// The options that a recipe can set.
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, source and options.
    static var description: ComponentDescription { get }

    /// Whether the model reads the lengths of its inputs and leaves padding out; one that does not is
    /// refused for sequences of different lengths. False by default.
    static var leavesOutPadding: Bool { get }

    /// Makes a model.
    ///
    /// - Parameters:
    ///   - options: already checked one by one against their fields.
    ///   - context: modalities, shapes and the width of the prediction.
    /// - Throws: `OptionFault` where options contradict each other or do not fit the data.
    init(options: Options, context: ModelContext) throws(OptionFault)
}

/// The defaults of a model that never meets padding.
extension ModelPlugin {
    public static var leavesOutPadding: Bool { false }
}

/// What a whole model is told about the data when it is made.
public struct ModelContext: Sendable {
    /// The modalities that it has to read, in the data set's order.
    public let modalities: [Modality]
    /// The shape of one sample of each, without the batch's axis: `L×C` for a series, `H×W×C` for an
    /// image, `F` for features.
    public let sampleShapes: [Modality: Shape]
    /// The modalities whose samples are sequences of different lengths, padded at their ends.
    public let padded: [Modality]
    /// The width K of the prediction: classes, labels or values.
    public let classes: Int
    /// Where initial values come from.
    public let initializer: Initializer

    /// - Parameters:
    ///   - samples: each modality with the shape of one sample.
    ///   - padded: the modalities of sequences of different lengths.
    ///   - classes: the width K of the prediction.
    ///   - initializer: where initial values come from.
    /// - Precondition: at least one modality and one class.
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

/// The whole models that a recipe may name. Regulus itself brings none: its models are made of encoders
/// and a fusion.
public typealias ModelRegistry = ComponentRegistry<ModelContext, any ModelPlugin, OptionFault>

/// Filling the registry.
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
