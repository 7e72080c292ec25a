import Networks
import Tensors

/// The embeddings of one batch, one for each modality, in the model's order.
public struct Embeddings: RandomAccessCollection, ExpressibleByDictionaryLiteral {
    public typealias Element = (modality: Modality, embedding: Embedding)

    private var pairs: [Element]

    public init(_ pairs: [Element]) {
        self.pairs = pairs
    }

    public init(dictionaryLiteral elements: (Modality, Embedding)...) {
        self.init(elements.map { (modality: $0.0, embedding: $0.1) })
    }

    public var startIndex: Int { pairs.startIndex }
    public var endIndex: Int { pairs.endIndex }
    public subscript(position: Int) -> Element { pairs[position] }

    /// The modalities, in order.
    public var modalities: [Modality] { pairs.map(\.modality) }

    /// Number of samples `N`; 0 without modalities.
    public var batchSize: Int { pairs.first?.embedding.pooled.shape.dimensions.first ?? 0 }

    /// The embedding of a modality. Assigning replaces it in place, or appends it where it is new.
    public subscript(modality: Modality) -> Embedding? {
        get { pairs.first { $0.modality == modality }?.embedding }
        set {
            guard let newValue else {
                pairs.removeAll { $0.modality == modality }
                return
            }
            var changed = pairs
            if let index = changed.firstIndex(where: { $0.modality == modality }) {
                changed[index].embedding = newValue
            } else {
                changed.append((modality, newValue))
            }
            self = Embeddings(changed)
        }
    }

    /// The same embeddings with each one changed by `transform`.
    public func mapEmbeddings(_ transform: (Modality, Embedding) -> Embedding) -> Embeddings {
        Embeddings(pairs.map { ($0.modality, transform($0.modality, $0.embedding)) })
    }

    /// The same embeddings with each pooled vector changed by `transform`; tokens stay as they are.
    public func mapPooled(_ transform: (Modality, Tensor) -> Tensor) -> Embeddings {
        mapEmbeddings { Embedding(pooled: transform($0, $1.pooled), tokens: $1.tokens, presence: $1.presence) }
    }

    /// What of each modality is there; a modality without an entry is whole.
    public var presences: [Modality: Presence] {
        Dictionary(pairs.filter { !$0.embedding.presence.isWhole }.map { ($0.modality, $0.embedding.presence) }) { first, _ in first }
    }

    /// The samples that have all of these modalities, in order; nil where every sample has.
    public var completeRows: [Int]? {
        guard pairs.contains(where: { $0.embedding.presence.samples != nil }) else { return nil }
        return (0..<batchSize).filter { row in pairs.allSatisfy { $0.embedding.presence.contains(row) } }
    }

    /// The samples that have all of these modalities alone: what can be compared between modalities. For two of them say
    /// `embeddings.selecting([a, b]).complete`.
    public var complete: Embeddings { completeRows.map { gathering(rows: $0) } ?? self }

    /// Every pair of modalities, in order, each with the samples that have both.
    public var completePairs: [Embeddings] {
        modalities.enumerated().flatMap { index, first in
            modalities[(index + 1)...].map { selecting([first, $0]).complete }
        }
    }

    /// The embeddings of some samples, in the given order and possibly repeatedly.
    public func gathering(rows: [Int]) -> Embeddings { mapEmbeddings { $1.gathering(rows: rows) } }

    /// Only the named modalities, in this value's order; names that it lacks are ignored.
    public func selecting(_ modalities: [Modality]) -> Embeddings {
        Embeddings(pairs.filter { modalities.contains($0.modality) })
    }

    /// These embeddings with those of `others` in place of the ones of the same modality.
    public func replacing(with others: Embeddings) -> Embeddings {
        mapEmbeddings { others[$0] ?? $1 }
    }
}
