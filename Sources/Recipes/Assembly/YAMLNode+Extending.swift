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
