import Results
import Statistics

/// What a study over several data sets says about each row: set by set, and over the sets that there could be.
///
/// A study's variants are settings; those that share data are settings of one set. Nothing is counted twice: the figure of a set is the mean
/// over its settings, and the units behind it are seeds (or draws), each the mean over all settings and domains that it was trained in.
/// Sets are what varies independently when another data set is asked about, so they are what the summary rests on.
package struct Verdict: Hashable, Sendable {
    /// A row's difference to the baseline in one setting, or on one set.
    package struct Effect: Hashable, Sendable {
        /// The setting's or the set's name.
        package let name: String
        /// The data set that it is, or is a setting of.
        package let dataset: String
        /// Nil where no pair of trials has finished.
        package let difference: PairedDifference?
        /// 95 % interval from Student's t; nil for fewer than two units and for units without spread.
        package let interval: ConfidenceInterval?
        /// What the tests say, corrected over all rows and all settings, or all rows and all sets; nil where there is nothing to test with.
        package fileprivate(set) var test: ComparisonFamily.Member?

        fileprivate init(_ name: String, dataset: String, difference: PairedDifference?) {
            self.name = name
            self.dataset = dataset
            self.difference = difference
            interval = difference.flatMap { ConfidenceInterval.student($0.units) }
        }

        /// Whether the difference is more than chance at 5 %, after correction, and in which direction.
        package func outcome(_ score: ScoreDescription) -> Outcome {
            guard let test, let mean = difference?.estimate.mean else { return .untested }
            guard test.adjustedTTest < 0.05, mean != 0 else { return .open }
            return score.gain(from: 0, to: mean) > 0 ? .won : .lost
        }

        fileprivate var forSummary: RandomEffects.Effect? {
            guard let difference, interval != nil, let error = difference.estimate.standardError else { return nil }
            return RandomEffects.Effect(mean: difference.estimate.mean, standardError: error)
        }
    }

    package enum Outcome: String, Hashable, Codable, Sendable { case won, lost, open, untested }

    /// One row against the baseline.
    package struct Row: Hashable, Sendable {
        package let name: String
        /// In the study's order.
        package fileprivate(set) var settings: [Effect]
        /// In the order in which the settings name them.
        package fileprivate(set) var sets: [Effect]
        /// Over the sets whose difference has a spread; nil for fewer than two of them.
        package let summary: RandomEffects?
        /// The sets that the summary leaves out, since nothing is known of the spread of their differences.
        package let leftOut: [String]
        /// Over sets, the baseline among the rows; nil where ranks are not defined.
        package fileprivate(set) var meanRank: Double?

        package func count(_ outcome: Outcome, _ score: ScoreDescription) -> Int { sets.count { $0.outcome(score) == outcome } }
        package func settingCount(_ outcome: Outcome, _ score: ScoreDescription) -> Int { settings.count { $0.outcome(score) == outcome } }
    }

    package let baseline: String
    package let score: ScoreDescription
    /// By which rule epochs or values were chosen, such as `tuning.selection = source-validation`; nil unless the study compares rules.
    package let rule: String?
    /// All rows but the baseline.
    package let rows: [Row]
    /// The names of the sets, and how many settings each has.
    package let sets: [(name: String, settings: Int)]
    /// Over sets of which every row has finished; nil where not defined.
    package let ranks: RankComparison?
    package let baselineRank: Double?
    /// Settings that take no part, and why.
    package let leftOut: [String]

    package static func == (left: Self, right: Self) -> Bool {
        left.rows == right.rows && left.baseline == right.baseline && left.score == right.score && left.rule == right.rule
            && left.leftOut == right.leftOut
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(rows)
        hasher.combine(baseline)
    }

    /// A setting with its name and the trials that it has.
    struct Setting {
        let name: String
        /// The data set; nil where it is not known.
        let dataset: String?
        /// What the setting's sweep says of the rules that choose; empty where it says nothing.
        var rule = ""
        let variant: VariantSettings
        let score: ReportTable
        let trials: TrialSet
    }

    /// One verdict for each rule that the settings were chosen by: models that were chosen by another rule are another answer, and no setting more.
    static func all(of settings: [Setting]) -> [Verdict] {
        let rules = settings.map(\.rule).distinct
        return rules.compactMap { rule in Verdict(settings.filter { $0.rule == rule }, rule: rules.count > 1 ? rule : nil) }
    }

    /// Nil unless settings of two data sets or more share score and baseline.
    private init?(_ settings: [Setting], rule: String?) {
        guard let first = settings.first(where: { $0.dataset != nil && $0.variant.baseline != nil }), let baseline = first.variant.baseline else { return nil }
        let score = first.score.score
        func fits(_ setting: Setting) -> Bool { setting.dataset != nil && setting.variant.baseline == baseline && setting.score.score == score }
        let kept = settings.filter(fits)
        leftOut = settings.filter { !fits($0) }.map { setting in
            let reason =
                setting.dataset == nil
                ? "its data set is not known" : setting.score.score != score ? "its score is another" : "its baseline is another"
            return "\(setting.name): \(reason)"
        }
        let datasets = kept.compactMap(\.dataset).distinct
        guard datasets.count > 1 else { return nil }
        let groups = datasets.map { name in (name: name, settings: kept.filter { $0.dataset == name }) }
        let names = kept.flatMap(\.variant.rows).filter { $0 != baseline }.distinct
        guard !names.isEmpty else { return nil }
        var rows = names.map { name in
            let ofSettings = kept.map { setting in
                Effect(setting.name, dataset: setting.dataset ?? "", difference: setting.score.row(name)?.difference?.difference)
            }
            let ofSets = groups.map { group in Effect(group.name, dataset: group.name, difference: Self.difference(row: name, baseline, group.settings)) }
            let known = ofSets.filter { $0.forSummary != nil }
            return Row(
                name: name, settings: ofSettings, sets: ofSets, summary: RandomEffects(known.compactMap(\.forSummary)),
                leftOut: ofSets.filter { $0.forSummary == nil }.map(\.name), meanRank: nil)
        }
        // Two families of tests, one over all rows and sets and one over all rows and settings: each is
        // read as a whole.
        let setFamily = ComparisonFamily(rows.flatMap { $0.sets.map { $0.difference?.units ?? [] } })
        let settingFamily = ComparisonFamily(rows.flatMap { $0.settings.map { $0.difference?.units ?? [] } })
        for row in rows.indices {
            for set in groups.indices { rows[row].sets[set].test = setFamily.members[row * groups.count + set] }
            for setting in kept.indices { rows[row].settings[setting].test = settingFamily.members[row * kept.count + setting] }
        }
        let all = [baseline] + names
        let figures = groups.compactMap { group -> [Double]? in
            let means = all.compactMap { row -> Double? in
                let means = group.settings.compactMap { $0.score.row(row)?.average }.filter(\.isComplete).compactMap { $0.estimate?.mean }
                return means.count == group.settings.count ? means.mean : nil
            }
            return means.count == all.count ? means : nil
        }
        ranks = RankComparison(figures, isHigherBetter: score.isHigherBetter)
        baselineRank = ranks?.meanRanks[0]
        for row in rows.indices { rows[row].meanRank = ranks?.meanRanks[row + 1] }
        self.baseline = baseline
        self.score = score
        self.rule = rule
        self.rows = rows
        sets = groups.map { ($0.name, $0.settings.count) }
    }

    /// Over the settings of one set, which may come from several runs; those of one run share its seeds.
    private static func difference(row: String, _ baseline: String, _ settings: [Setting]) -> PairedDifference? {
        let having = settings.filter { $0.variant.rows.contains(row) && $0.variant.rows.contains(baseline) }
        if having.count == 1 { return having[0].score.row(row)?.difference?.difference }
        guard let trials = having.first?.trials, having.allSatisfy({ $0.trials.settings == trials.settings }) else { return nil }
        let units = trials.sharedUnits(of: [row, baseline], in: having.map(\.variant)) { match in
            guard let ours = match[0].flatMap(Measure.score.value), let theirs = match[1].flatMap(Measure.score.value) else { return nil }
            return ours - theirs
        }
        return PairedDifference(groups: units.map { [$0] })
    }
}
