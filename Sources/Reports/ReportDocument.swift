import Results

extension Report {
    /// The report as a document: tables, what they leave out, and what they were made with.
    ///
    /// - Parameter recipe: the resolved recipe, for a page that is to stand alone.
    package func document(recipe: String? = nil) -> Document {
        var blocks: [Document.Block] = [.title(settings.recipe), .paragraph(introduction)]
        if isSweep {
            blocks += [.table(summary(\.accuracy)), .paragraph(differenceNote)]
            blocks += sensitivityBlocks
            blocks += oracleBlocks(summary(\.oracle))
            for variant in variants {
                blocks += [.heading(label(of: variant.variant)), .table(table(variant.accuracy, marksBest: true))]
                blocks += findingBlocks(variant, isHeaded: false)
                blocks += measurementBlocks(variant, isHeaded: false)
                blocks += usageBlocks(variant, isHeaded: false)
                blocks += curveBlocks(variant, isHeaded: false)
            }
        } else if let variant = variants.first {
            blocks += [.table(table(variant.accuracy, marksBest: true)), .paragraph(differenceNote)]
            blocks += findingBlocks(variant, isHeaded: true)
            blocks += measurementBlocks(variant, isHeaded: true)
            blocks += oracleBlocks(table(variant.oracle, marksBest: false))
            blocks += usageBlocks(variant, isHeaded: true)
            blocks += curveBlocks(variant, isHeaded: true)
        }
        blocks += completenessBlocks + loadingBlocks
        blocks += [.heading("How these figures were made"), .list(settingsLines)]
        if let recipe { blocks += [.folded("Resolved recipe", isOpen: false, [.source(recipe)])] }
        return Document(blocks.filter { $0 != .paragraph("") })
    }

    // MARK: Tables

    private func table(_ table: ReportTable, marksBest: Bool) -> TextTable {
        let hasDifference = table.rows.contains { $0.difference != nil }
        return TextTable(
            columns: [.init("Row")] + (table.targets + ["Average"]).map { .init($0, .right) }
                + (hasDifference ? [.init("Difference to \(settings.baseline ?? "")", .right)] : []),
            rows: table.rows.map { row in
                [row.name] + (row.cells + [row.average]).map(CellText.text)
                    + (hasDifference ? [CellText.text(row.difference)] : [])
            },
            marked: marksBest ? best(of: table) : [])
    }

    /// The highest mean of every column, as it is printed; cells that rest on fewer trials than planned do not compete.
    private func best(of table: ReportTable) -> Set<TextTable.Place> {
        guard table.rows.count > 1 else { return [] }
        let columns = table.rows.map { $0.cells + [$0.average] }
        var places: Set<TextTable.Place> = []
        for column in 0...table.targets.count {
            let means = columns.map { row in row[column].isComplete ? row[column].estimate?.mean : nil }
            guard let highest = means.compactMap({ $0 }).max() else { continue }
            for (row, mean) in means.enumerated() where mean.map(NumberText.percent) == NumberText.percent(highest) {
                places.insert(.init(row: row, column: column + 1))
            }
        }
        return places
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

    private func usageBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
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
        return (isHeaded ? [.heading("Beside the result")] : []) + [.table(beside)]
            + (tuned.isEmpty ? [] : [.table(chosen)]) + tuningBlocks(variant) + costBlocks(variant, isHeaded: isHeaded)
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
