/// Writes out `all-combinations-of`: a row for every subset of some parts, with the names of those that it has as its `factors`.
///
/// ```yaml
/// rows:
///   all-combinations-of:
///     - mer: {weight: 0.3}                                        # a regularizer
///     - {name: audio, model: {modalities: [video, audio]}}        # or anything that a row can say
///   base: Video                                                   # the row that has none of them
/// ```
///
/// It stands in place of the whole list, or of an item among rows. A report on such rows tells what each part contributes: main effects,
/// interactions and Shapley values.
struct RowCombinations {
    static let key = "all-combinations-of"
    private static let baseKey = "base"
    /// Each part doubles the rows.
    private static let mostParts = 10
    private static let rowKeys = ["regularizers", "measure", "training", "model", "task"]

    let faults: FaultCollector

    /// The tree with rows in place of combinations.
    func writtenOut(in tree: YAMLNode) -> YAMLNode {
        guard case .map(var entries) = tree.content, let index = entries.firstIndex(where: { $0.key == "rows" }) else { return tree }
        let rows = entries[index].value
        if rows[Self.key] != nil {
            entries[index].value = YAMLNode(.list(combinations(rows)), at: rows.location)
        } else if let items = rows.items, items.contains(where: { $0[Self.key] != nil }) {
            entries[index].value = YAMLNode(.list(items.flatMap { $0[Self.key] == nil ? [$0] : combinations($0) }), at: rows.location)
        } else {
            return tree
        }
        return YAMLNode(.map(entries), at: tree.location)
    }

    /// One thing that is in a row or is not.
    private struct Part {
        let name: String
        let location: SourceLocation
        /// What it adds, as a row says it.
        let row: YAMLNode
    }

    private func combinations(_ node: YAMLNode) -> [YAMLNode] {
        let allowed = [Self.key, Self.baseKey]
        for entry in node.entries ?? [] where !allowed.contains(entry.key) {
            faults.report(
                "unknown key '\(printable(entry.key))' beside \(Self.key)", at: entry.keyLocation, expected: "one of: " + allowed.joined(separator: ", "))
        }
        guard let list = node[Self.key], let items = list.items, !items.isEmpty else {
            let list = node[Self.key] ?? node
            faults.report("\(Self.key) cannot be \(list.items == nil ? list.phrase : "an empty list")", at: list.location, expected: "a list of parts")
            return []
        }
        guard items.count <= Self.mostParts else {
            faults.report(
                "all combinations of \(items.count) parts are too many rows", at: list.location, expected: "at most \(Self.mostParts) parts (1024 rows)")
            return []
        }
        let parts = items.compactMap(part)
        guard parts.count == items.count else { return [] }
        for (index, part) in parts.enumerated() {
            guard let first = parts[..<index].first(where: { $0.name == part.name }) else { continue }
            faults.report("two parts are named '\(printable(part.name))'; the first is at \(first.location)", at: part.location)
            return []
        }
        for (index, part) in parts.enumerated() {
            for other in parts[..<index] {
                guard let path = Self.conflict(other.row, part.row) else { continue }
                faults.report(
                    "the parts '\(printable(other.name))' and '\(printable(part.name))' give \(printable(path)) different values, so that a row of both could have only one",
                    at: part.location, expected: "parts that a row can have together")
                return []
            }
        }
        let base = node[Self.baseKey].flatMap { node -> String? in
            if node.nameText == nil { faults.report("base cannot be \(node.phrase)", at: node.location, expected: "the name of a row") }
            return node.nameText
        }
        return (0..<1 << parts.count).map { number in
            row(parts.indices.filter { number >> $0 & 1 == 1 }.map { parts[$0] }, base: base ?? "Baseline", at: node.location)
        }
    }

    /// Where two parts cannot both be in a row: the path of a value that both give and in which they differ; nil where there is none. Lists of
    /// regularizers and of measurements are joined.
    private static func conflict(_ first: YAMLNode, _ second: YAMLNode, at path: [String] = []) -> String? {
        for entry in first.entries ?? [] {
            let path = path + [entry.key]
            guard path != ["name"], let other = second[entry.key] else { continue }
            if entry.value.entries != nil, other.entries != nil {
                if let found = conflict(entry.value, other, at: path) { return found }
            } else if path.count > 1 || path[0] == "model" || entry.value.items == nil || other.items == nil, entry.value.content != other.content {
                return path.joined(separator: ".")
            }
        }
        return nil
    }

    private func part(_ item: YAMLNode) -> Part? {
        if let name = item["name"], item["use"] == nil, (item.entries ?? []).contains(where: { Self.rowKeys.contains($0.key) }) {
            guard let text = name.nameText else {
                faults.report("name cannot be \(name.phrase)", at: name.location, expected: "a name")
                return nil
            }
            for entry in item.entries ?? [] where entry.key != "name" && !Self.rowKeys.contains(entry.key) {
                faults.report(
                    "unknown key '\(printable(entry.key))' in the part '\(printable(text))'", at: entry.keyLocation,
                    expected: "one of: " + (["name"] + Self.rowKeys).joined(separator: ", "))
            }
            return Part(name: text, location: name.location, row: item)
        }
        guard let component = ComponentItem(item, kind: "a part", faults: faults) else { return nil }
        let regularizers = YAMLNode(.list([item]), at: item.location)
        let row = YAMLNode(.map([entry("regularizers", regularizers)]), at: item.location)
        return Part(name: component.body["name"]?.nameText ?? component.name, location: component.location, row: row)
    }

    private func row(_ parts: [Part], base: String, at location: SourceLocation) -> YAMLNode {
        func text(_ text: String) -> YAMLNode { YAMLNode(.scalar(YAMLScalar(quoted: text)), at: parts.first?.location ?? location) }
        let name = parts.isEmpty ? base : "+ " + parts.map(\.name).joined(separator: " + ")
        var entries = [entry("name", text(name)), entry("factors", YAMLNode(.list(parts.map { text($0.name) }), at: location))]
        for key in Self.rowKeys {
            let values = parts.compactMap { $0.row.entry(key) }
            guard var first = values.first else { continue }
            for next in values.dropFirst() {
                if let own = first.value.items, let others = next.value.items, key != "model" {
                    first.value = YAMLNode(.list(own + others), at: first.value.location)
                } else {
                    first.value = first.value.merged(with: next.value)
                }
            }
            entries.append(first)
        }
        return YAMLNode(.map(entries), at: parts.first?.location ?? location)
    }

    private func entry(_ key: String, _ value: YAMLNode) -> YAMLNode.Entry {
        YAMLNode.Entry(key: key, keyLocation: value.location, value: value)
    }
}
