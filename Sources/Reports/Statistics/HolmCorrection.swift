/// Holm's step-down correction for comparing several rows at once (Holm 1979).
package enum HolmCorrection {
    /// Adjusted p values in the order given. At a level of 0.05, the chance of one false finding among all of them stays
    /// below 0.05, whatever depends on what. Entries without a p value are no part of the family.
    package static func adjusted(_ values: [Double?]) -> [Double?] {
        let present = values.indices.compactMap { index in values[index].map { (index, $0) } }
        let ordered = present.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        var result: [Double?] = Array(repeating: nil, count: values.count)
        var largest = 0.0
        for (rank, (index, p)) in ordered.enumerated() {
            largest = max(largest, min(1, p * Double(ordered.count - rank)))
            result[index] = largest
        }
        return result
    }
}
