import Configuration

/// Paths among the options of components, such as a data set's `root` or an encoder's `weights`: relative to the folder of the file in
/// which they stand, those of a `--set` to the current folder.
struct PathOptions {
    /// Names of options, by the component's.
    private let names: [String: Set<String>]
    private let files: RecipeFiles

    init(_ catalogue: Catalogue, files: RecipeFiles) {
        let pairs = ComponentKind.allCases.flatMap { catalogue[$0] }.map { component in
            (component.name, Set(component.options.filter { [.path, .list(of: .path)].contains($0.kind) }.map(\.name)))
        }
        names = Dictionary(pairs.filter { !$0.1.isEmpty }) { $0.union($1) }
        self.files = files
    }

    /// The tree with paths that mean the same in whichever file they stand.
    func absolute(in tree: YAMLNode) -> YAMLNode {
        var result = absoluteBelow(tree)
        // Values that a sweep puts in place of such an option.
        guard case .map(var entries) = result.content else { return result }
        for index in entries.indices where ["sweep", "repeat"].contains(entries[index].key) {
            guard case .map(var axes) = entries[index].value.content else { continue }
            for axis in axes.indices {
                guard let path = try? NodePath(axes[axis].key, at: axes[axis].keyLocation), isPath(path, in: tree) else { continue }
                axes[axis].value = absolute(axes[axis].value)
            }
            entries[index].value.content = .map(axes)
        }
        result.content = .map(entries)
        return result
    }

    private func isPath(_ path: NodePath, in tree: YAMLNode) -> Bool {
        guard let option = path.components.last, let component = tree.value(at: path.components.dropLast()) else { return false }
        let name = component["use"]?.nameText ?? component.nameText
        return name.flatMap { names[$0] }?.contains(option.name) ?? false
    }

    private func absoluteBelow(_ node: YAMLNode) -> YAMLNode {
        switch node.content {
        case .scalar:
            return node
        case .list(let items):
            return YAMLNode(.list(items.map(absoluteBelow)), at: node.location)
        case .map(let entries):
            let own = node["use"]?.nameText
            let entries = entries.map { entry in
                var entry = entry
                if let own, names[own]?.contains(entry.key) == true {
                    entry.value = absolute(entry.value)
                } else {
                    entry.value = absoluteBelow(entry.value)
                    // `- name: {option: value}`
                    if node.isShortForm { entry.value = absolute(optionsOf: entry.key, in: entry.value) }
                }
                return entry
            }
            return YAMLNode(.map(entries), at: node.location)
        }
    }

    private func absolute(optionsOf component: String, in section: YAMLNode) -> YAMLNode {
        guard let paths = names[component], let entries = section.entries else { return section }
        let resolved = entries.map { entry in
            var entry = entry
            if paths.contains(entry.key) { entry.value = absolute(entry.value) }
            return entry
        }
        return YAMLNode(.map(resolved), at: section.location)
    }

    /// A path, or a list of such. What is not text, or still waits for a variable, stays as it is.
    private func absolute(_ node: YAMLNode) -> YAMLNode {
        if let items = node.items { return YAMLNode(.list(items.map { absolute($0) }), at: node.location) }
        guard let path = node.nameText, node.scalar?.value.isText == true, !path.contains("${") else { return node }
        let resolved = files.absolute(RecipeFiles.resolve(path, in: node.location.file ?? ""))
        return YAMLNode(.scalar(YAMLScalar(quoted: resolved)), at: node.location)
    }
}

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
