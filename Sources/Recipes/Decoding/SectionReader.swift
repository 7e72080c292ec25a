import Configuration

/// Reads the keys of one section and reports what does not fit.
struct SectionReader {
    /// What messages call the section: `training`.
    let name: String
    /// The location for what is missing in the section: its key.
    let location: SourceLocation
    let node: YAMLNode
    let faults: FaultCollector

    /// A section; a missing or empty one has no keys. Where something other than a section is found, it
    /// is reported and the result is nil.
    init?(_ node: YAMLNode?, name: String, at location: SourceLocation, faults: FaultCollector) {
        let empty = YAMLNode(.map([]), at: location)
        var node = node ?? empty
        if node.isNull { node = empty }
        guard node.entries != nil else {
            faults.report("\(name) cannot be \(node.phrase)", at: node.location, expected: "a section with keys and values")
            return nil
        }
        self.name = name
        self.location = location
        self.node = node
        self.faults = faults
    }

    /// The section under a key of this one.
    func section(_ key: String, name: String? = nil) -> SectionReader? {
        SectionReader(node[key], name: name ?? key, at: node.entry(key)?.keyLocation ?? location, faults: faults)
    }

    /// Where the value of each key stands.
    var locations: [String: SourceLocation] {
        Dictionary((node.entries ?? []).map { ($0.key, $0.value.location) }, uniquingKeysWith: { first, _ in first })
    }

    /// Reports keys that are not known here.
    ///
    /// - Parameter note: what else there is to say about a key, behind the message.
    func refuseKeys(except known: [String], note: (String) -> String = { _ in "" }) {
        for entry in node.entries ?? [] where !known.contains(entry.key) {
            faults.report(
                "unknown key '\(printable(entry.key))' in \(name)\(note(entry.key))", at: entry.keyLocation,
                expected: known.isEmpty ? "no keys here" : "one of: " + known.joined(separator: ", "),
                suggestion: nearestName(to: entry.key, among: known))
        }
    }

    func reportMissing(_ key: String, expected: String) {
        faults.report("\(name) lacks the required key '\(key)'", at: location, expected: expected)
    }

    /// The values of those options that are given and correct; the others are reported.
    func values(of descriptions: [OptionDescription]) -> [String: OptionValue] {
        var values: [String: OptionValue] = [:]
        for description in descriptions {
            guard let node = node[description.name] else {
                if description.isRequired { reportMissing(description.name, expected: "\(description.expectation): \(description.help)") }
                continue
            }
            guard let value = node.optionValue else {
                let fault = OptionFault(option: description.name, expected: description.expectation, found: node.phrase)
                faults.report(fault, name: description.name, node: node)
                continue
            }
            if let fault = description.fault(in: value) {
                faults.report(fault, name: description.name, node: node)
            } else {
                values[description.name] = value
            }
        }
        return values
    }

    /// The section's values as a struct, with defaults for what is missing or wrong.
    func options<Values: Options>(_ type: Values.Type) -> Values {
        var values = values(of: type.descriptions)
        for description in type.descriptions where description.isRequired && values[description.name] == nil {
            values[description.name] = description.defaultValue
        }
        // The values were checked one by one, so that this cannot fail.
        return (try? type.decoding(values)) ?? type.init()
    }

    /// A name under a key: any single value.
    func name(_ key: String) -> String? {
        guard let node = node[key] else { return nil }
        if let text = node.nameText { return text }
        faults.report("\(key) cannot be \(node.phrase)", at: node.location, expected: "a name")
        return nil
    }

    /// A list of different names under a key, or one name alone; nil where there is none.
    func names(_ key: String, of what: String) -> [(name: String, location: SourceLocation)]? {
        guard let node = node[key], !node.isNull else { return nil }
        let items = node.items ?? [node]
        if items.isEmpty {
            faults.report("\(key) cannot be an empty list", at: node.location, expected: "names of \(what)")
            return nil
        }
        var names: [(name: String, location: SourceLocation)] = []
        var seen: Set<String> = []
        for item in items {
            guard let text = item.nameText else {
                faults.report("\(key) cannot contain \(item.phrase)", at: item.location, expected: "names of \(what)")
                continue
            }
            guard seen.insert(text).inserted else {
                faults.report("'\(text)' appears twice in \(key)", at: item.location)
                continue
            }
            names.append((text, item.location))
        }
        return names
    }
}
