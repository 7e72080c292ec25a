import Results

extension Report {
    /// The report as a document: tables, what they leave out, and what they were made with.
    ///
    /// - Parameter recipe: the resolved recipe, for a page that is to stand alone.
    package func document(recipe: String? = nil) -> Document {
        let source = recipe.map { [Document.Block.folded("Resolved recipe", isOpen: false, [.source($0)])] } ?? []
        return Document(Self.withoutRepetition(resultBlocks + findingSections + besideBlocks + closingBlocks + source))
    }

    /// The report as plain text, with the result at the end, where a reader looks when a run has ended.
    ///
    /// - Parameter width: columns at which paragraphs are broken.
    package func terminalText(width: Int = 100) -> String {
        let title: [Document.Block] = [.title(settings.recipe)]
        let blocks = title + closingBlocks + besideBlocks + findingSections + [.heading("Result")] + resultBlocks.filter { $0 != title[0] }
        return Document(Self.withoutRepetition(blocks)).terminalText(width: width)
    }

    /// A report explains each kind of table once, under the first one. What ends with a colon names the table that follows and stays.
    static func withoutRepetition(_ blocks: [Document.Block]) -> [Document.Block] {
        var said: Set<String> = [""]
        return blocks.filter { block in
            guard case .paragraph(let text) = block, !text.hasSuffix(":") else { return true }
            return said.insert(text).inserted
        }
    }

    // MARK: Parts

    /// The table that a reader came for, and what is needed to read it.
    private var resultBlocks: [Document.Block] {
        var blocks: [Document.Block] = [.title(settings.recipe)] + Verdict.blocks(verdicts, style: style(ofRow:))
        if !verdicts.isEmpty { blocks.append(.heading("Setting by setting")) }
        blocks.append(.paragraph(introduction))
        if isSweep {
            blocks += [.table(summary)] + sharedDifferenceNote.map { [Document.Block.paragraph($0)] }.orEmpty
        } else if let variant = variants.first {
            blocks += [.table(table(variant.score)), .paragraph(differenceNote(variant.settings))]
        }
        // What was known before the run, such as weights that have seen a held-out domain, concerns every figure above.
        let remarks = settings.notices + warnings
        if !remarks.isEmpty { blocks += [.heading("Warnings"), .list(remarks)] }
        return blocks
    }

    /// What the result means; for a sweep, variant by variant.
    private var findingSections: [Document.Block] {
        guard isSweep else {
            return variants.first.map {
                findingBlocks($0, isHeaded: true) + otherScoreBlocks($0, isHeaded: true) + mechanismBlocks($0, isHeaded: true)
                    + measurementBlocks($0, isHeaded: true)
                    + choiceBlocks($0, isHeaded: true)
            }
            .orEmpty
        }
        return sensitivityBlocks
            + variants.flatMap { variant -> [Document.Block] in
                let note: [Document.Block] = sharedDifferenceNote == nil ? [.paragraph(differenceNote(variant.settings))] : []
                var blocks: [Document.Block] = [.heading(label(of: variant.variant)), .table(table(variant.score))]
                blocks += note
                blocks += findingBlocks(variant, isHeaded: false)
                blocks += otherScoreBlocks(variant, isHeaded: false)
                blocks += mechanismBlocks(variant, isHeaded: false)
                blocks += measurementBlocks(variant, isHeaded: false)
                blocks += choiceBlocks(variant, isHeaded: false)
                blocks += usageBlocks(variant, isHeaded: false)
                blocks += diagnosticBlocks(variant, isHeaded: false)
                blocks += curveBlocks(variant, isHeaded: false)
                return blocks
            }
    }

    /// What is worth knowing beside the result.
    private var besideBlocks: [Document.Block] {
        let beside =
            isSweep
            ? [] : variants.first.map { usageBlocks($0, isHeaded: true) + diagnosticBlocks($0, isHeaded: true) + curveBlocks($0, isHeaded: true) }.orEmpty
        return oracleBlocks + beside
    }

    /// What the figures rest on and how they were made.
    private var closingBlocks: [Document.Block] {
        completenessBlocks + loadingBlocks + rowBlocks + registrationBlocks + [.heading("How these figures were made"), .list(settingsLines)]
            + sampleBlocks
    }

    // MARK: Tables

    private func table(_ table: ReportTable) -> TextTable {
        let hasDifference = table.rows.contains { $0.difference != nil }
        return TextTable(
            columns: [.init("Row")] + (table.targets + ["Average"]).map { .init($0, .right) }
                + (hasDifference ? [.init("Difference to \(table.baseline ?? "")", .right)] : []),
            rows: table.rows.map { row in
                [row.name] + (row.cells + [row.average]).map { CellText.text($0, table.score, isAlone: hasOneSeed) }
                    + (hasDifference ? [CellText.text(row.difference, table.score)] : [])
            },
            marked: best(of: table))
    }

    /// The best mean of every column, as it is printed; cells that rest on fewer trials than planned do not compete. Where all rows
    /// that compete are equal, none is the best.
    private func best(of table: ReportTable) -> Set<TextTable.Place> {
        guard table.rows.count > 1 else { return [] }
        let columns = table.rows.map { $0.cells + [$0.average] }
        var places: Set<TextTable.Place> = []
        for column in 0...table.targets.count {
            let means = columns.map { row in row[column].isComplete ? row[column].estimate?.mean : nil }
            let texts = means.map { $0.map { table.score.text($0) } }
            guard let best = table.score.best(of: means.compactMap { $0 }), Set(texts.compactMap(\.self)).count > 1 || texts.compactMap(\.self).count == 1
            else { continue }
            for (row, text) in texts.enumerated() where text == table.score.text(best) {
                places.insert(.init(row: row, column: column + 1))
            }
        }
        return places
    }

    /// The averages of the task's other scores, a column each, beside the one of the result.
    private func otherScoreBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard !variant.others.isEmpty else { return [] }
        let tables = [variant.score] + variant.others
        let best = tables.map(self.best)
        let average = variant.score.targets.count + 1
        let table = TextTable(
            columns: [.init("Row")] + tables.map { .init($0.score.subject, .right) },
            rows: variant.score.rows.indices.map { row in
                [variant.score.rows[row].name] + tables.map { CellText.text($0.rows[row].average, $0.score, isAlone: hasOneSeed) }
            },
            marked: Set(
                tables.indices.flatMap { index in
                    best[index].filter { $0.column == average }.map { TextTable.Place(row: $0.row, column: index + 1) }
                }))
        let note = "All scores of the task on \(heldOutText) at the same epochs, averaged over targets."
        return (isHeaded ? [.heading("Other scores")] : []) + [.paragraph(note), .table(table)]
    }

    /// One line per variant: the baseline's average and every other row's difference to it; without a
    /// baseline, every row's average. Many rows would not fit side by side: they stand below each other,
    /// with their averages, and a column for each variant.
    private var summary: TextTable {
        let (paths, rows) = (variantDials, settings.rows)
        guard !hasManyRows else {
            return TextTable(
                columns: [.init("Row")] + variants.map { .init(label(of: $0.variant), .right) },
                rows: rows.map { name in
                    [name]
                        + variants.map { variant in
                            variant.score.row(name).map { CellText.text($0.average, variant.score.score, isAlone: hasOneSeed) } ?? NumberText.nothing
                        }
                })
        }
        return TextTable(
            columns: paths.map { .init($0) } + rows.map { .init($0, .right) },
            rows: variants.map { variant in
                paths.map { variant.variant[$0] ?? NumberText.nothing }
                    + rows.map { name in
                        guard let row = variant.score.row(name) else { return NumberText.nothing }
                        let score = variant.score.score
                        return row.difference == nil ? CellText.text(row.average, score, isAlone: hasOneSeed) : CellText.text(row.difference, score)
                    }
            })
    }

    /// What choosing the epoch by the target would have gained. It is not a result and is not laid out
    /// like one: it has no columns of domains, no best row and no difference to the baseline.
    private var oracleBlocks: [Document.Block] {
        let paths = variantDials
        let rows = variants.flatMap { variant in
            zip(variant.score.rows, variant.oracle.rows).map { valid, oracle -> [String] in
                let score = variant.oracle.score
                let gain: Double? = valid.average.estimate.flatMap { valid in
                    // Only units that both have, so that the difference compares the same trials.
                    oracle.average.count == valid.count ? oracle.average.estimate.map { score.gain(from: valid.mean, to: $0.mean) } : nil
                }
                return paths.map { variant.variant[$0] ?? NumberText.nothing }
                    + [valid.name, CellText.text(oracle.average, score, isAlone: hasOneSeed), gain.map(score.signedText) ?? NumberText.nothing]
            }
        }
        guard variants.contains(where: { $0.oracle.rows.contains { $0.average.estimate != nil } }) else { return [] }
        return [
            .heading("Not a valid selection: the best epoch on the target"),
            .paragraph(
                "For reference only: this epoch was chosen by looking at the target, which is impossible in a place that is really new. "
                    + "Gained: how much that flatters the average."),
            .table(
                TextTable(
                    columns: paths.map { .init($0) } + [.init("Row"), .init("Average, looking at the target", .right), .init("Gained", .right)],
                    rows: rows)),
        ]
    }

    private func usageBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        let rows = variant.usage.indices.map { index in
            let usage = variant.usage[index]
            return [
                usage.name, CellText.text(variant.sourceValidation.rows[index].average, variant.score.score, isAlone: hasOneSeed),
                CellText.text(variant.last.rows[index].average, variant.score.score, isAlone: hasOneSeed),
                usage.secondsPerTraining.map(NumberText.duration) ?? NumberText.nothing,
                usage.penaltyShare.map { NumberText.percent($0) + " %" } ?? NumberText.nothing,
                usage.parameters.map(String.init) ?? NumberText.nothing,
            ]
        }
        let beside = TextTable(
            columns: [.init("Row")]
                + [
                    "Source validation", "Target, last epoch", variant.settings.trainedOn.isEmpty ? "Time per trial" : "Time per training", "In penalties",
                    "Parameters",
                ]
                .map { .init($0, .right) },
            rows: rows)
        let tuned = variant.usage.flatMap { usage in
            usage.tuned.map { value in
                [usage.name, value.path, value.choices.map { "\($0.value) (\($0.count)×)" }.joined(separator: ", ")]
            }
        }
        let chosen = TextTable(
            columns: [.init("Row"), .init("Tuned"), .init("Chosen (number of trials)")], rows: tuned)
        return (isHeaded ? [.heading("Beside the result")] : []) + [.table(beside)]
            + (tuned.isEmpty ? [] : [.table(chosen)]) + tuningBlocks(variant) + costBlocks(variant, isHeaded: isHeaded)
            + measuringBlocks(variant, isHeaded: isHeaded)
    }

    // MARK: What is missing

    /// What the figures leave out: failed trials one by one, the number of trials that were not run,
    /// and results that no table shows, by name.
    private var completenessBlocks: [Document.Block] {
        var blocks: [Document.Block] = []
        if finishedCount < plannedCount {
            var sentences = ["\(finishedCount) of \(NumberText.count(plannedCount, "trial")) finished."]
            if !failures.isEmpty { sentences.append("\(failures.count) failed.") }
            if missingCount > 0 { sentences.append("\(missingCount) not run.") }
            blocks += [.heading("Missing trials"), .paragraph(sentences.joined(separator: " "))]
        }
        if !failures.isEmpty { blocks.append(.table(failureTable)) }
        if !stray.isEmpty {
            let shown = Array(stray.prefix(20))
            blocks += [
                .heading("Results in no table"),
                .paragraph("The run folder holds \(NumberText.count(stray.count, "result")) of trials that this recipe does not plan:"),
                .list(shown + (stray.count > shown.count ? ["and \(stray.count - shown.count) more"] : [])),
            ]
        }
        return blocks
    }

    private var failureTable: TextTable {
        TextTable(
            columns: [.init("Failed trial"), .init("Term"), .init("Step", .right), .init("Message")],
            rows: failures.compactMap { result in
                guard case .failed(let term, let step, let message) = result.status else { return nil }
                return [result.key.description, term, String(step), DisplayText.truncated(message, to: 500)]
            })
    }
}

extension Optional where Wrapped == [Document.Block] {
    var orEmpty: [Document.Block] { self ?? [] }
}
