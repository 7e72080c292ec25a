/// What a term acts on: `at:` in a recipe.
public enum Place: String, CaseIterable, Sendable {
    /// The encoders' embeddings.
    case embedding
    /// Projections of the encoders' embeddings, by heads that the term owns.
    case projection
    /// The joint representation that the classifier reads, as the one modality `fused`.
    case fused
}

/// Which entries of each embedding a term sees: `part:` in a recipe.
///
/// SimMMDG (Dong et al., NeurIPS 2023) has the first half of each embedding hold what modalities share and the second what is specific
/// to each. Of an odd width the last entry belongs to neither half.
public enum EmbeddingPart: String, CaseIterable, Sendable {
    case whole
    /// The first half.
    case shared
    /// The second half.
    case specific

    /// The entries of an embedding of `width` that belong to the part.
    public func entries(of width: Int) -> Range<Int> {
        let half = width / 2
        return switch self {
        case .whole: 0..<width
        case .shared: 0..<half
        case .specific: half..<2 * half
        }
    }
}

/// Options of the heads that a term with `at: projection` owns, one head for each modality.
///
/// The defaults are those of the program released with the MER paper: `D → 2048 → 2048 → 128`, layer normalization and ReLU after
/// each hidden layer. Its SimMMDG runs use `normalization: batch` and `unit: true`.
public struct ProjectionOptions: Options, Hashable {
    /// What stands after a hidden linear map.
    public enum Normalization: String, CaseIterable, Sendable {
        case layer
        case batch
    }

    /// Widths of the hidden layers; none makes the head one linear map.
    public var hidden = [2048, 2048]

    /// Width of the projected embedding.
    public var width = 128

    /// What stands between a hidden linear map and its ReLU.
    public var normalization = Normalization.layer

    /// Whether each projected vector is divided by its length.
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
