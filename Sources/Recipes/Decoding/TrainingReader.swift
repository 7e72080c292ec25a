import Configuration

/// Reads `training:`.
struct TrainingReader {
    let catalogue: Catalogue
    let faults: FaultCollector

    private static let keys = ["epochs", "batch", "batching", "optimizer", "schedule", "gradient-clip", "augmentation-draws", "stem-cache"]

    /// The plan; nil, and reported, where a component is unknown or the section is none.
    func training(_ section: SectionReader?) -> TrainingPlan? {
        guard let section else { return nil }
        section.refuseKeys(except: Self.keys)
        let settings = section.options(TrainingPlan.Settings.self)
        let optimizerReader = ComponentReader(kind: .optimizers, catalogue: catalogue, reserved: ["learning-rate"], faults: faults)
        let scheduleReader = ComponentReader(kind: .schedules, catalogue: catalogue, faults: faults)
        let optimizer = component("optimizer", default: "adam", reader: optimizerReader, in: section)
        let schedule = component("schedule", default: "constant", reader: scheduleReader, in: section)
        var rate = TrainingPlan.OptimizerSettings().learningRate
        var locations = section.locations
        if section.node["optimizer"]?.entries != nil, let inner = section.section("optimizer") {
            rate = inner.options(TrainingPlan.OptimizerSettings.self).learningRate
            locations["optimizer.learning-rate"] = inner.locations["learning-rate"]
        }
        guard let optimizer, let schedule else { return nil }
        return TrainingPlan(
            epochs: settings.epochs, batch: settings.batch, batching: settings.batching, optimizer: optimizer,
            learningRate: rate, schedule: schedule, gradientClip: settings.gradientClip,
            augmentationDraws: settings.augmentationDraws, stemCache: settings.stemCache, location: section.location, locations: locations)
    }

    private func component(
        _ key: String, default name: String, reader: ComponentReader, in section: SectionReader
    ) -> ComponentChoice? {
        guard let entry = section.node.entry(key), !entry.value.isNull else {
            return ComponentChoice(name, location: section.location)
        }
        var node = entry.value
        if let entries = node.entries, node["use"] == nil {
            // Options alone are those of the default.
            let use = YAMLNode(.scalar(YAMLScalar(quoted: name)), at: entry.keyLocation)
            node.content = .map(entries + [YAMLNode.Entry(key: "use", keyLocation: entry.keyLocation, value: use)])
        }
        return reader.choice(node, name: "training.\(key)", at: entry.keyLocation)
    }
}
