import Networks
import Tensors

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
