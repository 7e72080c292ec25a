import Configuration

/// Reads a list of terms: `- mer`, `- mer: {weight: 3}`, `- use: mer` with keys beside it, or `- sum: {terms: [mer, noise]}`.
struct RegularizerReader {
    let catalogue: Catalogue
    let faults: FaultCollector
    /// Those that terms can see; nil where they are not known.
    let modalities: [String]?
    /// The sum with `on:` that the terms stand in, where they do.
    private var restrictingSum: String?

    init(catalogue: Catalogue, faults: FaultCollector, modalities: [String]?) {
        self.catalogue = catalogue
        self.faults = faults
        self.modalities = modalities
    }

    /// The reader of the terms of a sum with `on:`.
    private init(_ outer: RegularizerReader, of sum: String, seeing modalities: [String]) {
        self.init(catalogue: outer.catalogue, faults: outer.faults, modalities: modalities)
        restrictingSum = sum
    }

    /// - Parameter owner: whose list it is, for messages: `row '+ MER'`.
    func regularizers(_ node: YAMLNode?, owner: String) -> [RegularizerChoice] {
        guard let node, !node.isNull else { return [] }
        guard let items = node.items else {
            faults.report(
                "regularizers cannot be \(node.phrase)", at: node.location, expected: "a list, such as [mer]")
            return []
        }
        return terms(items, owner: owner)
    }

    private func terms(_ items: [YAMLNode], owner: String) -> [RegularizerChoice] {
        var choices: [RegularizerChoice] = []
        for choice in items.compactMap(term) {
            if let first = choices.first(where: { $0.name == choice.name }) {
                faults.report(
                    "two regularizers of \(owner) are named '\(choice.name)'; the first stands at \(first.location)",
                    at: choice.locations["name"] ?? choice.location, expected: "another name, such as name: \(choice.name)-2")
            }
            choices.append(choice)
        }
        return choices
    }

    private func term(_ item: YAMLNode) -> RegularizerChoice? {
        guard let item = ComponentItem(item, kind: "a regularizer", faults: faults) else { return nil }
        if item.name == RegularizerChoice.sumName { return sum(item.body, at: item.location) }
        return regularizer(item.name, item.body, at: item.location)
    }

    private func regularizer(_ name: String, _ body: YAMLNode, at location: SourceLocation) -> RegularizerChoice? {
        let reader = ComponentReader(
            kind: "regularizer", known: catalogue.regularizers, reserved: RegularizerChoice.reservedKeys, faults: faults)
        guard let choice = reader.choice(component: name, at: location, options: body),
            let section = SectionReader(body, name: "regularizer \(name)", at: location, faults: faults)
        else { return nil }
        let settings = section.options(RegularizerChoice.PlaceSettings.self)
        let chosen = section.names("on", of: "modalities")
        check(chosen, in: section)
        check(settings.place, of: choice, on: chosen, in: section)
        let projection = section.section("projection")
        projection?.refuseKeys(except: ProjectionOptions.descriptions.map(\.name))
        return RegularizerChoice(
            name: section.name("name") ?? name, content: .regularizer(choice),
            weight: section.options(RegularizerChoice.Settings.self).weight, schedule: schedule(section),
            after: moment("after", in: section), until: moment("until", in: section), modalities: chosen?.map(\.name),
            place: settings.place, part: settings.part, projection: projection?.options(ProjectionOptions.self) ?? ProjectionOptions(),
            location: location, locations: section.locations)
    }

    private func sum(_ body: YAMLNode, at location: SourceLocation) -> RegularizerChoice? {
        guard let section = SectionReader(body, name: "the sum", at: location, faults: faults) else { return nil }
        let keys = RegularizerChoice.sumKeys
        for entry in body.entries ?? [] where !keys.contains(entry.key) {
            let isOfTerms = RegularizerChoice.reservedKeys.contains(entry.key)
            // A path into the sum, as of --set, may have misspelt a term.
            let names = keys + (body["terms"]?.items ?? []).compactMap(\.itemName)
            faults.report(
                isOfTerms ? "'\(entry.key)' belongs to the terms of a sum" : "unknown key '\(printable(entry.key))' in the sum",
                at: entry.keyLocation,
                expected: isOfTerms ? "'\(entry.key)' in each of its terms" : "one of: " + keys.joined(separator: ", "),
                suggestion: isOfTerms ? nil : nearestName(to: entry.key, among: names))
        }
        let name = section.name("name") ?? RegularizerChoice.sumName
        let chosen = section.names("on", of: "modalities")
        check(chosen, in: section)
        let inner: RegularizerReader
        if let chosen, let modalities, !chosen.isEmpty {
            let seen = modalities.filter { name in chosen.contains { $0.name == name } }
            inner = RegularizerReader(self, of: name, seeing: seen.isEmpty ? modalities : seen)
        } else {
            inner = self
        }
        return RegularizerChoice(
            name: name, content: .sum(terms(of: section, name: name, reader: inner)),
            weight: section.options(RegularizerChoice.Settings.self).weight, schedule: schedule(section),
            after: moment("after", in: section), until: moment("until", in: section), modalities: chosen?.map(\.name),
            place: .embedding, part: .whole, projection: ProjectionOptions(), location: location, locations: section.locations)
    }

    private func terms(of sum: SectionReader, name: String, reader: RegularizerReader) -> [RegularizerChoice] {
        guard let node = sum.node["terms"] else {
            sum.reportMissing("terms", expected: "a list of regularizers, such as [mer]")
            return []
        }
        guard let items = node.items, !items.isEmpty else {
            faults.report(
                "terms cannot be \(node.items == nil ? node.phrase : "an empty list")", at: node.location,
                expected: "a list of regularizers, such as [mer]")
            return []
        }
        return reader.terms(items, owner: "sum '\(name)'")
    }

    private func schedule(_ section: SectionReader) -> WeightSchedule {
        guard let entry = section.node.entry("schedule") else { return WeightSchedule() }
        // `schedule: cosine` is short for `schedule: {shape: cosine}`.
        var node = entry.value
        if node.scalar?.value.isText == true {
            node = YAMLNode(.map([YAMLNode.Entry(key: "shape", keyLocation: node.location, value: node)]), at: node.location)
        }
        guard let inner = SectionReader(node, name: "schedule", at: entry.keyLocation, faults: faults) else {
            return WeightSchedule()
        }
        inner.refuseKeys(except: WeightSchedule.descriptions.map(\.name))
        let schedule = inner.options(WeightSchedule.self)
        if schedule.start > schedule.end {
            let range = "\(OptionValue.number(schedule.start)) and ends at \(OptionValue.number(schedule.end))"
            faults.report(
                "a schedule starts at \(range)", at: inner.locations["start"] ?? inner.location, expected: "a start before the end")
        }
        return schedule
    }

    /// `after:` or `until:`; nil where it is not given, empty or at fault.
    private func moment(_ key: String, in section: SectionReader) -> TrainingMoment? {
        guard let node = section.node[key], !node.isNull else { return nil }
        guard let value = node.optionValue else {
            faults.report("\(key) cannot be \(node.phrase)", at: node.location, expected: TrainingMoment.expectation)
            return nil
        }
        do throws(OptionFault) {
            return try TrainingMoment(value)
        } catch {
            faults.report(error, name: key, node: node)
            return nil
        }
    }

    private func check(_ chosen: [(name: String, location: SourceLocation)]?, in section: SectionReader) {
        for modality in chosen ?? [] {
            guard let modalities, !modalities.contains(modality.name) else { continue }
            faults.report(
                "\(restrictingSum.map { "the sum '\($0)'" } ?? "the model") has no modality '\(modality.name)'", at: modality.location,
                expected: "one of: " + modalities.joined(separator: ", "),
                suggestion: nearestName(to: modality.name, among: modalities))
        }
    }

    private func check(
        _ place: Place, of choice: ComponentChoice, on chosen: [(name: String, location: SourceLocation)]?, in section: SectionReader
    ) {
        let places = catalogue.places(choice.component)
        if !places.contains(place) {
            faults.report(
                "regularizer \(choice.component) cannot act at '\(place.rawValue)'",
                at: section.locations["at"] ?? choice.location,
                expected: "one of: " + places.map(\.rawValue).joined(separator: ", "))
        }
        guard place == .fused else { return }
        if chosen != nil, let location = section.locations["on"] {
            faults.report(
                "'at: fused' acts on all modalities together", at: location, expected: "no 'on' beside it")
        } else if let restrictingSum {
            faults.report(
                "'at: fused' acts on all modalities together, and the sum '\(restrictingSum)' has an 'on'",
                at: section.locations["at"] ?? choice.location, expected: "embedding or projection")
        }
    }
}

extension OptionValue {
    var isText: Bool {
        if case .string = self { true } else { false }
    }
}
