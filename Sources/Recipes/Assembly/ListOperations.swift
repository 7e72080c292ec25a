import Configuration

/// What an extending recipe does to a list of rows or regularizers.
struct ListOperations {
    /// The keys whose lists can be changed.
    static let keys = ["rows", "regularizers"]

    private static let remove = "remove"
    private static let replace = "replace"
    private static let prepend = "prepend"
    private static let append = "append"

    private let key: String
    private let section: YAMLNode
    private let faults: FaultCollector

    init(_ entry: YAMLNode.Entry, faults: FaultCollector) {
        key = entry.key
        section = entry.value
        self.faults = faults
        let known = [Self.remove, Self.replace, Self.prepend, Self.append]
        for entry in section.entries ?? [] where !known.contains(entry.key) {
            faults.report(
                "unknown change '\(printable(entry.key))' of \(key)", at: entry.keyLocation,
                expected: "a list, or one of: " + known.joined(separator: ", "), suggestion: nearestName(to: entry.key, among: known))
        }
    }

    /// The list after removals, replacements and additions, in this order.
    func applied(to items: [YAMLNode]) -> YAMLNode {
        var items = items.map(Optional.some)
        var places = Places(of: items)
        for node in list(Self.remove) {
            guard let index = index(of: node.nameText ?? "", at: node.location, in: places) else { continue }
            items[index] = nil
            places.removeFirst(of: node.nameText ?? "")
        }
        if let replacements = section[Self.replace], !replacements.isNull {
            if replacements.entries == nil {
                faults.report(
                    "replace cannot be \(replacements.phrase)", at: replacements.location,
                    expected: "names, each with its replacement")
            }
            for entry in replacements.entries ?? [] {
                guard let index = index(of: entry.key, at: entry.keyLocation, in: places), let item = items[index] else { continue }
                items[index] = replacement(of: item, named: entry)
            }
        }
        return YAMLNode(.list(list(Self.prepend) + items.compactMap(\.self) + list(Self.append)), at: section.location)
    }

    /// The positions of items in a list, by name; of several items with one name the first is meant.
    private struct Places {
        /// All names, in the order of the list.
        private(set) var names: [String] = []
        /// The places of each name, the first one last.
        private var places: [String: [Int]] = [:]

        init(of items: [YAMLNode?]) {
            for (index, item) in items.enumerated().reversed() {
                guard let name = item?.itemName else { continue }
                places[name, default: []].append(index)
                names.append(name)
            }
            names.reverse()
        }

        subscript(name: String) -> Int? { places[name]?.last }

        mutating func removeFirst(of name: String) { _ = places[name]?.popLast() }

        /// Those that are still there.
        var remaining: [String] { names.filter { self[$0] != nil } }
    }

    private func list(_ operation: String) -> [YAMLNode] {
        guard let node = section[operation], !node.isNull else { return [] }
        if let items = node.items { return items }
        if operation == Self.remove, node.nameText != nil { return [node] }
        faults.report("\(operation) cannot be \(node.phrase)", at: node.location, expected: "a list")
        return []
    }

    private func index(of name: String, at location: SourceLocation, in places: Places) -> Int? {
        if let index = places[name] { return index }
        let names = places.remaining
        faults.report(
            "there is no '\(printable(name))' in the \(key) below", at: location,
            expected: names.isEmpty ? "nothing, as the list is empty" : "one of: " + names.joined(separator: ", "),
            suggestion: nearestName(to: name, among: names))
        return nil
    }

    /// The replacement of an item: a row keeps its name; a regularizer keeps its name and, unless `use`
    /// names another one, its kind.
    private func replacement(of item: YAMLNode, named entry: YAMLNode.Entry) -> YAMLNode {
        let body = entry.value
        guard var entries = body.entries else {
            faults.report(
                "\(entry.key) cannot be replaced by \(body.phrase)", at: body.location, expected: "a section with keys and values")
            return item
        }
        func add(_ key: String, _ text: String) {
            guard !entries.contains(where: { $0.key == key }) else { return }
            let value = YAMLNode(.scalar(YAMLScalar(plain: text)), at: entry.keyLocation)
            entries.insert(YAMLNode.Entry(key: key, keyLocation: entry.keyLocation, value: value), at: 0)
        }
        if key == "rows" {
            add("name", entry.key)
        } else {
            let component = item.isShortForm ? item.entries?.first?.key : item["use"]?.nameText ?? item.nameText
            let own = body["use"]?.nameText ?? component ?? entry.key
            if own != entry.key { add("name", entry.key) }
            add("use", own)
        }
        return YAMLNode(.map(entries), at: entry.keyLocation)
    }
}

extension YAMLNode {
    /// This section with another one laid over it: sections are merged key by key, everything else is replaced.
    ///
    /// A component (`optimizer: {use: adam, …}`) keeps its options only as long as the overlay does not name another one.
    func merged(with overlay: YAMLNode) -> YAMLNode {
        guard let over = overlay.entries else { return overlay.isNull ? self : overlay }
        let under = isNull ? YAMLNode(.map([]), at: location) : isScalar ? asComponent : self
        guard var entries = under.entries else { return overlay }
        if let use = overlay["use"], use != under["use"] { return overlay }
        let places = Dictionary(entries.enumerated().map { ($1.key, $0) }) { first, _ in first }
        for entry in over {
            if let index = places[entry.key] {
                // A null inside a section is a value; only a section left empty adds nothing.
                let isSection = entries[index].value.entries != nil
                let value = entry.value.isNull && !isSection ? entry.value : entries[index].value.merged(with: entry.value)
                entries[index] = Entry(key: entry.key, keyLocation: entry.keyLocation, value: value)
            } else {
                entries.append(entry)
            }
        }
        return YAMLNode(.map(entries), at: overlay.location)
    }
}

extension YAMLNode {
    /// This section with another one laid over it, as in `extends:` and `include:`: like `merged(with:)`, but `rows` and
    /// `regularizers` of the other may say what to do with the list below them:
    ///
    /// ```yaml
    /// rows:
    ///   remove: [+ Noise]
    ///   replace:
    ///     + MER: {regularizers: [mer: {weight: 2}]}
    ///   append:
    ///     - name: + CMC
    ///       regularizers: [cmc]
    /// ```
    ///
    /// A plain list replaces the other.
    func extended(by overlay: YAMLNode, faults: FaultCollector) -> YAMLNode {
        guard var entries = overlay.entries else { return merged(with: overlay) }
        for index in entries.indices {
            guard ListOperations.keys.contains(entries[index].key), entries[index].value.entries != nil else { continue }
            let list = self[entries[index].key]
            // Combinations take the place of the whole list.
            guard entries[index].value[RowCombinations.key] == nil else { continue }
            guard list == nil || list?.isNull == true || list?.items != nil else { continue }
            let operations = ListOperations(entries[index], faults: faults)
            entries[index].value = operations.applied(to: list?.items ?? [])
        }
        return merged(with: YAMLNode(.map(entries), at: overlay.location))
    }
}
