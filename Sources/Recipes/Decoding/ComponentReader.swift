import Configuration

/// An item of a list of components: `- mer`, `- mer: {weight: 3}` or `- use: mer` with keys beside it.
struct ComponentItem {
    let name: String
    /// Where the name stands.
    let location: SourceLocation
    /// The section with everything else.
    let body: YAMLNode

    /// - Parameter kind: what messages call it, with an article: `a regularizer`.
    init?(_ item: YAMLNode, kind: String, faults: FaultCollector) {
        let empty = YAMLNode(.map([]), at: item.location)
        if item.isScalar, let name = item.nameText {
            (self.name, location, body) = (name, item.location, empty)
        } else if let use = item["use"], let name = use.nameText {
            (self.name, location, body) = (name, use.location, item)
        } else if item["use"] == nil, let entries = item.entries, entries.count == 1 {
            (name, location) = (entries[0].key, entries[0].keyLocation)
            body = entries[0].value.isNull ? empty : entries[0].value
        } else {
            faults.report(
                "\(kind) cannot be \(item.phrase)\(item.entries == nil ? "" : " without a name under 'use'")", at: item.location,
                expected: "name, name: {option: value} or use: name")
            return nil
        }
    }
}

/// Reads a place where a recipe names a component: `sgd` or `{ use: sgd, momentum: 0.9 }`.
struct ComponentReader {
    let kind: ComponentKind
    let catalogue: Catalogue
    /// Keys of the section that are not options of the component.
    var reserved: [String] = []
    let faults: FaultCollector

    private var known: [ComponentDescription] { catalogue[kind] }

    /// The choice, or nil where the component is unknown. Wrong options are reported and left out.
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

    /// The choice of a component whose name and options are separate, as in `mer: {weight: 3}`.
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
        var values: [String: OptionValue] = [:]
        var locations = section.locations
        var plain: [OptionDescription] = []
        for option in description.options where !reserved.contains(option.name) {
            guard case .components(let kind) = option.kind, let listed = section.node[option.name], !listed.isNull else {
                plain.append(option)
                continue
            }
            let components = components(listed, named: option.name, of: kind)
            if let components { values[option.name] = .list(components.map(\.component.value)) }
            for component in components ?? [] {
                let path = "\(option.name).\(component.component.name)"
                locations[path] = component.choice.location
                for (key, place) in component.choice.optionLocations { locations["\(path).\(key)"] = place }
            }
        }
        values.merge(section.values(of: plain)) { $1 }
        return ComponentChoice(
            component, options: values, location: location,
            optionLocations: locations.filter { values[$0.key.split(separator: ".").first.map(String.init) ?? $0.key] != nil })
    }

    /// The components that an option lists, each under a name of its own; nil where it is no list.
    private func components(
        _ node: YAMLNode, named name: String, of kind: ComponentKind
    ) -> [(component: NamedComponent, choice: ComponentChoice)]? {
        guard let items = node.items, !items.isEmpty else {
            faults.report(
                "\(name) cannot be \(node.items == nil ? node.phrase : "an empty list")", at: node.location, expected: OptionKind.components(kind).expectation)
            return nil
        }
        var read: [(component: NamedComponent, choice: ComponentChoice)] = []
        for node in items {
            let reader = ComponentReader(kind: kind, catalogue: catalogue, reserved: NamedComponent.reservedKeys, faults: faults)
            guard let item = ComponentItem(node, kind: "a \(kind.noun)", faults: faults),
                let choice = reader.choice(component: item.name, at: item.location, options: item.body),
                let section = SectionReader(item.body, name: "\(kind.noun) \(item.name)", at: item.location, faults: faults)
            else { continue }
            let component = NamedComponent(choice.component, name: section.name("name"), options: choice.options)
            if let first = read.first(where: { $0.component.name == component.name }) {
                faults.report(
                    "two of \(name) are called '\(printable(component.name))'; the first is at \(first.choice.location)", at: choice.location,
                    expected: "another name, such as name: \(printable(component.name))-2")
            }
            read.append((component, choice))
        }
        return read
    }
}

/// Reads a list of measurements: `- dependence`, `- dependence: {samples: 500, on: [audio, video]}` or `- use: dependence` with keys beside it.
struct MeasurementReader {
    let catalogue: Catalogue
    let faults: FaultCollector

    /// The measurements that all rows have, followed by those of one row.
    ///
    /// - Parameters:
    ///   - lists: the common list and the row's own.
    ///   - owner: whose list it is, for messages: `row '+ MER'`.
    func measurements(_ lists: [YAMLNode?], owner: String) -> [MeasurementChoice] {
        var choices: [MeasurementChoice] = []
        for choice in lists.flatMap({ items(of: $0) }).compactMap(measurement) {
            if let first = choices.first(where: { $0.name == choice.name }) {
                faults.report(
                    "two measurements of \(owner) are named '\(choice.name)'; the first is at \(first.choice.location)",
                    at: choice.choice.location, expected: "another name, such as name: \(choice.name)-2")
            }
            choices.append(choice)
        }
        return choices
    }

    private func items(of node: YAMLNode?) -> [YAMLNode] {
        guard let node, !node.isNull else { return [] }
        if let items = node.items { return items }
        faults.report("measure cannot be \(node.phrase)", at: node.location, expected: "a list, such as [representation]")
        return []
    }

    private func measurement(_ node: YAMLNode) -> MeasurementChoice? {
        guard let item = ComponentItem(node, kind: "a measurement", faults: faults) else { return nil }
        let reader = ComponentReader(kind: .measurements, catalogue: catalogue, reserved: MeasurementChoice.reservedKeys, faults: faults)
        guard let choice = reader.choice(component: item.name, at: item.location, options: item.body),
            let section = SectionReader(item.body, name: "measurement \(item.name)", at: item.location, faults: faults)
        else { return nil }
        let chosen = section.names("on", of: "modalities")
        var locations = section.locations
        for modality in chosen ?? [] { locations["on.\(modality.name)"] = modality.location }
        var data: ComponentChoice?
        if let entry = section.node.entry("data"), !entry.value.isNull {
            data = ComponentReader(kind: .datasets, catalogue: catalogue, faults: faults).choice(entry.value, name: "data", at: entry.keyLocation)
        }
        return MeasurementChoice(
            name: section.name("name") ?? item.name, choice: choice, modalities: chosen?.map(\.name), data: data, locations: locations)
    }
}

/// Reads `model:`.
struct ModelReader {
    let catalogue: Catalogue
    let faults: FaultCollector

    /// The model of a recipe; nil, and reported, where a part of it is missing or unknown.
    func model(of recipe: SectionReader) -> ModelPlan? {
        guard recipe.node["model"] != nil else {
            recipe.reportMissing("model", expected: "a section with encoder and fusion")
            return nil
        }
        return recipe.section("model").flatMap { model($0) }
    }

    /// A model that stands in a section of its own.
    func model(_ model: SectionReader) -> ModelPlan? {
        if model.node["use"] != nil { return whole(model) }
        model.refuseKeys(except: Self.assembledKeys + ["modalities", "use"])
        let modalities = model.names("modalities", of: "modalities")
        let encoder = component("encoder", .encoders, in: model)
        let encoders = encoders(model)
        if model.node["fusion"] == nil {
            model.reportMissing("fusion", expected: "one of: " + catalogue[.fusions].map(\.name).joined(separator: ", "))
        }
        guard let fusion = component("fusion", .fusions, in: model) else { return nil }
        return plan(.assembled(encoder: encoder, encoders: encoders, fusion: fusion), model, modalities: modalities)
    }

    private static let assembledKeys = ["encoder", "encoders", "fusion"]

    /// What a row says of its model laid over the common one: a whole model and one of encoders and a fusion replace each other.
    static func overlaid(_ own: YAMLNode, on common: YAMLNode?) -> YAMLNode {
        guard let common else { return own }
        let isAssembled = assembledKeys.contains { own[$0] != nil }
        if own["use"] != nil && common["use"] == nil || isAssembled && common["use"] != nil { return own }
        return common.merged(with: own)
    }

    /// `model: {use: NAME, …}`.
    private func whole(_ model: SectionReader) -> ModelPlan? {
        let modalities = model.names("modalities", of: "modalities")
        for entry in model.node.entries ?? [] where Self.assembledKeys.contains(entry.key) {
            faults.report(
                "'\(entry.key)' appears beside 'use', which names a whole model", at: entry.keyLocation,
                expected: "either use or encoder and fusion")
        }
        // What was reported above is not reported again as an unknown option.
        let options = model.node.entries?.filter { !Self.assembledKeys.contains($0.key) } ?? []
        let reader = ComponentReader(kind: .models, catalogue: catalogue, reserved: ["modalities"], faults: faults)
        let choice = reader.choice(YAMLNode(.map(options), at: model.node.location), name: "model", at: model.location)
        return choice.map { plan(.whole($0), model, modalities: modalities) }
    }

    private func plan(
        _ content: ModelPlan.Content, _ model: SectionReader, modalities: [(name: String, location: SourceLocation)]?
    ) -> ModelPlan {
        var locations = model.locations
        for modality in modalities ?? [] { locations["modalities.\(modality.name)"] = modality.location }
        for entry in model.node["encoders"]?.entries ?? [] { locations["encoders.\(entry.key)"] = entry.keyLocation }
        return ModelPlan(content: content, modalities: modalities?.map(\.name), location: model.location, locations: locations)
    }

    private func component(_ key: String, _ kind: ComponentKind, in section: SectionReader) -> ComponentChoice? {
        guard let entry = section.node.entry(key) else { return nil }
        return ComponentReader(kind: kind, catalogue: catalogue, faults: faults)
            .choice(entry.value, name: "model.\(key)", at: entry.keyLocation)
    }

    private func encoders(_ model: SectionReader) -> [String: ComponentChoice] {
        guard let section = model.section("encoders", name: "model.encoders") else { return [:] }
        var encoders: [String: ComponentChoice] = [:]
        for entry in section.node.entries ?? [] {
            encoders[entry.key] = ComponentReader(kind: .encoders, catalogue: catalogue, faults: faults)
                .choice(entry.value, name: "model.encoders.\(entry.key)", at: entry.keyLocation)
        }
        return encoders
    }
}
