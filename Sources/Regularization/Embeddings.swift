import Configuration
import Networks
import Tensors

/// The embeddings of one batch: one ``Embedding`` for each modality, in the model's order.
///
/// It is a collection of pairs of modality and embedding, and embeddings are also found by name:
///
/// ```swift
/// for (modality, embedding) in embeddings { … }
/// let z = embeddings["audio"]?.pooled
/// ```
public struct Embeddings: RandomAccessCollection, ExpressibleByDictionaryLiteral {
    /// A modality with what its encoder made.
    public typealias Element = (modality: Modality, embedding: Embedding)

    private var pairs: [Element]

    /// Embeddings in the order of the pairs.
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

    /// The number of samples `N`; 0 where there is no modality.
    public var batchSize: Int { pairs.first?.embedding.pooled.shape.dimensions.first ?? 0 }

    /// The embedding of a modality; nil where there is none. Assigning replaces it in its place, or
    /// appends it where the modality is new; assigning nil removes it.
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

    /// The same modalities, each embedding replaced by what `transform` returns for it.
    public func mapEmbeddings(_ transform: (Modality, Embedding) -> Embedding) -> Embeddings {
        Embeddings(pairs.map { ($0.modality, transform($0.modality, $0.embedding)) })
    }

    /// The same embeddings with each pooled vector `N×D` replaced by what `transform` returns; tokens
    /// stay as they are.
    public func mapPooled(_ transform: (Modality, Tensor) -> Tensor) -> Embeddings {
        mapEmbeddings { Embedding(pooled: transform($0, $1.pooled), tokens: $1.tokens, presence: $1.presence) }
    }

    /// Which samples and tokens of each modality are real; a modality without an entry is complete.
    public var presences: [Modality: Presence] {
        Dictionary(pairs.filter { !$0.embedding.presence.isWhole }.map { ($0.modality, $0.embedding.presence) }) { first, _ in first }
    }

    /// The samples that have all of these modalities, in order; nil where every sample has all of them.
    public var completeRows: [Int]? {
        guard pairs.contains(where: { $0.embedding.presence.samples != nil }) else { return nil }
        return (0..<batchSize).filter { row in pairs.allSatisfy { $0.embedding.presence.contains(row) } }
    }

    /// Only those samples that have all of these modalities: what can be compared between modalities.
    /// For two modalities write `embeddings.selecting([a, b]).complete`.
    public var complete: Embeddings { completeRows.map { gathering(rows: $0) } ?? self }

    /// Every pair of modalities, in order, each with only those samples that have both. `M` modalities
    /// give `M(M − 1)/2` pairs.
    public var completePairs: [Embeddings] {
        modalities.enumerated().flatMap { index, first in
            modalities[(index + 1)...].map { selecting([first, $0]).complete }
        }
    }

    /// The embeddings of some samples, in the given order; a sample may be repeated.
    public func gathering(rows: [Int]) -> Embeddings { mapEmbeddings { $1.gathering(rows: rows) } }

    /// Only the named modalities, in this value's order; names that it lacks are ignored.
    public func selecting(_ modalities: [Modality]) -> Embeddings {
        Embeddings(pairs.filter { modalities.contains($0.modality) })
    }

    /// These embeddings, with those of `others` where it has the same modality. Modalities that only
    /// `others` has are left out.
    public func replacing(with others: Embeddings) -> Embeddings {
        mapEmbeddings { others[$0] ?? $1 }
    }
}

/// What an encoder makes of one modality of a batch: a pooled vector per sample, the tokens where the
/// encoder has any, and which of both are real.
///
/// Every sample has a row, also one that lacks the modality; its row is 0 and marked in ``presence``.
/// Whoever needs none of this reads ``pooled`` alone, and ``present`` leaves missing samples out.
public struct Embedding {
    /// One vector per sample, `N×D`; 0 for a sample that lacks the modality.
    public var pooled: Tensor

    /// The sequence that the vector was pooled from, `N×T×D`, where the encoder has one; 0 at places
    /// that ``presence`` does not count.
    public var tokens: Tensor?

    /// Which samples have the modality, and how many of the `T` tokens of each are real. By default all
    /// of them.
    public var presence: Presence

    /// Nothing is checked here: shapes are checked where an encoder or a regularizer returns
    /// embeddings, so that a wrong shape is reported as a failure of whoever made it.
    public init(pooled: Tensor, tokens: Tensor? = nil, presence: Presence = .whole) {
        self.pooled = pooled
        self.tokens = tokens
        self.presence = presence
    }

    /// The width `D` of the pooled vector.
    public var width: Int { pooled.shape.dimensions.last ?? 0 }

    /// The same embedding with every array replaced by what `transform` returns.
    ///
    /// - Parameter transform: is given the pooled vectors `N×D`, then the tokens `N×T×D` where there
    ///   are any, and whether it holds the tokens.
    public func map(_ transform: (_ array: Tensor, _ isTokens: Bool) -> Tensor) -> Embedding {
        Embedding(pooled: transform(pooled, false), tokens: tokens.map { transform($0, true) }, presence: presence)
    }
}

// What is really there.
extension Embedding {
    /// The samples that have the modality, in order.
    public var rows: [Int] { presence.rows ?? Array(0..<(pooled.shape.dimensions.first ?? 0)) }

    /// The pooled vectors of the samples that have the modality, `P×D` with `P ≤ N`: what means,
    /// covariances and norms should be taken over.
    public var present: Tensor { presence.rows.map { pooled.gathering(rows: $0) } ?? pooled }

    /// The embedding of some samples, in the given order; a sample may be repeated.
    public func gathering(rows: [Int]) -> Embedding {
        Embedding(
            pooled: pooled.gathering(rows: rows), tokens: tokens?.gathering(rows: rows), presence: presence.gathering(rows: rows))
    }

    /// The same embedding with everything that is real changed and the rest left at 0.
    ///
    /// - Parameter change: is given the pooled vectors of the samples that have the modality, `P×D`,
    ///   and then the real tokens of all samples, `R×D`, and returns as many rows of the same width.
    ///   Nothing that it draws or measures can depend on what is missing.
    public func mapPresent(_ change: (_ rows: Tensor, _ isTokens: Bool) -> Tensor) -> Embedding {
        guard !presence.isWhole else {
            return map { array, isTokens in
                isTokens ? change(array.reshaped([array.shape[0] * array.shape[1], array.shape[2]]), true).reshaped(array.shape) : change(array, false)
            }
        }
        let count = pooled.shape[0]
        return map { array, isTokens in
            guard isTokens else {
                guard presence.rows?.isEmpty != true else { return array }
                let changed = change(present, false)
                return presence.rows.map { changed.spread(Self.places(of: $0, among: count)) } ?? changed
            }
            let lengths = tokenLengths(of: array)
            guard lengths.contains(where: { $0 > 0 }) else { return array }
            return change(array.packed(lengths: lengths), true).unpacked(lengths: lengths, places: array.shape[1])
        }
    }

    /// The same embedding with 0 in place of everything that is missing.
    public func cleared() -> Embedding { clearing(.whole) }

    /// The same embedding without the samples that `absent` lacks, and with 0 in place of everything
    /// that is missing: it can no longer be read and gets no gradient.
    package func clearing(_ absent: Presence) -> Embedding {
        let presence = presence.intersection(absent)
        guard !presence.isWhole else { return self }
        let rows = presence.samples.map { samples in samples.indices.map { samples[$0] ? $0 : nil } }
        return Embedding(
            pooled: rows.map { pooled.spread($0) } ?? pooled,
            tokens: tokens.map { $0.clearingPadding(lengths: presence.lengths(of: $0.shape[0], places: $0.shape[1])) }, presence: presence)
    }

    /// The inverse of ``gathering(rows:)``: an embedding of samples `rows` put into a batch of `count`,
    /// in which all other samples lack the modality.
    public func spread(to rows: [Int], of count: Int) -> Embedding {
        let places = Self.places(of: rows, among: count)
        let samples = places.map { $0.map(presence.contains) ?? false }
        let lengths = presence.lengths.map { lengths in places.map { $0.map { lengths[$0] } ?? 0 } }
        return Embedding(
            pooled: pooled.spread(places), tokens: tokens?.spread(places), presence: Presence(samples: samples, lengths: lengths))
    }

    /// This embedding with the rows of another one, which has only these samples, in their places.
    func replacing(rows: [Int], with other: Embedding) -> Embedding {
        func joined(_ mine: Tensor, _ theirs: Tensor) -> Tensor {
            let own = mine.shape[0]
            var sources = Array(0..<own)
            for (place, row) in rows.enumerated() { sources[row] = own + place }
            return Tensor.concatenated([mine, theirs], axis: 0).gathering(rows: sources)
        }
        var samples = (0..<pooled.shape[0]).map(presence.contains)
        for (place, row) in rows.enumerated() { samples[row] = other.presence.contains(place) }
        let tokens: Tensor? = if let mine = tokens, let theirs = other.tokens { joined(mine, theirs) } else { tokens }
        return Embedding(
            pooled: joined(pooled, other.pooled), tokens: tokens, presence: Presence(samples: samples, lengths: presence.lengths))
    }

    /// Whether some of the tokens are padding.
    var hasPaddedTokens: Bool {
        guard let tokens, let lengths = presence.lengths else { return false }
        return presence.rows.map { $0.contains { lengths[$0] < tokens.shape[1] } } ?? lengths.contains { $0 < tokens.shape[1] }
    }

    /// The number of real tokens of each sample, `N` numbers.
    public func tokenLengths(of tokens: Tensor) -> [Int] { presence.lengths(of: tokens.shape[0], places: tokens.shape[1]) }

    /// For each of `count` samples its place in `rows`; nil for those that are not among them.
    private static func places(of rows: [Int], among count: Int) -> [Int?] {
        var places = [Int?](repeating: nil, count: count)
        for (place, row) in rows.enumerated() { places[row] = place }
        return places
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
        return Embedding(pooled: joined(pooled, other.pooled), tokens: tokens, presence: other.presence)
    }
}
