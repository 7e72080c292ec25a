/// Puts values together that are not independent of each other.
///
/// A statistic over trials counts what could have come out differently by itself. Accuracies of one training on several domains, or of
/// several rows on one draw of the data, could not: they are one unit, of which the mean counts once.
package enum IndependentUnits {
    /// Groups values that share a label, directly or through other values.
    ///
    /// - Parameter values: each value with what it shares with others, such as the trainings that it comes from. A value without labels
    ///   is a unit of its own.
    /// - Returns: the units in the order of their first values, each with its values in the order given.
    package static func grouped<Value, Label: Hashable>(_ values: [(value: Value, labels: [Label])]) -> [[Value]] {
        var parents = Array(values.indices)
        func root(_ index: Int) -> Int {
            var index = index
            while parents[index] != index { index = parents[index] }
            return index
        }
        var first: [Label: Int] = [:]
        for (index, entry) in values.enumerated() {
            for label in entry.labels {
                guard let other = first[label] else {
                    first[label] = index
                    continue
                }
                let (one, two) = (root(index), root(other))
                // The earlier value stays the root, so that paths stay short and units keep their order.
                parents[max(one, two)] = min(one, two)
            }
        }
        var places: [Int: Int] = [:]
        var units: [[Value]] = []
        for (index, entry) in values.enumerated() {
            let root = root(index)
            if let place = places[root] {
                units[place].append(entry.value)
            } else {
                places[root] = units.count
                units.append([entry.value])
            }
        }
        return units
    }
}
