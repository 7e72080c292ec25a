import Configuration

/// Reads a list of measurements: `- dependence`, `- dependence: {samples: 500}` or `- use: dependence` with keys beside it.
struct MeasurementReader {
    let catalogue: Catalogue
    let faults: FaultCollector

    /// The measurements that all rows have, and those that one row has beside them.
    ///
    /// - Parameter owner: whose list it is, for messages: `row '+ MER'`.
    func measurements(_ lists: [YAMLNode?], owner: String) -> [MeasurementChoice] {
        var choices: [MeasurementChoice] = []
        for choice in lists.flatMap({ items(of: $0) }).compactMap(measurement) {
            if let first = choices.first(where: { $0.name == choice.name }) {
                faults.report(
                    "two measurements of \(owner) are named '\(choice.name)'; the first stands at \(first.choice.location)",
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
        return MeasurementChoice(name: section.name("name") ?? item.name, choice: choice)
    }
}
