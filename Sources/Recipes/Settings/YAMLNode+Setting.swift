import Configuration

extension YAMLNode {
    /// Puts a value where a path leads. Sections that are missing on the way are made, as a misspelt one is found when the
    /// recipe is read.
    ///
    /// - Throws: where the way leads into a single value, or to an item that a list does not have.
    mutating func set(_ value: YAMLNode, at path: NodePath) throws(Diagnostic) {
        try set(value, at: path.components[...])
    }

    mutating func set(_ value: YAMLNode, at path: ArraySlice<NodePath.Component>) throws(Diagnostic) {
        guard let step = path.first else {
            self = keepingCommonKeys(in: value)
            return
        }
        switch content {
        case .map(var entries):
            // Emptied while the entry changes, so that the tree below it is not copied.
            content = .map([])
            defer { content = .map(entries) }
            if let index = entries.firstIndex(where: { $0.key == step.name }) {
                try entries[index].value.set(value, at: path.dropFirst())
            } else if let terms = Self.termsIndex(in: entries, with: step.name) {
                try entries[terms].value.set(value, at: path)
            } else {
                var made = YAMLNode(.map([]), at: step.location)
                try made.set(value, at: path.dropFirst())
                entries.append(Entry(key: step.name, keyLocation: step.location, value: made))
            }
        case .list(var items):
            let index = try Self.index(of: step, in: items)
            content = .list([])
            defer { content = .list(items) }
            try items[index].setInItem(value, at: path.dropFirst())
        case .scalar(let scalar):
            switch scalar.value {
            case .null: self = YAMLNode(.map([]), at: location)
            case .string: self = asComponent
            default:
                throw Diagnostic(
                    "there is no '\(step.name)' in the single value '\(scalar.text)'", at: step.location,
                    expected: "a path that ends before it")
            }
            try set(value, at: path)
        }
    }

    /// The value to which a path leads, where there is one.
    func value(at path: ArraySlice<NodePath.Component>) -> YAMLNode? {
        guard let step = path.first else { return self }
        switch content {
        case .map(let entries):
            if let own = self[step.name] { return own.value(at: path.dropFirst()) }
            return Self.termsIndex(in: entries, with: step.name).flatMap { entries[$0].value.value(at: path) }
        case .list(let items):
            guard let item = try? items[Self.index(of: step, in: items)] else { return nil }
            let rest = path.dropFirst()
            return !rest.isEmpty && item.isShortForm ? item.entries?.first?.value.value(at: rest) : item.value(at: rest)
        case .scalar: return nil
        }
    }

    /// Where the terms of a sum stand, one of which has a name: a path names terms beside the sum's own keys.
    private static func termsIndex(in entries: [Entry], with name: String) -> Int? {
        entries.firstIndex { entry in
            entry.key == "terms" && entry.value.items?.contains { $0.itemName == name } == true
        }
    }

    /// Keys beside `use` that belong to the section and not to the component that it names.
    private static let commonKeys: Set<String> = ["learning-rate", "standardize", "modalities"]

    /// Another component's name in place of this section: what belongs to all components alike stays. `--set training.optimizer=sgd` changes
    /// the optimizer and not its learning rate.
    private func keepingCommonKeys(in value: YAMLNode) -> YAMLNode {
        guard self["use"] != nil, value.scalar?.value.isText == true else { return value }
        let kept = (entries ?? []).filter { Self.commonKeys.contains($0.key) }
        guard !kept.isEmpty, let use = value.asComponent.entries else { return value }
        return YAMLNode(.map(use + kept), at: value.location)
    }

    /// `adam` as `{use: adam}`, so that options can be added.
    var asComponent: YAMLNode {
        guard isScalar else { return self }
        return YAMLNode(.map([Entry(key: "use", keyLocation: location, value: self)]), at: location)
    }

    private mutating func setInItem(_ value: YAMLNode, at path: ArraySlice<NodePath.Component>) throws(Diagnostic) {
        if !path.isEmpty, isShortForm, case .map(var entries) = content {
            try entries[0].value.set(value, at: path)
            content = .map(entries)
        } else {
            try set(value, at: path)
        }
    }

    /// Whether this is an item of the form `name: {option: value}`.
    var isShortForm: Bool {
        guard let entries, entries.count == 1, entries[0].key != "use" else { return false }
        return entries[0].value.entries != nil || entries[0].value.isNull
    }

    /// The name by which a path addresses an item of a list, where it has one.
    var itemName: String? {
        if isShortForm, let entry = entries?.first { return entry.value["name"]?.nameText ?? entry.key }
        return nameText ?? self["name"]?.nameText ?? self["use"]?.nameText
    }

    static func index(of step: NodePath.Component, in items: [YAMLNode]) throws(Diagnostic) -> Int {
        if let index = items.firstIndex(where: { $0.itemName == step.name }) { return index }
        if let number = Int(step.name), items.indices.contains(number) { return number }
        let names = items.compactMap(\.itemName)
        let numbers = items.isEmpty ? "nothing, as the list is empty" : "a number from 0 to \(items.count - 1)"
        throw Diagnostic(
            "there is no '\(step.name)' in the list", at: step.location,
            expected: names.isEmpty ? numbers : "one of: " + names.joined(separator: ", "),
            suggestion: nearestName(to: step.name, among: names))
    }
}
