import Configuration

/// Values that a recipe names once and uses in several places:
///
/// ```yaml
/// variables: {lambda: 3, sensors: [gyroscope]}
/// rows:
///   - name: + MER
///     regularizers:
///       - mer: {weight: "${lambda}", on: "${sensors}"}
/// ```
///
/// A value that is `${name}` as a whole becomes the variable's value, of whatever kind; inside a longer text the value's text takes its
/// place. A variable may use others. A replaced value keeps the location of the variable's value, where a fault of it is mended.
struct Variables {
    static let key = "variables"

    /// More nodes or characters that come from variables are refused: variables of variables grow beyond all bounds.
    static let mostReplaced = 1 << 20

    private let entries: [YAMLNode.Entry]
    private let faults: FaultCollector

    /// The variables of a tree.
    ///
    /// - Parameter tree: after `--set`; a variable that only a setting has is a misspelt one.
    init(of tree: YAMLNode, faults: FaultCollector) {
        self.faults = faults
        guard let entry = tree.entry(Self.key),
            let section = SectionReader(entry.value, name: Self.key, at: entry.keyLocation, faults: faults)
        else {
            entries = []
            return
        }
        let given = section.node.entries ?? []
        entries = given.filter { $0.keyLocation.origin != .setting }
        for entry in given where entry.keyLocation.origin == .setting { reportUnknown(entry.key, at: entry.keyLocation) }
    }

    /// The variables that some paths lead to; one that there is not is reported.
    func names(in paths: [NodePath]) -> Set<String> {
        var names: Set<String> = []
        for component in paths.compactMap(Self.variable) {
            if entries.contains(where: { $0.key == component.name }) {
                names.insert(component.name)
            } else {
                reportUnknown(component.name, at: component.location)
            }
        }
        return names
    }

    /// The variable that a path leads to.
    static func variable(of path: NodePath) -> NodePath.Component? {
        path.components.count > 1 && path.components[0].name == key ? path.components[1] : nil
    }

    /// The tree with values in place of variables.
    ///
    /// - Parameter open: variables that get their values later, as a sweep sets them. They, and what uses them, stay as they are.
    func replaced(in tree: YAMLNode, keeping open: Set<String> = []) -> YAMLNode {
        var replacement = VariableReplacement(entries: entries, kept: kept(by: open), faults: faults)
        var tree = tree
        let variables = tree.removeEntry(Self.key)
        tree = replacement.replaced(tree)
        guard !replacement.kept.isEmpty, let variables, case .map(var all) = tree.content else { return tree }
        let remaining = entries.filter { replacement.kept.contains($0.key) }.map { entry in
            YAMLNode.Entry(key: entry.key, keyLocation: entry.keyLocation, value: replacement.replaced(entry.value))
        }
        let value = YAMLNode(.map(remaining), at: variables.value.location)
        all.append(YAMLNode.Entry(key: Self.key, keyLocation: variables.keyLocation, value: value))
        tree.content = .map(all)
        return tree
    }

    /// The open variables and those that use them.
    private func kept(by open: Set<String>) -> Set<String> {
        var kept = open
        while let entry = entries.first(where: { !kept.contains($0.key) && !Self.uses(in: $0.value).isDisjoint(with: kept) }) {
            kept.insert(entry.key)
        }
        return kept
    }

    private static func uses(in node: YAMLNode) -> Set<String> {
        switch node.content {
        case .scalar(let scalar): Set(VariableText(scalar.text).pieces.compactMap(\.name))
        case .list(let items): items.reduce(into: []) { $0.formUnion(uses(in: $1)) }
        case .map(let entries): entries.reduce(into: []) { $0.formUnion(uses(in: $1.value)) }
        }
    }

    private func reportUnknown(_ name: String, at location: SourceLocation) {
        faults.reportUnknown("variable", printable(name), at: location, known: entries.map(\.key))
    }
}
