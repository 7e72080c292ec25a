import Configuration

/// Reads a list of terms: `- mer`, `- mer: {weight: 3}`, `- use: mer` with keys beside it, or `- sum: {terms: [mer, noise]}`.
struct RegularizerReader {
    let catalogue: Catalogue
    let faults: FaultCollector

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
        var places: [String: SourceLocation] = [:]
        for choice in items.compactMap(term) {
            if let first = places[choice.name] {
                faults.report(
                    "two regularizers of \(owner) are named '\(choice.name)'; the first is at \(first)",
                    at: choice.locations["name"] ?? choice.location, expected: "another name, such as name: \(choice.name)-2")
            }
            places[choice.name] = places[choice.name] ?? choice.location
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
        let reader = ComponentReader(kind: .regularizers, catalogue: catalogue, reserved: RegularizerChoice.reservedKeys, faults: faults)
        guard let choice = reader.choice(component: name, at: location, options: body),
            let section = SectionReader(body, name: "regularizer \(name)", at: location, faults: faults)
        else { return nil }
        let settings = section.options(RegularizerChoice.PlaceSettings.self)
        let chosen = section.names("on", of: "modalities")
        let points = section.names("points", of: "points inside the encoders")
        let projection = section.section("projection")
        projection?.refuseKeys(except: ProjectionOptions.descriptions.map(\.name))
        return RegularizerChoice(
            name: section.name("name") ?? name, content: .regularizer(choice),
            weight: section.options(RegularizerChoice.Settings.self).weight, schedule: schedule(section),
            after: moment("after", in: section), until: moment("until", in: section), modalities: chosen?.map(\.name),
            place: settings.place, part: settings.part, points: points?.map(\.name),
            projection: projection?.options(ProjectionOptions.self) ?? ProjectionOptions(),
            location: location, locations: locations(of: section, ["on": chosen, "points": points]))
    }

    private func sum(_ body: YAMLNode, at location: SourceLocation) -> RegularizerChoice? {
        guard let section = SectionReader(body, name: "the sum", at: location, faults: faults) else { return nil }
        let keys = RegularizerChoice.sumKeys
        for entry in body.entries ?? [] where !keys.contains(entry.key) {
            let isOfTerms = RegularizerChoice.reservedKeys.contains(entry.key)
            // A path into the sum, such as one of --set, may misspell a term.
            let names = keys + (body["terms"]?.items ?? []).compactMap(\.itemName)
            faults.report(
                isOfTerms ? "'\(entry.key)' belongs to the terms of a sum" : "unknown key '\(printable(entry.key))' in the sum",
                at: entry.keyLocation,
                expected: isOfTerms ? "'\(entry.key)' in each of its terms" : "one of: " + keys.joined(separator: ", "),
                suggestion: isOfTerms ? nil : nearestName(to: entry.key, among: names))
        }
        let name = section.name("name") ?? RegularizerChoice.sumName
        let chosen = section.names("on", of: "modalities")
        return RegularizerChoice(
            name: name, content: .sum(terms(of: section, name: name)),
            weight: section.options(RegularizerChoice.Settings.self).weight, schedule: schedule(section),
            after: moment("after", in: section), until: moment("until", in: section), modalities: chosen?.map(\.name),
            place: .embedding, part: .whole, points: nil, projection: ProjectionOptions(), location: location,
            locations: locations(of: section, ["on": chosen]))
    }

    private func terms(of sum: SectionReader, name: String) -> [RegularizerChoice] {
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
        return terms(items, owner: "sum '\(name)'")
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
        return inner.options(WeightSchedule.self)
    }

    /// `after:` or `until:`; nil where it is missing, empty or wrong.
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

    /// Where the keys of a section stand, and the single names of its lists: `on.audio`.
    private func locations(
        of section: SectionReader, _ lists: [String: [(name: String, location: SourceLocation)]?]
    ) -> [String: SourceLocation] {
        var locations = section.locations
        for (key, names) in lists {
            for name in names ?? [] { locations["\(key).\(name.name)"] = name.location }
        }
        return locations
    }
}

extension OptionValue {
    var isText: Bool {
        if case .string = self { true } else { false }
    }
}
