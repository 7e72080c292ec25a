import Tensors

/// What of one modality's batch is really there: which samples have the modality, and how many places of each sample's sequence are real.
///
/// The array beside it has room for everything, as arrays must: rows of samples that lack the modality, and places after the end of a
/// shorter sequence. What stands there means nothing, and nothing may depend on it.
public struct Presence: Hashable, Sendable {
    /// Everything is there.
    public static let whole = Presence()

    /// Whether each of the `N` samples has the modality; nil where all have.
    public let samples: [Bool]?

    /// How many places of each sample's sequence are real, counted from its first one: `N` numbers, 0 for a sample that lacks the modality;
    /// nil where nothing is padded, or where there are no sequences.
    public let lengths: [Int]?

    /// - Parameters:
    ///   - samples: whether each sample has the modality; nil for all.
    ///   - lengths: the real places of each sample's sequence; nil for all. A sample of length 0 lacks the modality.
    /// - Precondition: as many lengths as samples where both are given; no length below 0.
    public init(samples: [Bool]? = nil, lengths: [Int]? = nil) {
        require(
            samples == nil || lengths == nil || samples?.count == lengths?.count,
            "Presence: \(samples?.count ?? 0) samples, but \(lengths?.count ?? 0) lengths")
        require(lengths?.allSatisfy { $0 >= 0 } ?? true, "Presence: a length is negative")
        let there = lengths.map { lengths in lengths.indices.map { lengths[$0] > 0 && samples?[$0] ?? true } } ?? samples
        self.samples = there?.contains(false) == true ? there : nil
        self.lengths = lengths.map { lengths in lengths.indices.map { there?[$0] ?? true ? lengths[$0] : 0 } }
    }

    /// Whether nothing is missing and nothing may be padded.
    public var isWhole: Bool { samples == nil && lengths == nil }

    /// The samples that have the modality, in order; nil where all have.
    public var rows: [Int]? { samples.map { samples in samples.indices.filter { samples[$0] } } }

    /// Whether a sample has the modality.
    public func contains(_ sample: Int) -> Bool { samples?[sample] ?? true }

    /// The same for some samples, in the given order.
    public func gathering(rows: [Int]) -> Presence {
        Presence(samples: samples.map { samples in rows.map { samples[$0] } }, lengths: lengths.map { lengths in rows.map { lengths[$0] } })
    }

    /// The same samples with sequences of other lengths, such as those that a convolution leaves.
    public func replacing(lengths: [Int]?) -> Presence { Presence(samples: samples, lengths: lengths) }

    /// The real places of sequences that are stored with `places` places each: `N` numbers.
    public func lengths(of count: Int, places: Int) -> [Int] {
        lengths ?? (0..<count).map { contains($0) ? places : 0 }
    }

    /// Without the samples that `other` lacks.
    public func intersection(_ other: Presence) -> Presence {
        guard let theirs = other.samples else { return self }
        return Presence(samples: samples.map { zip($0, theirs).map { $0 && $1 } } ?? theirs, lengths: lengths)
    }
}
