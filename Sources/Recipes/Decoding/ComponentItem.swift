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
