import Results
import Statistics

/// What a study shows about why a row is better or worse: what of its models differs from the baseline's by more than chance, and how the
/// dependence between modalities goes with the score.
extension Report {
    /// The section that a reader of the measurements begins with; empty without a baseline to compare with.
    func mechanismBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard let baseline = variant.settings.baseline, !variant.measured.isEmpty else { return [] }
        let rows = variant.settings.rows.filter { $0 != baseline }
        let summaries = rows.compactMap { row in sentence(about: row, in: variant).map { ($0, changes(of: row, in: variant)) } }
        guard !summaries.isEmpty else { return [] }
        let lines = summaries.flatMap { sentence, changes -> [Document.Block] in
            [.paragraph(changes.isEmpty ? sentence : sentence + " Of its models:")] + (changes.isEmpty ? [] : [.list(changes)])
        }
        let title = "What the measurements show"
        return [.heading(isHeaded ? title : "\(title), \(label(of: variant.variant))")] + lines + jointBlocks(variant, baseline: baseline)
    }

    // MARK: In sentences

    /// `+ MER raises the accuracy on the target by 17.8 ± 2.6 percentage points (p 0.002).`; nil where there is no pair to compare.
    private func sentence(about row: String, in variant: VariantReport) -> String? {
        guard let comparison = variant.comparisons.first(where: { $0.row == row }) else { return nil }
        let (score, estimate) = (variant.score.score, comparison.difference.estimate)
        let size = (estimate.standardError.map { " ± \(score.text($0))" } ?? "") + " \(score.differenceUnit)"
        let subject = "the \(score.title) on the target"
        guard let p = comparison.test?.adjustedTTest, p < Self.level else {
            let reason = comparison.test.map { "not more than chance, p \(NumberText.probability($0.adjustedTTest))" } ?? "too few pairs to tell from chance"
            return "\(row) changes \(subject) by \(score.signedText(estimate.mean))\(size) (\(reason))."
        }
        let verb = estimate.mean > 0 ? "raises" : "lowers"
        return "\(row) \(verb) \(subject) by \(score.text(abs(estimate.mean)))\(size) (p \(NumberText.probability(p)))."
    }

    /// What of a row's models is more than chance, a line for each measurement.
    private func changes(of row: String, in variant: VariantReport) -> [String] {
        variant.measured.compactMap { findings in
            let compared = findings.entries.joined().filter { $0.row == row && ($0.difference?.units.count ?? 0) > 1 }
            guard !compared.isEmpty else { return nil }
            let found = compared.filter { $0.isMoreThanChance }.sorted { ($0.test?.tTest.p ?? 1) < ($1.test?.tTest.p ?? 1) }
            func named(_ verb: String, _ entries: [MeasuredFindings.Entry]) -> String? {
                guard !entries.isEmpty else { return nil }
                let shown = entries.prefix(Self.mostNamed).map { entry in
                    "\(entry.quantity.text) by \(NumberText.significant(abs(entry.difference?.estimate.mean ?? 0))) ± "
                        + NumberText.significant(entry.difference?.estimate.standardError)
                }
                let rest = entries.count - shown.count
                return "\(verb) \(shown.joined(separator: ", "))" + (rest > 0 ? " and \(NumberText.count(rest, "other number"))" : "")
            }
            let raised = found.filter { ($0.difference?.estimate.mean ?? 0) > 0 }
            let lowered = found.filter { ($0.difference?.estimate.mean ?? 0) < 0 }
            let phrases = [named("raises", raised), named("lowers", lowered)].compactMap(\.self)
            let summary = phrases.isEmpty ? "nothing" : phrases.joined(separator: "; ")
            return "\(findings.title): \(summary) (\(found.count) of \(NumberText.count(compared.count, "difference")) more than chance)"
        }
    }

    /// Numbers that are named for one verb; all of them stand in the tables below.
    private static let mostNamed = 4
    /// The level of the tests, after Holm's correction.
    static let level = 0.05

    // MARK: Dependence beside the score

    /// Numbers about two modalities together. Where two measurements find numbers of one name, it stands with that of the measurement.
    private func jointEntries(_ variant: VariantReport) -> [(title: String, entries: [MeasuredFindings.Entry])] {
        // Where there is one pair, the caption names it.
        let isOnePair = Self.jointModalities(variant).count == 1
        let found = variant.measured.flatMap { findings in
            findings.entries.filter { $0.first?.quantity.isJoint == true && !$0.allSatisfy { $0.estimate == nil } }.map { entries -> JointNumber in
                JointNumber(measurement: findings.title, name: isOnePair ? entries[0].quantity.textWithoutModality : entries[0].quantity.text, entries: entries)
            }
        }
        let counts = Dictionary(found.map { ($0.name, 1) }, uniquingKeysWith: +)
        return found.map { number in
            (title: counts[number.name] == 1 ? number.name : "\(number.name) (\(number.measurement))", entries: number.entries)
        }
    }

    /// The pairs of modalities that numbers are about, each as `audio, video`.
    private static func jointModalities(_ variant: VariantReport) -> [String] {
        Set(variant.measured.flatMap(\.quantities).filter(\.isJoint).compactMap(\.modality)).sorted()
    }

    private struct JointNumber {
        let measurement: String
        let name: String
        let entries: [MeasuredFindings.Entry]
    }

    /// The score and every number about two modalities together, one under the other, and each change of the latter against that of the former.
    private func jointBlocks(_ variant: VariantReport, baseline: String) -> [Document.Block] {
        let joint = jointEntries(variant)
        guard !joint.isEmpty else { return [] }
        let rows = variant.settings.rows
        let score = variant.score.score
        let scores = rows.map { row -> String in
            guard let own = variant.score.row(row) else { return NumberText.nothing }
            guard row != baseline else { return CellText.text(own.average, score) }
            let isFound = (variant.comparisons.first { $0.row == row }?.test?.adjustedTTest ?? 1) < Self.level
            return CellText.text(own.difference, score) + (isFound ? " *" : "")
        }
        let table = TextTable(
            columns: [.init("")] + rows.map { .init($0, .right) },
            rows: [[score.subject + " on the target"] + scores]
                + joint.map { title, entries in
                    [title] + entries.map { entry in entry.row == baseline ? entry.level : entry.change }
                })
        let note =
            "\(baseline): mean ± standard deviation. Other rows: mean paired difference to \(baseline) ± its standard error; * more than chance "
            + "(t test, 5 %, Holm over the differences of its measurement)."
        let figures = gainFigures(joint, variant, baseline: baseline)
        let drawings: [Document.Block] =
            figures.isEmpty ? [] : [.folded("Changes of both, pair by pair", isOpen: true, [.figures(figures)])]
        let pairs = Self.jointModalities(variant)
        let pair = pairs.count == 1 ? " (\(pairs[0]))" : ""
        return [.paragraph("What is shared by two modalities\(pair), beside the \(score.title):"), .table(table), .paragraph(note)] + drawings
    }

    /// A point for each pair of trainings: the change of a number about two modalities on the target, and that of the score.
    private func gainFigures(
        _ joint: [(title: String, entries: [MeasuredFindings.Entry])], _ variant: VariantReport, baseline: String
    ) -> [Figure] {
        let score = variant.score.score
        let onTarget = joint.filter { $0.entries[0].quantity.samples == nil || $0.entries[0].quantity.samples == "target" }
        return onTarget.filter { $0.entries.contains { $0.gains.count > 1 } }.prefix(Self.mostFigures).enumerated().map { index, joint in
            let plot = Plot(
                title: joint.title, x: Plot.Axis("difference to \(baseline)"),
                y: Plot.Axis("difference in \(score.title)" + (score.form == .percent ? ", points" : "")),
                series: joint.entries.filter { !$0.gains.isEmpty }.map { entry in
                    Plot.Series(
                        entry.row, entry.gains.map { Plot.Point(x: $0.quantity, y: $0.score * score.factor) }, style: style(ofRow: entry.row),
                        hasMarkers: true, hasLine: false)
                })
            return Figure(
                name: name("gain-\(index + 1)", variant), caption: "\(joint.title), against the \(score.title), pair by pair.", svg: plot.svg(),
                isCaptioned: false)
        }
    }

    /// More modalities than three have more pairs than a reader looks at.
    private static let mostFigures = 24
}

extension MeasuredFindings.Entry {
    /// Whether the t test, after Holm's correction over its measurement, says that it differs from the baseline.
    fileprivate var isMoreThanChance: Bool { (test?.adjustedTTest ?? 1) < Report.level }

    /// `0.12 ± 0.03`.
    fileprivate var level: String {
        guard let estimate else { return NumberText.nothing }
        return NumberText.figure(NumberText.significant(estimate.mean), plusMinus: estimate.deviation.map { NumberText.significant($0) }, unit: "trial")
    }

    /// `+0.12 ± 0.03 *`.
    fileprivate var change: String {
        guard let estimate = difference?.estimate else { return NumberText.nothing }
        let error = estimate.standardError.map { NumberText.significant($0) }
        return NumberText.figure(NumberText.signed(estimate.mean, beside: estimate.standardError), plusMinus: error, unit: "pair")
            + (isMoreThanChance ? " *" : "")
    }
}
