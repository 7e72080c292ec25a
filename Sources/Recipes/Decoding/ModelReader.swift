import Configuration

/// Reads `model:`.
struct ModelReader {
    let catalogue: Catalogue
    let faults: FaultCollector

    /// The model; nil, and reported, where a part of it is missing or unknown.
    func model(_ section: SectionReader) -> ModelPlan? {
        guard section.node["model"] != nil else {
            section.reportMissing("model", expected: "a section with encoder and fusion")
            return nil
        }
        guard let model = section.section("model") else { return nil }
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

    /// `model: {use: NAME, …}`.
    private func whole(_ model: SectionReader) -> ModelPlan? {
        let modalities = model.names("modalities", of: "modalities")
        for entry in model.node.entries ?? [] where Self.assembledKeys.contains(entry.key) {
            faults.report(
                "'\(entry.key)' stands beside 'use', which names a whole model", at: entry.keyLocation,
                expected: "either use or encoder and fusion")
        }
        // What was reported above is not an unknown option as well.
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
