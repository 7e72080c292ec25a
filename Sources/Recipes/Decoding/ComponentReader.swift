import Configuration

/// Reads where a recipe names a component: `sgd` or `{ use: sgd, momentum: 0.9 }`.
struct ComponentReader {
    let kind: ComponentKind
    let catalogue: Catalogue
    /// Keys of the section that are no options of the component.
    var reserved: [String] = []
    let faults: FaultCollector

    private var known: [ComponentDescription] { catalogue[kind] }

    /// The choice, or nil where the component is unknown. Options at fault are reported and left out.
    func choice(_ node: YAMLNode, name: String, at location: SourceLocation) -> ComponentChoice? {
        if node.isScalar, let text = node.nameText {
            let empty = YAMLNode(.map([]), at: node.location)
            return choice(component: text, at: node.location, options: empty)
        }
        guard let section = SectionReader(node, name: name, at: location, faults: faults) else { return nil }
        guard node.entry("use") != nil else {
            section.reportMissing("use", expected: "one of: " + known.map(\.name).joined(separator: ", "))
            return nil
        }
        guard let use = section.name("use"), let place = node["use"]?.location else { return nil }
        return choice(component: use, at: place, options: node)
    }

    /// The choice of a component whose name and options stand apart, as in `mer: {weight: 3}`.
    func choice(component: String, at location: SourceLocation, options node: YAMLNode) -> ComponentChoice? {
        guard let description = known.first(where: { $0.name == component }) else {
            faults.reportUnknown(kind.noun, printable(component), at: location, known: known.map(\.name))
            return nil
        }
        let name = "\(kind.noun) \(component)"
        guard let section = SectionReader(node, name: name, at: location, faults: faults) else { return nil }
        let optionNames = description.options.map(\.name)
        section.refuseKeys(except: optionNames + (reserved.contains("use") ? reserved : ["use"] + reserved)) { key in
            let owners = catalogue.owners(of: key, preferring: kind)
            return owners.isEmpty ? "" : ", which is an option of " + owners.prefix(3).joined(separator: ", ")
        }
        let values = section.values(of: description.options.filter { !reserved.contains($0.name) })
        return ComponentChoice(
            component, options: values, location: location,
            optionLocations: section.locations.filter { values.keys.contains($0.key) })
    }
}
