/// Whether a term of the loss, or another regularizer, has changed anything in a training.
package struct TermEffect: Hashable, Codable, Sendable {
    /// The term's name in the recipe.
    package var term: String
    /// Whether it had a penalty with a gradient other than 0, or changed embeddings, targets, gradients or state.
    package var hasActed: Bool
    /// What was seen where it has not, as a sentence's end: "its gradient was exactly 0"; empty where it has.
    package var finding: String

    package init(term: String, hasActed: Bool, finding: String = "") {
        self.term = term
        self.hasActed = hasActed
        self.finding = finding
    }
}
