import Configuration

/// A value of a YAML document that knows where it was written.
///
/// Two nodes are equal when they have the same meaning; locations and styles do not count.
struct YAMLNode: Sendable {
    enum Content: Hashable, Sendable {
        case scalar(YAMLScalar)
        case list([YAMLNode])
        /// In the order of the document; keys differ.
        case map([Entry])
    }

    /// A key and its value.
    struct Entry: Sendable {
        let key: String
        let keyLocation: SourceLocation
        var value: YAMLNode
    }

    var content: Content
    var location: SourceLocation

    init(_ content: Content, at location: SourceLocation) {
        self.content = content
        self.location = location
    }

    /// The value of a key of a section.
    subscript(key: String) -> YAMLNode? { entry(key)?.value }

    func entry(_ key: String) -> Entry? { entries?.first { $0.key == key } }

    var entries: [Entry]? {
        if case .map(let entries) = content { entries } else { nil }
    }

    var items: [YAMLNode]? {
        if case .list(let items) = content { items } else { nil }
    }

    var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    var isScalar: Bool { scalar != nil }

    var isNull: Bool { scalar?.value == .null }

    /// The text of a single value that can serve as a name: `1` as well as `one`.
    var nameText: String? {
        guard let scalar, scalar.value != .null, !scalar.text.isEmpty else { return nil }
        return scalar.text
    }

    /// The value of an option: a single value or a list of such; nil for a section.
    var optionValue: OptionValue? {
        switch content {
        case .scalar(let scalar):
            return scalar.value
        case .list(let items):
            let values = items.compactMap(\.optionValue)
            return values.count == items.count ? .list(values) : nil
        case .map:
            return nil
        }
    }

    /// The value on one line: `{use: late, hidden: 64}`.
    var flowText: String {
        switch content {
        case .scalar(let scalar): scalar.value == .null ? "null" : printable(scalar.text)
        case .list(let items): "[\(items.map(\.flowText).joined(separator: ", "))]"
        case .map(let entries): "{\(entries.map { "\(printable($0.key)): \($0.value.flowText)" }.joined(separator: ", "))}"
        }
    }

    /// How many levels of lists and sections are nested here; 0 for a single value.
    var depth: Int {
        switch content {
        case .scalar: 0
        case .list(let items): 1 + (items.lazy.map(\.depth).max() ?? 0)
        case .map(let entries): 1 + (entries.lazy.map(\.value.depth).max() ?? 0)
        }
    }

    /// The values below and with this one, keys among them.
    var count: Int {
        switch content {
        case .scalar: 1
        case .list(let items): items.reduce(1) { $0 + $1.count }
        case .map(let entries): entries.reduce(1) { $0 + 1 + $1.value.count }
        }
    }

    /// What stands here, in words: `'abc'`, `a list`, `a section`, `empty`.
    var phrase: String {
        switch content {
        case .scalar(let scalar) where scalar.value == .null: return "empty"
        case .scalar(let scalar): return "'\(printable(scalar.text))'"
        case .list(let items):
            guard let value = optionValue, items.count <= 8 else { return "a list" }
            return "'\(printable(value.description))'"
        case .map: return "a section"
        }
    }
}

extension YAMLNode: Hashable {
    static func == (a: YAMLNode, b: YAMLNode) -> Bool { a.content == b.content }
    func hash(into hasher: inout Hasher) { hasher.combine(content) }
}

extension YAMLNode.Entry: Hashable {
    static func == (a: Self, b: Self) -> Bool { a.key == b.key && a.value == b.value }

    func hash(into hasher: inout Hasher) {
        hasher.combine(key)
        hasher.combine(value)
    }
}

extension YAMLNode {
    /// Keys whose values are names, also where they look like numbers.
    private static let nameKeys: Set<String> = ["name", "use", "rows", "baseline", "regularizers", "factors", "terms", "on", "domains", "modalities"]

    /// The tree with quotes around names that look like numbers, so that they keep their spelling where numbers may change theirs:
    /// a domain `01` is not the domain `1`. What stands under `data` are options, which may be numbers under any name; only the data sets that one
    /// of them lists have names.
    var quotingNames: YAMLNode {
        if let items { return YAMLNode(.list(items.map(\.quotingNames)), at: location) }
        guard let entries else { return self }
        let quoted = entries.map { entry in
            var entry = entry
            // A swept path ends with the key that it sets.
            let key = entry.key.split(separator: ".").last.map(String.init) ?? entry.key
            if entry.key == "data" {
                entry.value = entry.value.quotingNamesOfComponents
            } else {
                entry.value = Self.nameKeys.contains(key) ? entry.value.quotingName : entry.value.quotingNames
            }
            return entry
        }
        return YAMLNode(.map(quoted), at: location)
    }

    private var quotingNamesOfComponents: YAMLNode {
        guard let entries else { return self }
        let quoted = entries.map { entry in
            var entry = entry
            guard let items = entry.value.items else { return entry }
            let named = items.map { item in
                guard let keys = item.entries else { return item }
                let own = keys.map { key in
                    var key = key
                    if key.key == "name" { key.value = key.value.quotingName }
                    return key
                }
                return YAMLNode(.map(own), at: item.location).quotingNamesOfComponents
            }
            entry.value = YAMLNode(.list(named), at: entry.value.location)
            return entry
        }
        return YAMLNode(.map(quoted), at: location)
    }

    private var quotingName: YAMLNode {
        switch content {
        case .scalar(let scalar):
            let isName = scalar.value != .null && scalar.plainText != scalar.text
            return isName ? YAMLNode(.scalar(YAMLScalar(quoted: scalar.text)), at: location) : self
        case .list(let items): return YAMLNode(.list(items.map(\.quotingName)), at: location)
        case .map: return quotingNames
        }
    }
}
