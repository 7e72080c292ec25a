/// A recipe with everything in its place that it extends and includes, after `--set` and with the values of its variables, before
/// anything of it is checked against the program's components.
package struct ResolvedRecipe: Sendable {
    /// The path under which it was opened.
    package let file: String
    let tree: YAMLNode

    /// As YAML, which reads as the same recipe from any folder.
    package var yaml: String { LibYAML.text(of: tree) }
}
