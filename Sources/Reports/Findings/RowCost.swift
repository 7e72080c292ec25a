import Results

/// What a training step of one row takes, in seconds: medians over the row's trials that measured it.
package struct RowCost: Hashable, Sendable {
    /// One regularizer's part.
    package struct Term: Hashable, Sendable {
        package let instance: String
        package let seconds: Double
        /// Part of the whole step, in `0...1`; nil when the step took no time that could be measured.
        package let share: Double?
    }

    package let row: String
    package let seconds: Double
    /// Beyond a step of the baseline row; nil for the baseline itself and where it was not measured.
    package let difference: Double?
    /// In the row's order.
    package let terms: [Term]
    /// How many trials the medians are taken over.
    package let trials: Int

    /// One entry for every row of which some trial measured a step.
    package static func costs(variant: [String: String], of trials: TrialSet) -> [RowCost] {
        let measured = trials.settings.rows.map { row in
            (row, trials.results(row: row, variant: variant).filter(\.isFinished).compactMap(\.stepCost))
        }
        let baseline = measured.first { $0.0 == trials.settings.baseline }.flatMap { Statistics.median($0.1.map(\.seconds)) }
        return measured.compactMap { row, costs in
            guard let seconds = Statistics.median(costs.map(\.seconds)) else { return nil }
            var seen: Set<String> = []
            let instances = costs.flatMap { $0.terms.map(\.instance) }.filter { seen.insert($0).inserted }
            let terms = instances.compactMap { instance in
                Statistics.median(costs.flatMap(\.terms).filter { $0.instance == instance }.map(\.seconds)).map {
                    Term(instance: instance, seconds: $0, share: seconds > 0 ? $0 / seconds : nil)
                }
            }
            return RowCost(
                row: row, seconds: seconds,
                difference: row == trials.settings.baseline ? nil : baseline.map { seconds - $0 }, terms: terms,
                trials: costs.count)
        }
    }
}
