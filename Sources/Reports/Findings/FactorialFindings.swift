import Results
import Statistics

/// What each part contributes, a regularizer or anything else, where the rows are all combinations of several.
package struct FactorialFindings: Hashable, Sendable {
    /// A main effect, or the interaction of several.
    package struct Effect: Hashable, Sendable {
        package let regularizers: [String]
        /// Over independent units: see `TrialSet.units`; as a fraction.
        package let estimate: Estimate
    }

    package let design: FactorialDesign
    /// Main effects first, then interactions by the number of regularizers.
    package let effects: [Effect]
    /// Shapley values, one a factor in the design's order.
    package let shapleyValues: [Effect]

    /// Nil when the rows are not a full design, or when no (seed, domain, repetition) has all of its combinations finished.
    package init?(_ measure: Measure, of variant: VariantSettings, in trials: TrialSet) {
        let rows = variant.rows.compactMap { row in variant.regularizers[row].map { (name: row, factors: $0) } }
        guard let design = FactorialDesign(rows: rows) else { return nil }
        let groups = trials.units(of: design.rows, in: variant) { match -> [Double]? in
            let values = match.compactMap { $0.flatMap(measure.value) }
            return values.count == design.rows.count ? values : nil
        }
        func estimate(_ figure: ([Double]) -> Double) -> Estimate? {
            Estimate(groups.compactMap { $0.map(figure).mean })
        }
        self.design = design
        effects = design.sets.compactMap { set in
            let names = design.factors.indices.filter { set >> $0 & 1 == 1 }.map { design.factors[$0] }
            return estimate { design.effect(of: set, in: $0) }.map { Effect(regularizers: names, estimate: $0) }
        }
        shapleyValues = design.factors.indices.compactMap { factor in
            estimate { design.shapleyValue(of: factor, in: $0) }
                .map { Effect(regularizers: [design.factors[factor]], estimate: $0) }
        }
        if effects.isEmpty { return nil }
    }
}
