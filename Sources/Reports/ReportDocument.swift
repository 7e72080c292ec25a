import Results

extension Report {
    /// The report as a document: tables, what they leave out, and what they were made with.
    package func document() -> Document {
        var blocks: [Document.Block] = [.title(settings.recipe), .paragraph(introduction)]
        if isSweep {
            blocks += [.table(summary(\.accuracy)), .paragraph(differenceNote)]
            blocks += oracleBlocks(summary(\.oracle))
            for variant in variants {
                blocks += [.heading(label(of: variant.variant)), .table(table(variant.accuracy))]
                blocks += usageBlocks(variant, headed: false)
            }
        } else if let variant = variants.first {
            blocks += [.table(table(variant.accuracy)), .paragraph(differenceNote)]
            blocks += oracleBlocks(table(variant.oracle))
            blocks += usageBlocks(variant, headed: true)
        }
        blocks += completenessBlocks
        blocks += [.heading("How these figures were made"), .list(settingsLines)]
        return Document(blocks.filter { $0 != .paragraph("") })
    }

    // MARK: Tables

    private func table(_ table: ReportTable) -> TextTable {
        let hasDifference = table.rows.contains { $0.difference != nil }
        return TextTable(
            columns: [.init("Row")] + (table.targets + ["Average"]).map { .init($0, .right) }
                + (hasDifference ? [.init("Difference to \(settings.baseline ?? "")", .right)] : []),
            rows: table.rows.map { row in
                [row.name] + (row.cells + [row.average]).map(CellText.text)
                    + (hasDifference ? [CellText.text(row.difference)] : [])
            })
    }

    /// One line a variant: the baseline's average and every other row's difference to it; without a
    /// baseline, every row's average.
    private func summary(_ kind: KeyPath<VariantReport, ReportTable>) -> TextTable {
        let paths = variantDials
        return TextTable(
            columns: paths.map { .init($0) } + settings.rows.map { .init($0, .right) },
            rows: variants.map { variant in
                paths.map { variant.variant[$0] ?? NumberText.nothing }
                    + variant[keyPath: kind].rows.map { row in
                        row.difference == nil ? CellText.text(row.average) : CellText.text(row.difference)
                    }
            })
    }

    private func oracleBlocks(_ table: TextTable) -> [Document.Block] {
        [
            .heading("Best epoch on the target: not a valid selection"),
            .paragraph(
                "For reference only: the epoch was chosen by looking at the target, "
                    + "which nobody can do in a place that is really new."),
            .table(table),
        ]
    }

    private func usageBlocks(_ variant: VariantReport, headed: Bool) -> [Document.Block] {
        let rows = variant.usage.indices.map { index in
            let usage = variant.usage[index]
            return [
                usage.name, CellText.text(variant.sourceValidation.rows[index].average),
                CellText.text(variant.last.rows[index].average),
                usage.secondsPerTrial.map(NumberText.duration) ?? NumberText.nothing,
                usage.penaltyShare.map { NumberText.percent($0) + " %" } ?? NumberText.nothing,
                usage.parameters.map(String.init) ?? NumberText.nothing,
            ]
        }
        let beside = TextTable(
            columns: [.init("Row")]
                + ["Source validation", "Target, last epoch", "Time per trial", "In penalties", "Parameters"]
                .map { .init($0, .right) },
            rows: rows)
        let tuned = variant.usage.flatMap { usage in
            usage.tuned.map { value in
                [usage.name, value.path, value.choices.map { "\($0.value) (\($0.count)×)" }.joined(separator: ", ")]
            }
        }
        let chosen = TextTable(
            columns: [.init("Row"), .init("Tuned"), .init("Chosen (by so many trials)")], rows: tuned)
        return (headed ? [.heading("Beside the result")] : []) + [.table(beside)]
            + (tuned.isEmpty ? [] : [.table(chosen)])
    }

    /// What the figures do not rest on: failed trials one by one, the others counted.
    private var completenessBlocks: [Document.Block] {
        var blocks: [Document.Block] = []
        if finishedCount < plannedCount || strangerCount > 0 {
            var sentences = ["\(finishedCount) of \(NumberText.count(plannedCount, "trial")) finished."]
            if !failures.isEmpty { sentences.append("\(failures.count) failed.") }
            if missingCount > 0 { sentences.append("\(missingCount) not run.") }
            if strangerCount > 0 {
                let results = NumberText.count(strangerCount, "result")
                sentences.append("The run folder also has \(results) of trials outside this recipe, left out here.")
            }
            blocks += [.heading("Trials that are missing"), .paragraph(sentences.joined(separator: " "))]
        }
        if !failures.isEmpty { blocks.append(.table(failureTable)) }
        return blocks
    }

    private var failureTable: TextTable {
        TextTable(
            columns: [.init("Failed trial"), .init("Term"), .init("Step", .right), .init("Message")],
            rows: failures.compactMap { result in
                guard case .failed(let term, let step, let message) = result.status else { return nil }
                return [result.key.description, term, String(step), message]
            })
    }
}
