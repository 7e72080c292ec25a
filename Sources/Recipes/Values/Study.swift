import Configuration

/// A recipe file, read: one recipe for every combination of what it sweeps and repeats.
package struct Study: Sendable {
    /// The recipe under one combination of settings.
    package struct Variant: Sendable {
        /// What `sweep:` sets, by path; shown separately in the report.
        package let settings: [(path: String, value: OptionValue)]
        /// What `repeat:` sets, by path; averaged over, like seeds.
        package let repetition: [(path: String, value: OptionValue)]
        package let recipe: Recipe
    }

    package let name: String
    /// The path under which the recipe was opened.
    package let file: String
    /// The comment that the file begins with, without its signs; nil where there is none.
    package let about: String?
    /// By sweep, then by repetition, the last path changing fastest; at least one.
    package let variants: [Variant]
    /// The recipe after `--set` with everything that it extends and includes and the values of its variables, as YAML; reading it, from
    /// whichever folder, gives the same study.
    package let resolvedYAML: String
}
