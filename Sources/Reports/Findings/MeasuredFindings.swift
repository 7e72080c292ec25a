import Results
import Statistics

/// What one measurement found over the trials of a variant, row against row.
package struct MeasuredFindings: Hashable, Sendable {
    /// What tells one of a measurement's numbers from another.
    package struct Quantity: Hashable, Sendable {
        package let name: String
        package let modality: String?
        package let samples: String?
        package let condition: String?

        init(_ number: Findings.Number) {
            name = number.name
            modality = number.modality
            samples = number.samples
            condition = number.condition
        }

        /// Everything but the name: `video, target, noise 0.5`; empty where there is nothing else.
        package var context: String { [modality, samples, condition].compactMap(\.self).joined(separator: ", ") }

        /// Whether it is about two modalities together, as measures of dependence are.
        package var isJoint: Bool { modality?.contains(", ") ?? false }

        /// `rankme of video on target`.
        package var text: String { name + (modality.map { " of \($0)" } ?? "") + place }

        /// `rankme on target`.
        package var textWithoutModality: String { name + place }

        private var place: String { (samples.map { " on \($0)" } ?? "") + (condition.map { " (\($0))" } ?? "") }
    }

    /// A quantity in one row: what it is, and how it differs from the baseline's.
    package struct Entry: Hashable, Sendable {
        package let row: String
        package let quantity: Quantity
        /// Over seeds, targets and repetitions; nil where no trial has a number.
        package let estimate: Estimate?
        /// Trials whose model was measured, and those of them that have a number.
        package let measured, count: Int
        /// The paired difference to the baseline; nil for the baseline itself and where there is no pair.
        package let difference: PairedDifference?
        package let interval: ConfidenceInterval?
        /// What the tests say, corrected over all differences of the measurement that are tested; nil where there is nothing to test with.
        package fileprivate(set) var test: ComparisonFamily.Member?
        /// Pearson's correlation over the pairs of this difference with that of the score on the target; nil for fewer than three pairs, or where one of them
        /// does not vary.
        package let correlationWithGain: Double?
        /// The pairs that it is over.
        package let gains: [Gain]
    }

    /// One pair of trainings: a row's and the baseline's.
    package struct Gain: Hashable, Sendable {
        /// By how much the quantity differs.
        package let quantity: Double
        /// By how much the score on the target does.
        package let score: Double
    }

    /// The measurement's name, with its options where it has any.
    package let title: String
    /// In the order in which trials name them.
    package let quantities: [Quantity]
    /// By quantity, then by row.
    package let entries: [[Entry]]
    /// How many differences are tested, which is what the p values are corrected for.
    package let tested: Int
    /// Why numbers are missing, with how many are, the most frequent first.
    package let reasons: [(reason: String, count: Int)]
    /// Remarks that belong to the numbers.
    package let notes: [String]
    /// Seconds a trial, the mean.
    package let seconds: Double
    /// Curves that all trials of a row have at the same places, averaged over them: by curve, then by row.
    package let curves: [[Curve]]
    /// Grids, added up over the trials of a row.
    package let grids: [(row: String, grid: Findings.Grid)]
    /// Maps of the first trial of each row that has some.
    package let maps: [(key: TrialKey, map: Findings.Map)]

    /// A curve of one row.
    package struct Curve: Hashable, Sendable {
        package let row: String
        package let curve: Findings.Curve
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.title == right.title && left.entries == right.entries && left.curves == right.curves && left.notes == right.notes
            && left.grids.map(\.grid) == right.grids.map(\.grid) && left.maps.map(\.map) == right.maps.map(\.map)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(title)
        hasher.combine(entries)
    }

    /// All measurements of a variant, in the order in which they first appear.
    package static func all(
        of variant: VariantSettings, in trials: TrialSet, records: [TrialKey: [MeasurementRecord]]
    ) -> [MeasuredFindings] {
        let results = variant.rows.flatMap { trials.results(row: $0, of: variant) }
        return results.flatMap { records[$0.key] ?? [] }.map(\.title).distinct.map { title in
            let own = Dictionary(
                results.compactMap { result in records[result.key]?.first { $0.title == title }.map { (result.key, $0) } }
            ) { first, _ in first }
            return MeasuredFindings(title, of: variant, in: trials, records: own)
        }
    }

    private init(_ title: String, of variant: VariantSettings, in trials: TrialSet, records: [TrialKey: MeasurementRecord]) {
        let inOrder = variant.rows.flatMap { row in trials.results(row: row, of: variant).compactMap { records[$0.key] } }
        let quantities = inOrder.flatMap(\.findings.numbers).map(Quantity.init).distinct
        let tabulation = MeasurementTabulation(variant: variant, trials: trials, records: records)
        var entries = quantities.map { quantity in variant.rows.map { tabulation.entry(quantity, row: $0) } }
        let family = ComparisonFamily(entries.joined().map { $0.difference?.units ?? [] })
        for quantity in entries.indices {
            for row in entries[quantity].indices { entries[quantity][row].test = family.members[quantity * variant.rows.count + row] }
        }
        tested = family.count
        self.title = title
        self.quantities = quantities
        self.entries = entries
        let missing = inOrder.flatMap(\.findings.numbers).compactMap(\.reason)
        reasons = Dictionary(grouping: missing) { $0 }.map { (reason: $0.key, count: $0.value.count) }
            .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
        notes = inOrder.flatMap(\.findings.notes).distinct
        seconds = Estimate(inOrder.map(\.seconds))?.mean ?? 0
        curves = Self.curves(of: variant, in: trials, records: records)
        maps = variant.rows.flatMap { row -> [(key: TrialKey, map: Findings.Map)] in
            let first = trials.results(row: row, of: variant).first { records[$0.key]?.findings.maps.isEmpty == false }
            return first.flatMap { trial in records[trial.key]?.findings.maps.map { (key: trial.key, map: $0) } } ?? []
        }
        grids = variant.rows.flatMap { row -> [(row: String, grid: Findings.Grid)] in
            let found = trials.results(row: row, of: variant).compactMap { records[$0.key] }.flatMap(\.findings.grids)
            return found.map { [$0.name, $0.samples ?? ""] }.distinct.compactMap { name in
                Self.sum(of: found.filter { [$0.name, $0.samples ?? ""] == name }).map { (row: row, grid: $0) }
            }
        }
    }

    private static func curves(
        of variant: VariantSettings, in trials: TrialSet, records: [TrialKey: MeasurementRecord]
    ) -> [[Curve]] {
        struct Name: Hashable {
            let name: String
            let modality, samples: String?

            init(_ curve: Findings.Curve) { (name, modality, samples) = (curve.name, curve.modality, curve.samples) }
        }
        let byRow = variant.rows.map { row in
            (row: row, curves: trials.results(row: row, of: variant).compactMap { records[$0.key] }.flatMap(\.findings.curves))
        }
        return byRow.flatMap(\.curves).map(Name.init).distinct.compactMap { name in
            let own = byRow.compactMap { row, curves in
                mean(of: curves.filter { Name($0) == name }).map { Curve(row: row, curve: $0) }
            }
            return own.isEmpty ? nil : own
        }
    }

    /// Nil without curves, and where their places differ, as those of a reliability curve do: there is no mean at a place then.
    private static func mean(of curves: [Findings.Curve]) -> Findings.Curve? {
        guard var mean = curves.first, curves.allSatisfy({ $0.x == mean.x }), !mean.x.isEmpty else { return nil }
        mean.y = mean.y.indices.map { index in curves.reduce(0) { $0 + $1.y[index] } / Double(curves.count) }
        return mean
    }

    /// Nil where the grids have different rows or columns.
    private static func sum(of grids: [Findings.Grid]) -> Findings.Grid? {
        guard var sum = grids.first, grids.allSatisfy({ $0.rows == sum.rows && $0.columns == sum.columns }) else { return nil }
        for grid in grids.dropFirst() {
            for row in sum.values.indices {
                for column in sum.values[row].indices { sum.values[row][column] += grid.values[row][column] }
            }
        }
        return sum
    }
}

/// The arithmetic of one measurement.
private struct MeasurementTabulation {
    let variant: VariantSettings
    let trials: TrialSet
    /// The numbers of each trial.
    private let values: [TrialKey: [MeasuredFindings.Quantity: Double]]
    private let records: Set<TrialKey>

    init(variant: VariantSettings, trials: TrialSet, records: [TrialKey: MeasurementRecord]) {
        (self.variant, self.trials, self.records) = (variant, trials, Set(records.keys))
        values = records.mapValues { record in
            Dictionary(record.findings.numbers.compactMap { number in number.value.map { (MeasuredFindings.Quantity(number), $0) } }) { first, _ in first }
        }
    }

    func entry(_ quantity: MeasuredFindings.Quantity, row: String) -> MeasuredFindings.Entry {
        let own = trials.results(row: row, of: variant).filter { records.contains($0.key) }
        let values = own.compactMap { value(quantity, $0.key) }
        var gains: [MeasuredFindings.Gain] = []
        var difference: PairedDifference?
        if let baseline = variant.baseline, baseline != row {
            let pairs = trials.units(of: [row, baseline], in: variant) { match -> (quantity: Double, score: Double?)? in
                guard let ours = match[0], let theirs = match[1], let own = value(quantity, ours.key), let other = value(quantity, theirs.key)
                else { return nil }
                let scores = [ours, theirs].compactMap(\.targetScore).filter(\.isFinite)
                return (own - other, scores.count == 2 ? scores[0] - scores[1] : nil)
            }
            difference = PairedDifference(groups: pairs.map { $0.map(\.quantity) })
            gains = pairs.joined().compactMap { pair in pair.score.map { MeasuredFindings.Gain(quantity: pair.quantity, score: $0) } }
        }
        let units = difference?.units ?? []
        return MeasuredFindings.Entry(
            row: row, quantity: quantity, estimate: Estimate(values), measured: own.count, count: values.count, difference: difference,
            interval: ConfidenceInterval.student(units), test: nil, correlationWithGain: correlation(gains), gains: gains)
    }

    private func value(_ quantity: MeasuredFindings.Quantity, _ key: TrialKey) -> Double? {
        guard trials[key]?.isFinished == true else { return nil }
        return values[key]?[quantity]
    }

    private func correlation(_ pairs: [MeasuredFindings.Gain]) -> Double? {
        guard pairs.count >= 3, let meanX = Estimate(pairs.map(\.quantity))?.mean, let meanY = Estimate(pairs.map(\.score))?.mean else {
            return nil
        }
        var (xy, xx, yy) = (0.0, 0.0, 0.0)
        for pair in pairs {
            let (x, y) = (pair.quantity - meanX, pair.score - meanY)
            xy += x * y
            xx += x * x
            yy += y * y
        }
        // Differences that are equal on paper differ by rounding.
        let scale = pairs.reduce(0) { max($0, abs($1.quantity)) }
        guard xx > 1e-24 * scale * scale, yy > 1e-24 else { return nil }
        return xy / (xx * yy).squareRoot()
    }
}
