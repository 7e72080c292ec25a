import Configuration

/// `sets:`, a study over several data sets and settings, each laid over the recipe:
///
/// ```yaml
/// sets:
///   - name: watch
///     data: {use: watch}
///   - name: watch, single source
///     of: watch
///     data: {use: watch}
///     evaluation: {protocol: single-source}
/// ```
///
/// `of` names the data that a set is a setting of: a verdict counts the settings of one data set once. Without it, sets of equal data belong
/// together. Rows and baseline are those of the whole study, as they are what is compared.
struct StudySets {
    static let key = "sets"
    /// What the dial is called that tells the sets apart.
    static let dial = "set"
    /// More sets are refused.
    static let most = 1000

    private static let keys = ["name", "of", "data", "task", "evaluation", "model", "training", "tuning", "regularizers", "measure", "seeds", "repeat"]

    /// One of them.
    struct StudySet {
        let name: String
        /// The data that it is a setting of, where the recipe says so.
        let dataset: String?
        /// The recipe with the set laid over it.
        let tree: YAMLNode
    }

    /// In the recipe's order; nil for a recipe without `sets:`, and empty where something was reported.
    let sets: [StudySet]?

    init(of tree: YAMLNode, faults: FaultCollector) {
        guard let entry = tree.entry(Self.key), !entry.value.isNull else {
            sets = nil
            return
        }
        guard let items = entry.value.items, !items.isEmpty, items.count <= Self.most else {
            let phrase = entry.value.items.map { $0.isEmpty ? "an empty list" : "a list of \($0.count)" } ?? entry.value.phrase
            faults.report(
                "\(Self.key) cannot be \(phrase)", at: entry.value.location, expected: "a list of 1 to \(Self.most) sections, each with a name")
            sets = []
            return
        }
        let base = Self.base(of: tree)
        var seen: Set<String> = []
        sets = items.compactMap { item in
            guard let section = SectionReader(item, name: "a set", at: item.location, faults: faults) else { return nil }
            section.refuseKeys(except: Self.keys)
            guard item["name"] != nil else {
                section.reportMissing("name", expected: "the name of the set in tables")
                return nil
            }
            guard let name = section.name("name") else { return nil }
            guard seen.insert(name).inserted else {
                faults.report("the set '\(printable(name))' appears here twice", at: item["name"]?.location ?? item.location)
                return nil
            }
            var body = item
            for key in ["name", "of"] { _ = body.removeEntry(key) }
            return StudySet(
                name: name, dataset: item["of"] == nil ? nil : section.name("of"), tree: base.extended(by: body, faults: faults))
        }
    }

    /// Changes a value that a setting sets in every set that has one of its own there, so that a setting holds everywhere.
    static func carry(_ setting: Setting, into tree: inout YAMLNode) {
        guard setting.path.components[0].name != key, let items = tree[key]?.items, case .map(var entries) = tree.content,
            let index = entries.firstIndex(where: { $0.key == key })
        else { return }
        let base = base(of: tree)
        let changed = items.map { item in
            guard item.entries != nil, item[setting.path.components[0].name] != nil else { return item }
            guard base.merged(with: item).value(at: setting.path.components[...]) != setting.value else { return item }
            var item = item
            // Where the way leads nowhere in the set, the recipe below it has the value.
            try? item.set(setting.value, at: setting.path)
            return item
        }
        entries[index].value = YAMLNode(.list(changed), at: entries[index].value.location)
        tree.content = .map(entries)
    }

    private static func base(of tree: YAMLNode) -> YAMLNode {
        var base = tree
        _ = base.removeEntry(key)
        return base
    }
}
