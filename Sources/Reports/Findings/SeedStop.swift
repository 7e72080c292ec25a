import Results
import Statistics

/// How far a study has come that decides in stages how many seeds it trains: see `SeedDesign`.
package struct SeedStop: Hashable, Sendable {
    /// A row's difference over the seeds that were trained, one value per seed.
    package struct Row: Hashable, Sendable {
        package let name: String
        package let estimate: Estimate?
        /// The interval that is valid whatever made the study stop; nil before a look, and where values
        /// have no spread.
        package let interval: ConfidenceInterval?
        /// Whether it reaches no further than was asked for.
        package let isNarrow: Bool
    }

    package let design: SeedDesign
    /// The last look that there was, from 0; nil before the first.
    package let look: Int?
    /// Whether the study has ended there, as every row is known well enough or no seeds are left.
    package let isDecided: Bool
    /// Seeds that are complete.
    package let seeds: Int
    package let rows: [Row]

    package init?(of variant: VariantSettings, in trials: TrialSet) {
        guard let design = variant.design else { return nil }
        self.init(design, variant) { trials[$0]?.outline }
    }

    private init(_ design: SeedDesign, _ variant: VariantSettings, result: (TrialKey) -> TrialOutline?) {
        let keys = variant.keys.filter { $0.seed == variant.seeds.first }
        let differences = design.differences(of: keys, seeds: variant.seeds, result: result)
        let spending = SpendingDesign(looks: design.looks)
        let stop = spending.stop(differences.values, reach: design.reach, seeds: differences.seeds)
        let look = stop ?? design.looks.lastIndex { $0 <= differences.seeds }
        self.design = design
        self.look = look
        isDecided = stop != nil
        seeds = stop.map { design.looks[$0] } ?? differences.seeds
        rows = zip(differences.rows, differences.values).map { name, values in
            let known = values.prefix(look.map { design.looks[$0] } ?? differences.seeds).compactMap(\.self)
            let interval = look.flatMap { spending.interval(of: known, atLook: $0) }
            return Row(
                name: name, estimate: Estimate(known), interval: interval,
                isNarrow: interval.map { ($0.high - $0.low) / 2 <= design.reach } ?? false)
        }
    }

    /// The settings with the seeds that are trained and no others: up to the look at which a variant ended, or to the next look.
    static func trimmed(_ settings: RunSettings, to results: [TrialResult]) -> RunSettings {
        settings.keepingSeeds(by: results.map(\.outline)) { variant, design, result in
            let stop = SeedStop(design, variant, result: result)
            return stop.isDecided ? stop.seeds : design.looks.first { $0 > stop.seeds } ?? design.most
        }
    }
}

extension Report {
    /// When the study stopped, and what is known at that point.
    func seedBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard let stop = variant.seedStop else { return [] }
        let score = variant.score.score
        let table = TextTable(
            columns: [
                .init("Row"), .init("Difference to \(stop.design.baseline)", .right), .init("Valid at the stop, 95 %", .right), .init("Known to", .right),
            ],
            rows: stop.rows.map { row in
                let reach = row.interval.map { "± \(score.text(($0.high - $0.low) / 2))" }
                return [
                    row.name, row.estimate.map { score.signedText($0.mean) } ?? NumberText.nothing, CellText.interval(row.interval, score),
                    (reach ?? NumberText.nothing) + (row.isNarrow ? "" : " (not ± \(score.text(stop.design.reach)))"),
                ]
            })
        return heading("How many seeds it took", isHeaded) + [.paragraph(seedSentence(stop, score)), .table(table), .paragraph(seedNote(stop))]
    }

    private func seedSentence(_ stop: SeedStop, _ score: ScoreDescription) -> String {
        let (looks, aim) = (stop.design.looks, "± \(score.text(stop.design.reach)) \(score.differenceUnit)")
        guard stop.isDecided, let look = stop.look else {
            let next = looks.first { $0 > stop.seeds } ?? stop.design.most
            return "Not decided yet: of the \(next) seeds that the next look needs, \(stop.seeds) are complete; there are at most \(stop.design.most)."
        }
        let place = "look \(look + 1) of \(looks.count), after \(stop.seeds) of at most \(stop.design.most) seeds"
        return stop.rows.allSatisfy(\.isNarrow)
            ? "Stopped at \(place): every difference is known to \(aim)."
            : "Ended at \(place), without every difference being known to \(aim)."
    }

    private func seedNote(_ stop: SeedStop) -> String {
        "Looks after \(stop.design.looks.map(String.init).joined(separator: ", ")) seeds and the width at which to stop were declared before the first result. Valid at "
            + "the stop: the interval over seeds, each the mean over all targets, from Student's t at the share of the 5 % that this look spends; the chance that the "
            + "interval of any look misses is at most 5 %. The other intervals and p values of this report do not account for earlier looks: they are slightly too narrow, or too small."
    }
}
