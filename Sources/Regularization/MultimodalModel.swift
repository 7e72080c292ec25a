import Networks
import Tensors

/// The name of one kind of input: `video`, `audio`, `accelerometer` …
///
/// Nothing in Regulus is tied to particular names or to a particular number of modalities. Names appear in recipes (`on: [video]`),
/// in parameter paths (`encoders.video.…`) and in logs (`mer.video.spectral`).
public struct Modality: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The name as it stands in a recipe.
    public let name: String

    public init(_ name: String) {
        self.name = name
    }

    public init(stringLiteral name: String) {
        self.init(name)
    }

    /// The pseudo-modality under which a term with `at: fused` sees the representation that the classifier reads.
    public static let fused = Modality("fused")

    public var description: String { name }

    public static func < (left: Modality, right: Modality) -> Bool {
        left.name < right.name
    }
}

/// A batch as a model reads it: for each modality one array `N×…`, which samples have the modality at all, and how long their sequences are.
///
/// What an array holds of samples that lack the modality, and beyond the end of a sequence, means nothing. A model need not care:
/// where its embeddings say nothing about missing samples, these are marked, and their rows set to 0, before anybody else sees them.
public struct Inputs: ExpressibleByDictionaryLiteral {
    private var arrays: [Modality: Tensor]
    private var presences: [Modality: Presence]

    /// - Parameters:
    ///   - arrays: one for each modality, in the layout that its encoder asks for.
    ///   - presences: what of them is there; a modality without an entry is whole.
    public init(_ arrays: [Modality: Tensor], presences: [Modality: Presence] = [:]) {
        self.arrays = arrays
        self.presences = presences.filter { !$0.value.isWhole }
    }

    public init(dictionaryLiteral elements: (Modality, Tensor)...) {
        self.init(Dictionary(elements) { first, _ in first })
    }

    /// The modalities, by name.
    public var modalities: [Modality] { arrays.keys.sorted() }

    /// The array of a modality. Setting it leaves what is known of missing samples and lengths.
    public subscript(modality: Modality) -> Tensor? {
        get { arrays[modality] }
        set { arrays[modality] = newValue }
    }

    /// What of a modality is there.
    public func presence(of modality: Modality) -> Presence { presences[modality] ?? .whole }

    /// Some of the samples, in the given order.
    public func gathering(rows: [Int]) -> Inputs {
        Inputs(arrays.mapValues { $0.gathering(rows: rows) }, presences: presences.mapValues { $0.gathering(rows: rows) })
    }
}

/// What a fusion model says about a batch.
public struct Prediction {
    /// One row of class scores per sample, `N×K`, before any softmax.
    public var logits: Tensor

    /// What the classifier reads, `N×F`, where the model has such a thing; terms with `at: fused` act on it.
    public var representation: Tensor?

    public init(logits: Tensor, representation: Tensor? = nil) {
        self.logits = logits
        self.representation = representation
    }
}

/// A model that encodes each modality by itself and then fuses the embeddings: all that Regulus asks of a model.
///
/// The split into `encode` and `fuse` is what lets a regularizer act: it may change the embeddings between the two, read them for a
/// penalty, or ask the model to fuse embeddings of its own making.
///
/// Parameter paths: an encoder's parameters are named `encoders.<modality>.…`, all others `fusion.…`.
public protocol MultimodalModel: Module {
    /// The modalities, in the order in which `encode` returns them.
    var modalities: [Modality] { get }

    /// Width `D` of each modality's pooled embedding.
    var embeddingWidths: [Modality: Int] { get }

    /// Width `F` of `Prediction.representation`, or nil where the model gives none.
    var representationWidth: Int? { get }

    /// Encodes a batch: for each modality an input `N×…`, in the layout that its encoder asks for.
    ///
    /// Samples that lack a modality are marked in its embeddings whether or not a model does so itself, see ``Inputs``.
    func encode(_ inputs: Inputs, pass: Pass) -> Embeddings

    /// Fuses embeddings of all modalities into class scores.
    func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction
}

extension MultimodalModel {
    public var representationWidth: Int? { nil }

    /// Encodes a batch of which nothing is missing.
    public func encode(_ inputs: [Modality: Tensor], pass: Pass) -> Embeddings { encode(Inputs(inputs), pass: pass) }

    /// The parameters of one modality's encoder, in order.
    public func encoderParameters(of modality: Modality) -> [Parameter] {
        let prefix = "encoders.\(modality.name)."
        return namedParameters.filter { $0.name.hasPrefix(prefix) }.map(\.parameter)
    }
}
