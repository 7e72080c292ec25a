import Configuration

/// Reads `model:`.
struct ModelReader {
    let catalogue: Catalogue
    let faults: FaultCollector
    let facts: DatasetFacts?

    /// The model, and the modalities that it reads where the data set is known.
    func model(_ section: SectionReader) -> (ModelPlan?, modalities: [String]?) {
        guard section.node["model"] != nil else {
            section.reportMissing("model", expected: "a section with encoder and fusion")
            return (nil, facts?.modalityNames)
        }
        guard let model = section.section("model") else { return (nil, facts?.modalityNames) }
        if model.node["use"] != nil { return whole(model) }
        model.refuseKeys(except: Self.assembledKeys + ["modalities", "use"])
        let modalities = modalities(model)
        let encoder = component("encoder", kind: "encoder", among: catalogue.encoders, in: model)
        let encoders = encoders(model, modalities: modalities)
        if model.node["fusion"] == nil {
            model.reportMissing("fusion", expected: "one of: " + catalogue.fusions.map(\.name).joined(separator: ", "))
        }
        let fusion = component("fusion", kind: "fusion", among: catalogue.fusions, in: model)
        checkEncoders(model, encoder: encoder, encoders: encoders, modalities: modalities)
        guard let fusion else { return (nil, modalities) }
        return (plan(.assembled(encoder: encoder, encoders: encoders, fusion: fusion), model, modalities: modalities), modalities)
    }

    private static let assembledKeys = ["encoder", "encoders", "fusion"]

    /// `model: {use: NAME, …}`.
    private func whole(_ model: SectionReader) -> (ModelPlan?, modalities: [String]?) {
        let modalities = modalities(model)
        for entry in model.node.entries ?? [] where Self.assembledKeys.contains(entry.key) {
            faults.report(
                "'\(entry.key)' stands beside 'use', which names a whole model", at: entry.keyLocation,
                expected: "either use or encoder and fusion")
        }
        // What was reported above is not an unknown option as well.
        let options = model.node.entries?.filter { !Self.assembledKeys.contains($0.key) } ?? []
        let reader = ComponentReader(kind: "model", known: catalogue.models, reserved: ["modalities"], faults: faults)
        let choice = reader.choice(YAMLNode(.map(options), at: model.node.location), name: "model", at: model.location)
        return (choice.map { plan(.whole($0), model, modalities: modalities) }, modalities)
    }

    private func plan(_ content: ModelPlan.Content, _ model: SectionReader, modalities: [String]?) -> ModelPlan {
        ModelPlan(
            content: content, modalities: model.node["modalities"] == nil ? nil : modalities, location: model.location,
            locations: model.locations)
    }

    private func component(
        _ key: String, kind: String, among known: [ComponentDescription], in section: SectionReader
    ) -> ComponentChoice? {
        guard let entry = section.node.entry(key) else { return nil }
        return ComponentReader(kind: kind, known: known, faults: faults)
            .choice(entry.value, name: "model.\(key)", at: entry.keyLocation)
    }

    /// The modalities that the model reads, in the data set's order.
    private func modalities(_ model: SectionReader) -> [String]? {
        let chosen = model.names("modalities", of: "modalities")
        guard let facts else { return chosen?.map(\.name) }
        guard let chosen else { return facts.modalityNames }
        for modality in chosen where !facts.modalityNames.contains(modality.name) {
            faults.reportUnknown("modality", modality.name, at: modality.location, known: facts.modalityNames)
        }
        let known = facts.modalityNames.filter { name in chosen.contains { $0.name == name } }
        // Where every one is misspelt, other faults are better found against them all.
        return known.isEmpty ? facts.modalityNames : known
    }

    private func encoders(_ model: SectionReader, modalities: [String]?) -> [String: ComponentChoice] {
        guard let section = model.section("encoders", name: "model.encoders") else { return [:] }
        var encoders: [String: ComponentChoice] = [:]
        for entry in section.node.entries ?? [] {
            // A modality that this model leaves out may have its encoder all the same: a sweep, or who extends the recipe, may choose it.
            if let modalities, let facts, !facts.modalityNames.contains(entry.key) {
                faults.report(
                    "the model has no modality '\(printable(entry.key))'", at: entry.keyLocation,
                    expected: "one of: " + modalities.joined(separator: ", "),
                    suggestion: nearestName(to: entry.key, among: modalities))
            }
            encoders[entry.key] = ComponentReader(kind: "encoder", known: catalogue.encoders, faults: faults)
                .choice(entry.value, name: "model.encoders.\(entry.key)", at: entry.keyLocation)
        }
        return encoders
    }

    private func checkEncoders(
        _ model: SectionReader, encoder: ComponentChoice?, encoders: [String: ComponentChoice], modalities: [String]?
    ) {
        let named = model.node["encoders"]?.entries?.map(\.key) ?? []
        for modality in modalities ?? [] {
            if model.node["encoder"] == nil && !named.contains(modality) {
                faults.report(
                    "there is no encoder for the modality '\(modality)'", at: model.location,
                    expected: "encoder, for all modalities, or encoders.\(modality)")
            }
            guard let known = facts?.modalities.first(where: { $0.name == modality }),
                let choice = named.contains(modality) ? encoders[modality] : encoder,
                let fault = catalogue.encoderFault(choice, known)
            else { continue }
            let subject =
                fault.option.map { "\($0) of encoder \(choice.component) does not fit" }
                ?? "encoder \(choice.component) cannot read '\(modality)'"
            faults.report(
                "\(subject): found \(fault.found)",
                at: choice.location(of: fault.option), expected: fault.expected, suggestion: fault.suggestion)
        }
    }
}
