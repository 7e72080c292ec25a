extension YAMLNode {
    /// This section with another one laid over it: sections are merged key by key, everything else is replaced.
    ///
    /// A component (`optimizer: {use: adam, …}`) keeps its options only as long as the overlay does not name another one.
    func merged(with overlay: YAMLNode) -> YAMLNode {
        guard let over = overlay.entries else { return overlay.isNull ? self : overlay }
        let under = isNull ? YAMLNode(.map([]), at: location) : isScalar ? asComponent : self
        guard var entries = under.entries else { return overlay }
        if let use = overlay["use"], use != under["use"] { return overlay }
        let places = Dictionary(entries.enumerated().map { ($1.key, $0) }) { first, _ in first }
        for entry in over {
            if let index = places[entry.key] {
                // A null inside a section is a value; only a section left empty adds nothing.
                let isSection = entries[index].value.entries != nil
                let value = entry.value.isNull && !isSection ? entry.value : entries[index].value.merged(with: entry.value)
                entries[index] = Entry(key: entry.key, keyLocation: entry.keyLocation, value: value)
            } else {
                entries.append(entry)
            }
        }
        return YAMLNode(.map(entries), at: overlay.location)
    }
}

extension YAMLNode {
    /// This section with another one laid over it, as in `extends:` and `include:`: like `merged(with:)`, but `rows` and
    /// `regularizers` of the other may say what to do with the list below them:
    ///
    /// ```yaml
    /// rows:
    ///   remove: [+ Noise]
    ///   replace:
    ///     + MER: {regularizers: [mer: {weight: 2}]}
    ///   append:
    ///     - name: + CMC
    ///       regularizers: [cmc]
    /// ```
    ///
    /// A plain list replaces the other.
    func extended(by overlay: YAMLNode, faults: FaultCollector) -> YAMLNode {
        guard var entries = overlay.entries else { return merged(with: overlay) }
        for index in entries.indices {
            guard ListOperations.keys.contains(entries[index].key), entries[index].value.entries != nil else { continue }
            let list = self[entries[index].key]
            guard list == nil || list?.isNull == true || list?.items != nil else { continue }
            let operations = ListOperations(entries[index], faults: faults)
            entries[index].value = operations.applied(to: list?.items ?? [])
        }
        return merged(with: YAMLNode(.map(entries), at: overlay.location))
    }
}
