/// What a term acts on: `at:` in a recipe.
///
/// The wrapper around every regularizer takes care of it: whatever the place, the regularizer itself is
/// handed ``Embeddings`` and never learns which ones they are. A gradient of a penalty at a projection
/// or at the fused representation flows on into the encoders.
public enum Place: String, CaseIterable, Sendable {
    /// The encoders' embeddings, one per modality, `N×D` each. This is the default.
    case embedding
    /// Projections of the encoders' embeddings, by one trained head per modality that the term owns;
    /// see ``ProjectionOptions``.
    case projection
    /// The joint representation that the classifier reads, as a single modality named `fused`. The
    /// fusion has to have one.
    case fused
}

/// Which entries of each embedding a term sees: `part:` in a recipe.
///
/// SimMMDG (Dong et al., NeurIPS 2023) lets the first half of each embedding hold what the modalities
/// share and the second half what is specific to each. With an odd width the last entry belongs to
/// neither half.
public enum EmbeddingPart: String, CaseIterable, Sendable {
    /// All entries. This is the default.
    case whole
    /// The first half, rounded down.
    case shared
    /// The second half, of the same size as the first.
    case specific

    /// The positions within an embedding of `width` entries that belong to this part.
    public func entries(of width: Int) -> Range<Int> {
        let half = width / 2
        return switch self {
        case .whole: 0..<width
        case .shared: 0..<half
        case .specific: half..<2 * half
        }
    }
}

/// Options of the projection heads that a term with `at: projection` owns, one head for each modality.
///
/// The defaults are those of the program released with the MER paper: `D → 2048 → 2048 → 128`, with
/// layer normalization and ReLU after each hidden layer. Its SimMMDG runs use `normalization: batch`
/// and `unit: true`.
public struct ProjectionOptions: Options, Hashable {
    /// The normalization between a hidden linear map and its ReLU.
    public enum Normalization: String, CaseIterable, Sendable {
        /// Each sample over its features; the same in training and evaluation.
        case layer
        /// Each feature over the samples; running statistics in evaluation.
        case batch
    }

    /// Widths of the hidden layers. An empty list makes the head a single linear map.
    public var hidden = [2048, 2048]

    /// Width of the projected embedding: the term sees `N×width`.
    public var width = 128

    /// What stands between a hidden linear map and its ReLU.
    public var normalization = Normalization.layer

    /// Whether each projected vector is divided by its Euclidean length.
    public var unit = false

    public init() {}

    public static var fields: [OptionField<ProjectionOptions>] {
        [
            .integers("hidden", \.hidden, in: 1...65_536, unit: "features", "widths of the hidden layers"),
            .integer("width", \.width, in: 1...65_536, unit: "features", "width of the projected embedding"),
            .choice("normalization", \.normalization, "normalization of the hidden layers"),
            .flag("unit", \.unit, "whether each projected vector is brought to length 1"),
        ]
    }
}
