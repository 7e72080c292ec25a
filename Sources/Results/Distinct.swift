extension Sequence where Element: Hashable {
    /// Each element once, in the order of first appearance.
    package var distinct: [Element] { distinct(by: \.self) }
}

extension Sequence {
    /// The first element for each value of a property, in the order of first appearance.
    package func distinct<Property: Hashable>(by property: (Element) -> Property) -> [Element] {
        var seen: Set<Property> = []
        return filter { seen.insert(property($0)).inserted }
    }
}
