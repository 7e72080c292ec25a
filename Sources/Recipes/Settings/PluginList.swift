/// `plugins:`, shared libraries that register components before a recipe is checked.
enum PluginList {
    static let key = "plugins"

    /// The paths in a tree, each relative to the folder of the file in which it stands; those of a `--set` to the current folder.
    static func paths(in tree: YAMLNode, faults: FaultCollector) -> [LocatedPath] {
        guard let section = SectionReader(tree, name: "the recipe", at: tree.location, faults: faults) else { return [] }
        return (section.names(key, of: "shared libraries") ?? []).map { path, location in
            LocatedPath(path: RecipeFiles.resolve(path, in: location.file ?? ""), location: location)
        }
    }

    /// The tree with paths that mean the same in whichever file they stand.
    static func absolute(in tree: YAMLNode, files: RecipeFiles) -> YAMLNode {
        guard let list = tree[key], case .map(var entries) = tree.content,
            let index = entries.firstIndex(where: { $0.key == key })
        else { return tree }
        func absolute(_ node: YAMLNode) -> YAMLNode {
            guard let path = node.nameText else { return node }
            let resolved = files.absolute(RecipeFiles.resolve(path, in: node.location.file ?? ""))
            return YAMLNode(.scalar(YAMLScalar(quoted: resolved)), at: node.location)
        }
        entries[index].value = list.items.map { YAMLNode(.list($0.map(absolute)), at: list.location) } ?? absolute(list)
        return YAMLNode(.map(entries), at: tree.location)
    }
}
