import Results

/// What the rows are, and what the data consist of.
extension Report {
    /// Every row with the values that were used, defaults included; empty where the run does not record
    /// them.
    var rowBlocks: [Document.Block] {
        let shared = Set(variants.map(\.settings.descriptions)).count == 1
        let shown = shared ? Array(variants.prefix(1)) : variants
        let lines = shown.flatMap { variant -> [String] in
            let place = shared || !isSweep ? "" : " (\(label(of: variant.variant)))"
            return variant.settings.rows.compactMap { row in
                variant.settings.descriptions[row].map { "\(row)\(place): \($0.joined(separator: "; "))" }
            }
        }
        return lines.isEmpty ? [] : [.heading("What each row is"), .list(lines)]
    }

    /// Samples of each class and domain, and of each part of the data; on a page, as it may be long.
    var sampleBlocks: [Document.Block] {
        let tables = countTables + partTables
        return tables.isEmpty ? [] : [.folded("Samples by class, domain and split", isOpen: false, tables)]
    }

    private var countTables: [Document.Block] {
        let known = variants.compactMap(\.settings.samples)
        guard let samples = known.first, Set(known).count == 1 else { return [] }
        let sums = samples.domains.indices.map { domain in samples.counts.reduce(0) { $0 + $1[domain] } }
        let rows =
            zip(samples.classes, samples.counts).map { name, counts in [name] + counts.map(String.init) + ["\(counts.reduce(0, +))"] }
            + [["all"] + sums.map(String.init) + ["\(sums.reduce(0, +))"]]
        let table = TextTable(columns: [.init("Class")] + (samples.domains + ["all"]).map { .init($0, .right) }, rows: rows)
        return [.table(table)]
    }

    private var partTables: [Document.Block] {
        guard let parts = settings.variants.first?.parts, !parts.isEmpty, settings.variants.allSatisfy({ $0.parts == parts }) else { return [] }
        let columns: [TextTable.Column] =
            [.init("Held out")] + ["Trained on", "Held back for validation", "Evaluated on"].map { .init($0, .right) }
        let rows = parts.map { [$0.target, "\($0.training)", "\($0.validation)", "\($0.heldOut)"] }
        return [
            .paragraph("Samples in each part, for the trainings of each column with the first seed:"), .table(TextTable(columns: columns, rows: rows)),
        ]
    }

    /// Digests of the data and of the recipe: two reports with equal ones are about the same study.
    var digestLines: [String] {
        let data = Set(variants.compactMap(\.settings.samples?.digest)).sorted()
        return (data.isEmpty ? [] : ["Digest of the data: \(data.map { String($0.prefix(12)) }.joined(separator: ", "))"])
            + (settings.resolvedRecipe.map { ["Plan: digest \($0.prefix(12)) of the resolved recipe"] } ?? [])
    }
}
