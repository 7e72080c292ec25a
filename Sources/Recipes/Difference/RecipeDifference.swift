import Configuration

/// How two recipes differ, path by path: what `regulus diff` prints.
///
/// Both are compared as they are written after `extends`, `include`, variables and settings; an option that one writes out with its
/// default value and the other leaves out is a difference. Rows and terms are compared by their names, and forms that mean the same are
/// the same: `mer`, `mer: {}` and `use: mer`.
package struct RecipeDifference: Sendable, Hashable {
    /// One place at which the recipes differ.
    package struct Change: Sendable, Hashable {
        package enum Kind: Sendable, Hashable {
            case changed(from: String, to: String)
            case added(String)
            case removed(String)
            /// Names of items that both have, in the order of either.
            case reordered(from: [String], to: [String])
        }

        /// As `--set` writes it: `rows[+ MER].regularizers.mer.weight`.
        package let path: String
        package let kind: Kind
    }

    /// In the order of the first recipe, what only the second has at the end of its section.
    package private(set) var changes: [Change] = []

    package init(from old: ResolvedRecipe, to new: ResolvedRecipe) {
        compare(old.tree, new.tree, at: Path())
    }

    private struct Path {
        var text = ""
        /// The last key, which says what a list is of.
        var key = ""

        func appending(_ name: String) -> Path {
            let isPlain = name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" } && !name.isEmpty
            let text = isPlain ? (text.isEmpty ? name : "\(text).\(name)") : "\(text)[\(printable(name))]"
            return Path(text: text, key: name)
        }
    }

    private mutating func compare(_ old: YAMLNode, _ new: YAMLNode, at path: Path) {
        if ["rows", "regularizers", "terms"].contains(path.key), let olds = NamedItems(old, key: path.key),
            let news = NamedItems(new, key: path.key)
        {
            compare(olds, news, at: path)
            return
        }
        switch (Self.asSection(old, beside: new), Self.asSection(new, beside: old)) {
        case (.map(let olds), .map(let news)):
            compare(olds, news, at: path)
        case (.list(let olds), .list(let news)) where olds.count == news.count && !(olds + news).allSatisfy(\.isScalar):
            for (index, pair) in zip(olds, news).enumerated() { compare(pair.0, pair.1, at: path.appending(String(index))) }
        default:
            guard !Self.same(old, new) else { return }
            changes.append(Change(path: path.text, kind: .changed(from: old.inline, to: new.inline)))
        }
    }

    private mutating func compare(_ olds: [YAMLNode.Entry], _ news: [YAMLNode.Entry], at path: Path) {
        let values = Dictionary(news.map { ($0.key, $0.value) }) { first, _ in first }
        let known = Set(olds.map(\.key))
        for old in olds {
            let path = path.appending(old.key)
            if let new = values[old.key] {
                compare(old.value, new, at: path)
            } else {
                changes.append(Change(path: path.text, kind: .removed(old.value.inline)))
            }
        }
        for new in news where !known.contains(new.key) {
            changes.append(Change(path: path.appending(new.key).text, kind: .added(new.value.inline)))
        }
    }

    private mutating func compare(_ olds: NamedItems, _ news: NamedItems, at path: Path) {
        for old in olds.items {
            let path = path.appending(old.name)
            if let new = news[old.name] {
                compare(old.body, new, at: path)
            } else {
                changes.append(Change(path: path.text, kind: .removed(old.body.inline)))
            }
        }
        for new in news.items where olds[new.name] == nil {
            changes.append(Change(path: path.appending(new.name).text, kind: .added(new.body.inline)))
        }
        let before = olds.items.map(\.name).filter { news[$0] != nil }
        let after = news.items.map(\.name).filter { olds[$0] != nil }
        if before != after { changes.append(Change(path: path.text, kind: .reordered(from: before, to: after))) }
    }

    /// `adam` beside a section is `{use: adam}`, and nothing beside a section is an empty one.
    private static func asSection(_ node: YAMLNode, beside other: YAMLNode) -> YAMLNode.Content {
        guard node.isScalar, other.entries != nil else { return node.content }
        return node.isNull ? .map([]) : node.scalar?.value.isText == true && other["use"] != nil ? node.asComponent.content : node.content
    }

    /// Whether two values mean the same: `1` and `1.0` do.
    private static func same(_ old: YAMLNode, _ new: YAMLNode) -> Bool {
        if old == new { return true }
        if let olds = old.items, let news = new.items {
            return olds.count == news.count && zip(olds, news).allSatisfy { same($0, $1) }
        }
        guard let a = old.scalar?.value.number, let b = new.scalar?.value.number else { return false }
        return a == b
    }
}

/// The items of a list of rows or terms, by name.
private struct NamedItems {
    let items: [(name: String, body: YAMLNode)]
    private let places: [String: Int]

    /// Nil where something is not such a list, or a name is missing or stands twice.
    init?(_ node: YAMLNode, key: String) {
        guard let nodes = node.isNull ? [] : node.items else { return nil }
        var items: [(name: String, body: YAMLNode)] = []
        var places: [String: Int] = [:]
        for node in nodes {
            guard let name = node.itemName, places.updateValue(items.count, forKey: name) == nil else { return nil }
            items.append((name, key == "rows" ? Self.row(node) : Self.term(node, name: name)))
        }
        (self.items, self.places) = (items, places)
    }

    subscript(name: String) -> YAMLNode? { places[name].map { items[$0].body } }

    /// A row without its name.
    private static func row(_ node: YAMLNode) -> YAMLNode {
        YAMLNode(.map((node.entries ?? []).filter { $0.key != "name" }), at: node.location)
    }

    /// A term as its options, with `use` where its name is not that of the regularizer.
    private static func term(_ node: YAMLNode, name: String) -> YAMLNode {
        let short = node.isShortForm ? node.entries?.first : nil
        let body = (short.map { $0.value.entries ?? [] } ?? node.entries ?? []).filter { !["name", "use"].contains($0.key) }
        let component = short?.key ?? node["use"]?.nameText ?? node.nameText ?? name
        guard component != name else { return YAMLNode(.map(body), at: node.location) }
        let use = YAMLNode(.scalar(YAMLScalar(quoted: component)), at: node.location)
        return YAMLNode(.map([YAMLNode.Entry(key: "use", keyLocation: node.location, value: use)] + body), at: node.location)
    }
}

extension RecipeDifference.Change: CustomStringConvertible {
    /// `training.batch: 32 → 64`.
    package var description: String {
        switch kind {
        case .changed(let old, let new): "\(path): \(old) → \(new)"
        case .added(let value): "\(path): added" + Self.shown(value)
        case .removed(let value): "\(path): removed" + Self.shown(value)
        case .reordered(let old, let new): "\(path): order \(old.joined(separator: ", ")) → \(new.joined(separator: ", "))"
        }
    }

    private static func shown(_ value: String) -> String { value == "{}" ? "" : " \(value)" }
}

extension YAMLNode {
    /// The value on one line.
    fileprivate var inline: String {
        switch content {
        case .scalar(let scalar): scalar.value == .null ? "null" : printable(scalar.text)
        case .list(let items): "[" + items.map(\.inline).joined(separator: ", ") + "]"
        case .map(let entries): "{" + entries.map { "\(printable($0.key)): \($0.value.inline)" }.joined(separator: ", ") + "}"
        }
    }
}

extension OptionValue {
    fileprivate var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
