import Networks
import Tensors

/// The name of one kind of input: `video`, `audio`, `accelerometer` …
///
/// Nothing in Regulus depends on particular names or on a particular number of modalities. Names appear
/// in recipes (`on: [video]`), in parameter paths (`encoders.video.…`) and in logs
/// (`mer.video.spectral`). Modalities compare by name.
public struct Modality: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The name as it stands in a recipe.
    public let name: String

    /// The modality of a name, written as in the recipe.
    public init(_ name: String) {
        self.name = name
    }

    public init(stringLiteral name: String) {
        self.init(name)
    }

    /// The pseudo-modality under which a term with `at: fused` sees the representation that the
    /// classifier reads.
    public static let fused = Modality("fused")

    public var description: String { name }

    public static func < (left: Modality, right: Modality) -> Bool {
        left.name < right.name
    }
}

/// A batch as a model reads it: for each modality one array `N×…`, which samples have the modality at
/// all, and how long their sequences are.
///
/// What an array holds for samples that lack the modality, and beyond the end of a sequence, has no
/// meaning. A model need not care about missing samples: whatever embeddings it makes of them, they are
/// marked as missing and set to 0 before anybody else sees them.
public struct Inputs: ExpressibleByDictionaryLiteral {
    private var arrays: [Modality: Tensor]
    private var presences: [Modality: Presence]

    /// - Parameters:
    ///   - arrays: one for each modality, in the layout that its encoder asks for.
    ///   - presences: which samples and places are real; a modality without an entry is complete.
    public init(_ arrays: [Modality: Tensor], presences: [Modality: Presence] = [:]) {
        self.arrays = arrays
        self.presences = presences.filter { !$0.value.isWhole }
    }

    public init(dictionaryLiteral elements: (Modality, Tensor)...) {
        self.init(Dictionary(elements) { first, _ in first })
    }

    /// The modalities, by name.
    public var modalities: [Modality] { arrays.keys.sorted() }

    /// The array of a modality; nil where there is none. Setting it does not change which samples and
    /// places count as present.
    public subscript(modality: Modality) -> Tensor? {
        get { arrays[modality] }
        set { arrays[modality] = newValue }
    }

    /// Which samples and places of a modality are real.
    public func presence(of modality: Modality) -> Presence { presences[modality] ?? .whole }

    /// The inputs of some samples, in the given order; a sample may be repeated.
    public func gathering(rows: [Int]) -> Inputs {
        Inputs(arrays.mapValues { $0.gathering(rows: rows) }, presences: presences.mapValues { $0.gathering(rows: rows) })
    }
}

/// What a model predicts for a batch.
public struct Prediction {
    /// One row per sample, `N×K` class or label scores before any softmax or sigmoid, or `N×V` values
    /// of a regression.
    public var logits: Tensor

    /// The vector that the classifier reads, `N×F`, where the model has one; terms with `at: fused` act
    /// on it.
    public var representation: Tensor?

    /// - Parameters:
    ///   - logits: `N×K` or `N×V`.
    ///   - representation: `N×F`; nil where the model has no single joint vector.
    public init(logits: Tensor, representation: Tensor? = nil) {
        self.logits = logits
        self.representation = representation
    }
}

/// A model that encodes each modality by itself and then fuses the embeddings: all that Regulus asks of
/// a model.
///
/// The split into `encode` and `fuse` is what lets a regularizer act: it may change the embeddings
/// between the two, read them for a penalty, or ask the model to fuse embeddings of its own making.
///
/// Parameter paths: the parameters of an encoder are named `encoders.<modality>.…`, all others
/// `fusion.…`.
public protocol MultimodalModel: Module {
    /// The modalities, in the order in which `encode` returns them.
    var modalities: [Modality] { get }

    /// The width `D` of each modality's pooled embedding. Widths may differ between modalities.
    var embeddingWidths: [Modality: Int] { get }

    /// The width `F` of ``Prediction/representation``; nil where the model gives none, which is the
    /// default.
    var representationWidth: Int? { get }

    /// Encodes a batch into one embedding per modality.
    ///
    /// - Parameters:
    ///   - inputs: for each modality an array `N×…`, in the layout that its encoder asks for.
    ///   - pass: whether this is training, and where random numbers come from.
    /// - Returns: embeddings of exactly ``modalities``, in that order. Samples that lack a modality are
    ///   marked afterwards, whether or not a model does so itself; see ``Inputs``.
    func encode(_ inputs: Inputs, pass: Pass) -> Embeddings

    /// Encodes some of the modalities of a batch: the same embeddings that ``encode(_:pass:)`` gives them.
    ///
    /// By default all are encoded and the others left away. A model whose encoders can run one by one saves the time of the others where only
    /// one modality's inputs have changed.
    ///
    /// - Parameters:
    ///   - inputs: as for ``encode(_:pass:)``, of all modalities.
    ///   - modalities: some of ``modalities``.
    ///   - pass: as for ``encode(_:pass:)``.
    /// - Returns: the embeddings of `modalities`, in the model's order.
    func encode(_ inputs: Inputs, only modalities: Set<Modality>, pass: Pass) -> Embeddings

    /// Fuses embeddings of all modalities into a prediction.
    ///
    /// It is called more than once in a step where a regularizer fuses embeddings of its own making.
    func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction
}

extension MultimodalModel {
    public var representationWidth: Int? { nil }

    public func encode(_ inputs: Inputs, only modalities: Set<Modality>, pass: Pass) -> Embeddings {
        let all = encode(inputs, pass: pass)
        return modalities.count < all.count ? all.selecting(self.modalities.filter(modalities.contains)) : all
    }

    /// Encodes a batch of which nothing is missing.
    public func encode(_ inputs: [Modality: Tensor], pass: Pass) -> Embeddings { encode(Inputs(inputs), pass: pass) }

    /// The parameters of one modality's encoder, in order: those whose path begins with
    /// `encoders.<modality>.`.
    public func encoderParameters(of modality: Modality) -> [Parameter] {
        let prefix = "encoders.\(modality.name)."
        return namedParameters.filter { $0.name.hasPrefix(prefix) }.map(\.parameter)
    }
}
