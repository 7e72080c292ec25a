/// Everything that is wrong with a recipe, at once, ordered by position.
package struct RecipeError: Error, Hashable, Sendable {
    /// At least one.
    package let diagnostics: [Diagnostic]

    /// Orders the faults, and drops those that say the same of the same place.
    package init(_ diagnostics: [Diagnostic]) {
        var seen: Set<Diagnostic> = []
        let distinct = diagnostics.filter { seen.insert($0).inserted }
        // Sorted by index as well, as the standard library's sort does not promise to be stable.
        self.diagnostics = distinct.enumerated()
            .sorted { ($0.element.location, $0.offset) < ($1.element.location, $1.offset) }
            .map(\.element)
    }
}

extension RecipeError: CustomStringConvertible {
    /// All faults, an empty line between two of them.
    package var description: String { diagnostics.map(\.description).joined(separator: "\n\n") }
}
