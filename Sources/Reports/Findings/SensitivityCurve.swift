import Results

/// How a row's accuracy depends on one swept number, with every other dial held.
package struct SensitivityCurve: Hashable, Sendable {
    package struct Point: Hashable, Sendable {
        package let value: Double
        /// Accuracy averaged over targets; nil where nothing finished.
        package let estimate: Estimate?
    }

    package let row: String
    /// By value, rising.
    package let points: [Point]
}

/// The curves of one dial under one setting of the others.
package struct Sensitivity: Hashable, Sendable {
    /// Recipe path of the swept number.
    package let dial: String
    /// What the other dials are set to; empty where only one is swept.
    package let others: [String: String]
    /// One a row, in the table's order.
    package let curves: [SensitivityCurve]

    /// Every dial that takes two or more numbers, under each setting of the others.
    static func all(of variants: [VariantReport], dials: [String]) -> [Sensitivity] {
        dials.flatMap { dial -> [Sensitivity] in
            var settings: [[String: String]] = []
            for variant in variants {
                let others = variant.variant.filter { $0.key != dial }
                if !settings.contains(others) { settings.append(others) }
            }
            return settings.compactMap { others in
                let swept = variants.compactMap { variant -> (Double, VariantReport)? in
                    guard variant.variant.filter({ $0.key != dial }) == others else { return nil }
                    return variant.variant[dial].flatMap(Double.init).flatMap { $0.isFinite ? ($0, variant) : nil }
                }.sorted { $0.0 < $1.0 }
                guard Set(swept.map(\.0)).count > 1 else { return nil }
                let rows = swept[0].1.accuracy.rows.indices
                return Sensitivity(
                    dial: dial, others: others,
                    curves: rows.map { row in
                        SensitivityCurve(
                            row: swept[0].1.accuracy.rows[row].name,
                            points: swept.map { .init(value: $0.0, estimate: $0.1.accuracy.rows[row].average.estimate) })
                    })
            }
        }
    }
}
