import Configuration
import Tensors

/// What one encoder makes of a batch.
public struct Embedding {
    /// One vector per sample, `N×D`.
    public var pooled: Tensor

    /// The sequence that the vector was pooled from, `N×T×D`, where the encoder has one.
    public var tokens: Tensor?

    /// Shapes are checked where an encoder or a regularizer hands embeddings on, so that a wrong one is a failure of whoever made it.
    public init(pooled: Tensor, tokens: Tensor? = nil) {
        self.pooled = pooled
        self.tokens = tokens
    }

    /// Width `D` of the pooled vector.
    public var width: Int { pooled.shape.dimensions.last ?? 0 }

    /// The same embedding with every array changed by `transform`, which is told whether it holds the tokens.
    public func map(_ transform: (_ array: Tensor, _ isTokens: Bool) -> Tensor) -> Embedding {
        Embedding(pooled: transform(pooled, false), tokens: tokens.map { transform($0, true) })
    }
}

extension Embedding {
    /// The entries of a part alone.
    package func selecting(_ part: EmbeddingPart) -> Embedding {
        guard part != .whole else { return self }
        let entries = part.entries(of: width)
        return map { array, _ in array.slice(axis: array.rank - 1, entries) }
    }

    /// This embedding with the entries of a part replaced.
    package func replacing(_ part: EmbeddingPart, with other: Embedding) -> Embedding {
        guard part != .whole else { return other }
        let entries = part.entries(of: width)
        func joined(_ whole: Tensor, _ changed: Tensor) -> Tensor {
            let axis = whole.rank - 1
            let pieces = [whole.slice(axis: axis, 0..<entries.lowerBound), changed, whole.slice(axis: axis, entries.upperBound..<width)]
            return Tensor.concatenated(pieces.filter { $0.shape[axis] > 0 }, axis: axis)
        }
        let tokens: Tensor? = if let mine = self.tokens, let theirs = other.tokens { joined(mine, theirs) } else { other.tokens }
        return Embedding(pooled: joined(pooled, other.pooled), tokens: tokens)
    }
}

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
        mapEmbeddings { Embedding(pooled: transform($0, $1.pooled), tokens: $1.tokens) }
    }

    /// Only the named modalities, in this value's order; names that it lacks are ignored.
    public func selecting(_ modalities: [Modality]) -> Embeddings {
        Embeddings(pairs.filter { modalities.contains($0.modality) })
    }

    /// These embeddings with those of `others` in place of the ones of the same modality.
    public func replacing(with others: Embeddings) -> Embeddings {
        mapEmbeddings { others[$0] ?? $1 }
    }
}
