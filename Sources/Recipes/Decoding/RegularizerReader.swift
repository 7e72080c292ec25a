import Configuration

/// Reads a list of regularizers: `- mer`, `- mer: {weight: 3}` or `- use: mer` with keys beside it.
struct RegularizerReader {
    let catalogue: Catalogue
    let faults: FaultCollector
    /// The model's; nil where they are not known.
    let modalities: [String]?

    /// - Parameter owner: whose list it is, for messages: `row '+ MER'`.
    func regularizers(_ node: YAMLNode?, owner: String) -> [RegularizerChoice] {
        guard let node, !node.isNull else { return [] }
        guard let items = node.items else {
            faults.report(
                "regularizers cannot be \(node.phrase)", at: node.location, expected: "a list, such as [mer]")
            return []
        }
        var choices: [RegularizerChoice] = []
        for choice in items.compactMap(regularizer) {
            if let first = choices.first(where: { $0.name == choice.name }) {
                faults.report(
                    "two regularizers of \(owner) are named '\(choice.name)'; the first stands at \(first.location)",
                    at: choice.locations["name"] ?? choice.location, expected: "another name, such as name: \(choice.name)-2")
            }
            choices.append(choice)
        }
        return choices
    }

    private func regularizer(_ item: YAMLNode) -> RegularizerChoice? {
        guard let (name, location, body) = parts(of: item) else { return nil }
        let reader = ComponentReader(
            kind: "regularizer", known: catalogue.regularizers, reserved: RegularizerChoice.reservedKeys, faults: faults)
        guard let choice = reader.choice(component: name, at: location, options: body),
            let section = SectionReader(body, name: "regularizer \(name)", at: location, faults: faults)
        else { return nil }
        let settings = section.options(RegularizerChoice.Settings.self)
        let chosen = section.names("on", of: "modalities")
        check(chosen, place: settings.place, of: choice, in: section)
        let projection = section.section("projection")
        projection?.refuseKeys(except: RegularizerChoice.Projection.descriptions.map(\.name))
        return RegularizerChoice(
            name: section.name("name") ?? name, choice: choice, weight: settings.weight, schedule: schedule(section),
            modalities: chosen?.map(\.name), place: settings.place,
            projection: projection?.options(RegularizerChoice.Projection.self) ?? RegularizerChoice.Projection(),
            location: location, locations: section.locations)
    }

    /// Name, its place, and the section with everything else.
    private func parts(of item: YAMLNode) -> (name: String, location: SourceLocation, body: YAMLNode)? {
        let empty = YAMLNode(.map([]), at: item.location)
        if item.isScalar, let name = item.nameText { return (name, item.location, empty) }
        if let use = item["use"] {
            if let name = use.nameText { return (name, use.location, item) }
        } else if let entries = item.entries, entries.count == 1 {
            return (entries[0].key, entries[0].keyLocation, entries[0].value.isNull ? empty : entries[0].value)
        }
        faults.report(
            "a regularizer cannot be \(item.phrase)\(item.entries == nil ? "" : " without a name under 'use'")", at: item.location,
            expected: "name, name: {option: value} or use: name")
        return nil
    }

    private func schedule(_ section: SectionReader) -> RegularizerChoice.Schedule {
        guard let entry = section.node.entry("schedule") else { return RegularizerChoice.Schedule() }
        // `schedule: cosine` is short for `schedule: {shape: cosine}`.
        var node = entry.value
        if node.scalar?.value.isText == true {
            node = YAMLNode(.map([YAMLNode.Entry(key: "shape", keyLocation: node.location, value: node)]), at: node.location)
        }
        guard let inner = SectionReader(node, name: "schedule", at: entry.keyLocation, faults: faults) else {
            return RegularizerChoice.Schedule()
        }
        inner.refuseKeys(except: RegularizerChoice.Schedule.descriptions.map(\.name))
        let schedule = inner.options(RegularizerChoice.Schedule.self)
        if schedule.start > schedule.end {
            let range = "\(OptionValue.number(schedule.start)) and ends at \(OptionValue.number(schedule.end))"
            faults.report(
                "a schedule starts at \(range)", at: inner.locations["start"] ?? inner.location, expected: "a start before the end")
        }
        return schedule
    }

    private func check(
        _ chosen: [(name: String, location: SourceLocation)]?, place: RegularizerChoice.Place, of choice: ComponentChoice,
        in section: SectionReader
    ) {
        for modality in chosen ?? [] {
            guard let modalities, !modalities.contains(modality.name) else { continue }
            faults.report(
                "the model has no modality '\(modality.name)'", at: modality.location,
                expected: "one of: " + modalities.joined(separator: ", "),
                suggestion: nearestName(to: modality.name, among: modalities))
        }
        let places = catalogue.places(choice.component)
        if !places.contains(place) {
            faults.report(
                "regularizer \(choice.component) cannot act at '\(place.rawValue)'",
                at: section.locations["at"] ?? choice.location,
                expected: "one of: " + places.map(\.rawValue).joined(separator: ", "))
        }
        if place == .fused, chosen != nil, let location = section.locations["on"] {
            faults.report(
                "'at: fused' acts on all modalities together", at: location, expected: "no 'on' beside it")
        }
    }
}

extension OptionValue {
    var isText: Bool {
        if case .string = self { true } else { false }
    }
}
