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
