import Results
import Selection
import Statistics

/// How well selection rules choose: the part of a report that looks at the target to judge them, and says so.
extension Report {
    /// The scores of each modality alone on held-back samples; empty where they were not measured.
    func diagnosticBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard !variant.diagnostics.isEmpty else { return [] }
        let (score, tables) = (variant.settings.score, [variant.sourceValidation] + variant.diagnostics)
        var columns = [TextTable.Column("Row")]
        for table in tables { columns.append(TextTable.Column(table.measure.title(of: score), .right)) }
        let rows = variant.score.rows.indices.map { row -> [String] in
            [variant.score.rows[row].name] + tables.map { CellText.text($0.rows[row].average, score, isAlone: hasOneSeed) }
        }
        let table = TextTable(columns: columns, rows: rows)
        let note =
            "Scores on held-back samples of the source domains, at the reported epoch: with all modalities; with one alone, the embeddings of the others replaced by their "
            + "mean; and with modalities of two samples of one class from different source domains. They show what each encoder contributes through the fused "
            + "head. No difference between these columns predicts whether a regularizer helps."
        return (isHeaded ? [.heading("Each modality alone")] : []) + [.table(table), .paragraph(note)]
    }

    /// Empty where no candidate was measured on the target.
    func choiceBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        let values = variant.choices.filter { $0.subject == .values }
        guard !values.isEmpty else { return [] }
        return choiceBlocks(values, of: variant, isHeaded: isHeaded) + variant.settings.rows.flatMap { strengthBlocks(of: $0, variant) }
    }

    /// Everything that rules can be compared on in this run, epochs and rows included, for `regulus
    /// choice`.
    package func choiceDocument() -> Document {
        var blocks: [Document.Block] = [.title(settings.recipe)]
        for variant in variants {
            if isSweep { blocks.append(.heading(label(of: variant.variant))) }
            blocks += choiceBlocks(variant.choices, of: variant, isHeaded: !isSweep)
            blocks += variant.settings.rows.flatMap { strengthBlocks(of: $0, variant) }
        }
        if variants.allSatisfy({ $0.choices.allSatisfy { $0.subject != .values } }) {
            blocks.append(
                .paragraph(
                    "The choice of tuned values cannot be judged here, since only the chosen ones were measured on the target. "
                        + "With `choice: [source-validation, silenced-modality, leave-one-source-out]` in the recipe, all of them are."))
        }
        return Document(Self.withoutRepetition(blocks))
    }

    private func choiceBlocks(_ findings: [ChoiceFindings], of variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        let score = variant.settings.score
        var blocks: [Document.Block] = isHeaded ? [.heading("How well does a rule choose?")] : []
        for finding in findings {
            blocks.append(.paragraph(subjectText(finding)))
            blocks.append(.table(table(finding, score)))
        }
        guard let first = findings.first?.verdicts.first?.rule else { return [] }
        let unit = variant.settings.repetitions.count > 1 ? "draws" : "training domains"
        blocks.append(
            .paragraph(
                "Regret: how much better the best candidate on the target is, in \(score.differenceUnit); it is a bound, since nobody can choose that candidate without the target. "
                    + "At random: the mean over candidates. Difference to \(first): in \(score.differenceUnit), ± standard error over \(unit). "
                    + "Cannot choose: the criterion cannot tell the candidates apart (all lie within its resolution, it differs more between seeds than "
                    + "between candidates, or all are tied). r: Spearman's rank correlation of the criterion with the \(score.title) on the target, over all models and, "
                    + "within, among the candidates of one choice."))
        if let values = findings.last(where: { $0.subject == .values }) { blocks += agreementBlocks(values) }
        return blocks
    }

    private func subjectText(_ finding: ChoiceFindings) -> String {
        let count = NumberText.count(finding.verdicts.first?.decisions ?? 0, "choice")
        return switch (finding.subject, finding.row) {
        case (.values, let row?): "Values of \(row), \(count):"
        case (.values, nil): "Values of all tuned rows, \(count):"
        case (.rows, _): "One pick among all rows, \(count):"
        case (.epochs, _): "The epoch of each training, \(count):"
        }
    }

    private func table(_ finding: ChoiceFindings, _ score: ScoreDescription) -> TextTable {
        func text(_ estimate: Estimate?) -> String { estimate.map { score.text($0.mean, plusMinus: $0.standardError) } ?? NumberText.nothing }
        let hasEnds = finding.subject == .values
        let reference = finding.verdicts.first?.rule ?? ""
        var heads = ["Target", "Regret", "Difference to \(reference)"]
        if hasEnds { heads += ["Lowest", "Highest"] }
        heads += ["Cannot choose", "r", "r within"]
        var columns = [TextTable.Column("Rule")]
        for head in heads { columns.append(TextTable.Column(head, .right)) }
        func padded(_ cells: [String]) -> [String] { cells + Array(repeating: "", count: columns.count - cells.count) }
        var rows: [[String]] = []
        for verdict in finding.verdicts { rows.append(padded(cells(of: verdict, reference: reference, hasEnds: hasEnds, score, text))) }
        rows.append(padded(["at random", text(finding.random), text(finding.randomRegret)]))
        rows.append(padded(["best on the target (bound)", text(finding.oracle)]))
        return TextTable(columns: columns, rows: rows)
    }

    private func cells(
        of verdict: ChoiceFindings.Verdict, reference: String, hasEnds: Bool, _ score: ScoreDescription, _ text: (Estimate?) -> String
    ) -> [String] {
        guard verdict.decided > 0 else { return [verdict.rule, "not measured"] }
        func correlation(_ value: Double?) -> String { value.map { NumberText.signed($0) } ?? NumberText.nothing }
        let share = verdict.decided == verdict.decisions ? "" : " (\(verdict.decided) of \(verdict.decisions))"
        let gain = verdict.gain.map { score.signedText($0.mean, plusMinus: $0.standardError) } ?? NumberText.nothing
        var cells = [verdict.rule + share, text(verdict.target), text(verdict.regret), verdict.rule == reference ? "" : gain]
        if hasEnds { cells += ["\(verdict.lowest)", "\(verdict.highest)"] }
        cells += ["\(verdict.undecidable)", correlation(verdict.correlation), correlation(verdict.correlationWithin)]
        return cells
    }

    private func agreementBlocks(_ finding: ChoiceFindings) -> [Document.Block] {
        let rules = finding.verdicts.map(\.rule)
        let known = rules.indices.filter { finding.verdicts[$0].decided > 0 }
        guard known.count > 1 else { return [] }
        var columns = [TextTable.Column("Rule")]
        for index in known { columns.append(TextTable.Column(rules[index], .right)) }
        let rows = known.map { one -> [String] in
            [rules[one]] + known.map { other in NumberText.percent(finding.agreement[one][other]) }
        }
        return [
            .paragraph("How often two rules chose the same value, in percent:"),
            .table(TextTable(columns: columns, rows: rows)),
        ]
    }

    /// The row at every setting that was tried: what there was to choose from.
    private func strengthBlocks(of row: String, _ variant: VariantReport) -> [Document.Block] {
        guard let figures = variant.strengths[row], figures.count > 1 else { return [] }
        let score = variant.settings.score
        let rules = variant.rules.filter { rule in figures.contains { $0.criteria[rule.name] != nil } }
        var columns = [TextTable.Column(row)]
        for head in rules.map(\.name) + ["Target", "Chosen"] { columns.append(TextTable.Column(head, .right)) }
        let rows = figures.map { figure -> [String] in
            var cells = [figure.values.map { "\($0.path) \($0.value)" }.joined(separator: ", ")]
            for rule in rules {
                let criterion = figure.criteria[rule.name]
                cells.append(rule.rule.unit == .score ? score.text(criterion) : NumberText.significant(criterion))
            }
            cells.append(figure.target.map { score.text($0.mean, plusMinus: $0.standardError) } ?? NumberText.nothing)
            cells.append("\(figure.chosen)×")
            return cells
        }
        let table = TextTable(columns: columns, rows: rows)
        return [.paragraph("\(row) at every strength, the criterion of each rule beside the target (± standard error):"), .table(table)]
    }
}

// MARK: What a reader must know about a choice

/// What a reader must know about the choices of one row's tuned values.
package struct ChoiceCaveats: Hashable, Sendable, Codable {
    package let row: String
    /// The rule that chose.
    package let rule: String
    /// Why it was not the one that the recipe names; nil where it was.
    package let fallback: String?
    /// How many choices were made: one for each cell of the table.
    package let choices: Int
    /// In how many of them all candidates lie within the criterion's resolution of the best.
    package let saturated: Int
    /// In how many the criterion differs more between seeds than between candidates.
    package let noise: Int
    /// In how many other candidates share the best criterion exactly.
    package let tied: Int
    /// How often each tuned number was chosen at an end of its values, by path.
    package let lowest: [String: Int]
    package let highest: [String: Int]
    /// Whether the row can be seen at every strength.
    package let hasStrengths: Bool

    /// How many choices were decided by chance alone.
    package var undecided: Int { max(saturated, noise) }
    /// Whether that is so of most choices.
    package var cannotChoose: Bool { 2 * undecided > choices }

    /// One entry for every tuned row whose results say how it was chosen.
    static func all(of variant: VariantSettings, in trials: TrialSet) -> [ChoiceCaveats] {
        variant.rows.compactMap { row -> ChoiceCaveats? in
            var records: [(ChoiceRecord, hasMeasured: Bool)] = []
            for repetition in variant.repetitions {
                for target in variant.targets {
                    // The seeds of a cell share their choice.
                    let results = variant.seeds.lazy.compactMap { trials[variant.key(row: row, target: target, seed: $0, repetition: repetition)] }
                    guard let result = results.first(where: { $0.choice != nil }), let record = result.choice else { continue }
                    records.append((record, result.candidates?.contains { $0.measured != nil } ?? false))
                }
            }
            guard let first = records.first else { return nil }
            func ends(_ isHighest: Bool) -> [String: Int] {
                let paths = records.flatMap { $0.0.guards.ends }.filter { $0.isHighest == isHighest }.map(\.path)
                return Dictionary(paths.map { ($0, 1) }, uniquingKeysWith: +)
            }
            return ChoiceCaveats(
                row: row, rule: first.0.rule, fallback: first.0.fallback, choices: records.count, saturated: records.count { $0.0.guards.isSaturated },
                noise: records.count { $0.0.guards.isNoise }, tied: records.count { $0.0.guards.ties > 1 }, lowest: ends(false), highest: ends(true),
                hasStrengths: records.allSatisfy(\.hasMeasured))
        }
    }

    /// What is said under the table, one sentence each.
    package var sentences: [String] {
        var sentences: [String] = []
        let all = NumberText.count(choices, "choice")
        if let fallback { sentences.append("\(row): \(fallback).") }
        if saturated > 0 {
            sentences.append(
                "\(row): in \(saturated) of \(all) \(rule) could not tell any value from the best one, because all lie within the resolution of its criterion: "
                    + "the choice there is chance.")
        }
        if noise > 0 {
            sentences.append("\(row): in \(noise) of \(all) the criterion of \(rule) differs more between seeds than between values.")
        }
        if tied > 0, saturated < tied { sentences.append("\(row): in \(tied) of \(all) several values share the best criterion; the tie rule decided.") }
        for (name, ends, beyond) in [("lowest", lowest, "lower"), ("highest", highest, "higher")] {
            for (path, count) in ends.sorted(by: { $0.key < $1.key }) where 2 * count > choices {
                sentences.append("\(row): \(rule) chose the \(name) \(path) of the grid in \(count) of \(all); a better one may lie \(beyond).")
            }
        }
        if cannotChoose {
            sentences.append(
                hasStrengths
                    ? "\(row): its values could not be chosen reliably; the row is shown at every strength below."
                    : "\(row): its values could not be chosen reliably; `choice: [\(rule), leave-one-source-out]` in the recipe shows the row at every strength and "
                        + "compares rules.")
        }
        return sentences
    }
}
