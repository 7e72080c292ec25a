/// What a term acts on: `at:` in a recipe.
public enum Place: String, CaseIterable, Sendable {
    /// The encoders' embeddings.
    case embedding
    /// Projections of the encoders' embeddings, by heads that the term owns.
    case projection
    /// The joint representation that the classifier reads, as the one modality `fused`.
    case fused
}
