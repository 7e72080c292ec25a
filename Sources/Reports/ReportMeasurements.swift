import Foundation
import Results

/// What was measured of the trained models: tables, differences, curves and grids.
extension Report {
    func measurementBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        variant.measured.enumerated().flatMap { index, findings in
            let parts: [Document.Block] =
                [.table(levels(findings, of: variant))] + missing(findings) + differences(findings, variant) + sentences(findings)
                + figures(findings, position: index, variant) + maps(findings, position: index, variant) + grids(findings)
            let title = "Measured: \(findings.title)"
            return [.heading(isHeaded ? title : "\(title), \(label(of: variant.variant))")] + parts
        }
    }

    // MARK: Tables

    /// One line for each row under each condition, one column for each name: the layout of a paper's table. What could be computed for no row at
    /// all has no place in it; the reasons stand below.
    private func levels(_ findings: MeasuredFindings, of variant: VariantReport) -> TextTable {
        let computed = zip(findings.quantities, findings.entries).filter { $1.contains { $0.estimate != nil } }.map { $0.0 }
        let shown = computed.isEmpty ? findings.quantities : computed
        let (names, contexts) = (shown.map(\.name).distinct, shown.map(\.context).distinct)
        let byPlace = Dictionary(
            zip(findings.quantities, findings.entries).map { ([$0.name, $0.context], $1) }
        ) { first, _ in first }
        let hasContext = contexts != [""]
        var columns = names.map { TextTable.Column($0, .right) }
        columns.insert(TextTable.Column("Row"), at: 0)
        if hasContext { columns.insert(TextTable.Column("Of"), at: 0) }
        var rows: [[String]] = []
        for context in contexts {
            for (index, row) in variant.settings.rows.enumerated() {
                let cells = names.map { name -> String in byPlace[[name, context]].map { Self.text($0[index]) } ?? "" }
                let heading = index > 0 ? "" : context.isEmpty ? "the model" : context
                rows.append((hasContext ? [heading, row] : [row]) + cells)
            }
        }
        return TextTable(columns: columns, rows: rows)
    }

    private static func text(_ entry: MeasuredFindings.Entry) -> String {
        let share = entry.count == entry.measured ? "" : " (\(entry.count) of \(entry.measured))"
        guard let estimate = entry.estimate else { return entry.measured == 0 ? "not measured" : NumberText.nothing + share }
        return NumberText.figure(
            NumberText.significant(estimate.mean), plusMinus: estimate.deviation.map { NumberText.significant($0) }, unit: "trial", note: share)
    }

    /// Notes that differ in numbers only are one note: `target: 641 to 1000 samples`.
    static func joined(_ notes: [String]) -> [String] {
        var kinds: [(words: [String], numbers: [[Int]])] = []
        for note in notes {
            let words = note.split(separator: " ").map(String.init)
            let numbers = words.compactMap { Int($0) }
            let form = words.map { Int($0) == nil ? $0 : "" }
            if let kind = kinds.firstIndex(where: { $0.words == form }) { kinds[kind].numbers.append(numbers) } else { kinds.append((form, [numbers])) }
        }
        return kinds.map { words, numbers in
            var place = 0
            return words.map { word in
                guard word.isEmpty else { return word }
                let values = numbers.map { $0[place] }
                place += 1
                let (low, high) = (values.min() ?? 0, values.max() ?? 0)
                return low == high ? "\(low)" : "\(low) to \(high)"
            }.joined(separator: " ")
        }
    }

    private func missing(_ findings: MeasuredFindings) -> [Document.Block] {
        let notes = findings.notes.isEmpty ? [] : ["Measured on " + Self.joined(findings.notes).joined(separator: "; ") + "."]
        let time = "It took \(NumberText.duration(findings.seconds)) per trial. Mean ± standard deviation over trials."
        let reasons = findings.reasons.map { "\(NumberText.count($0.count, "number")) cannot be computed because \($0.reason)" }
        return [.paragraph((notes + [time]).joined(separator: " "))] + (reasons.isEmpty ? [] : [.list(reasons)])
    }

    private func differences(_ findings: MeasuredFindings, _ variant: VariantReport) -> [Document.Block] {
        let compared = findings.entries.joined().filter { ($0.difference?.units.count ?? 0) > 1 }
        guard !compared.isEmpty, let baseline = variant.settings.baseline else { return [] }
        let table = TextTable(
            columns: [.init("Quantity"), .init("Row")]
                + ["Difference", "95 % (t)", "p (t)", "Holm", "p (sign flip)", "Holm", "r with Δ \(variant.score.score.title)"].map { .init($0, .right) },
            rows: compared.map { entry in
                let mean = entry.difference.map { NumberText.signed($0.estimate.mean, beside: $0.estimate.standardError) } ?? NumberText.nothing
                let interval = entry.interval.map { "[\(NumberText.signed($0.low)), \(NumberText.signed($0.high))]" } ?? NumberText.nothing
                return [
                    entry.quantity.text, entry.row, mean, interval, NumberText.probability(entry.test?.tTest.p),
                    NumberText.probability(entry.test?.adjustedTTest), NumberText.probability(entry.test?.signFlip.p),
                    NumberText.probability(entry.test?.adjustedSignFlip), entry.correlationWithGain.map { NumberText.signed($0) } ?? NumberText.nothing,
                ]
            })
        let note =
            "Paired differences to \(baseline), tested as the result is; Holm: over the \(NumberText.count(findings.tested, "difference")) of this measurement that can be tested. "
            + "r: correlation over the pairs of this difference with that of the \(variant.score.score.title) on the target."
        return [.paragraph("Differences to \(baseline):"), .table(table), .paragraph(note)]
    }

    /// What is more than chance, in words.
    private func sentences(_ findings: MeasuredFindings) -> [Document.Block] {
        let compared = findings.entries.joined().filter { ($0.difference?.units.count ?? 0) > 1 }
        guard !compared.isEmpty else { return [] }
        let found = compared.filter { ($0.test?.adjustedTTest ?? 1) < 0.05 }
        let lines = found.compactMap { entry -> String? in
            guard let difference = entry.difference?.estimate else { return nil }
            let verb = difference.mean > 0 ? "raises" : "lowers"
            return "\(entry.row) \(verb) \(entry.quantity.text) by \(NumberText.significant(abs(difference.mean))) ± "
                + "\(NumberText.significant(difference.standardError)) (p \(NumberText.probability(entry.test?.adjustedTTest)))"
        }
        let rest = compared.count - found.count
        let summary = rest == 0 ? [] : ["\(rest) of \(compared.count) differences are not shown to be more than chance (Holm, t test, 5 %)"]
        return [.list(lines + summary)]
    }

    // MARK: Drawings and grids

    private func figures(_ findings: MeasuredFindings, position: Int, _ variant: VariantReport) -> [Document.Block] {
        let figures = findings.curves.enumerated().compactMap { index, curves -> Figure? in
            guard let first = curves.first?.curve else { return nil }
            let context = [first.modality, first.samples].compactMap(\.self).joined(separator: ", ")
            let title = "\(first.name)\(context.isEmpty ? "" : " (\(context))")"
            let plot = Plot(
                title: title, x: Plot.Axis(first.xAxis), y: Plot.Axis(first.yAxis),
                series: curves.map { own in
                    Plot.Series(own.row, zip(own.curve.x, own.curve.y).map { Plot.Point(x: $0, y: $1) }, style: style(ofRow: own.row))
                })
            return Figure(
                name: name("measured-\(position + 1)-\(index + 1)", variant), caption: "\(title), mean over trials.", svg: plot.svg(), isCaptioned: false)
        }
        return figures.isEmpty ? [] : [.folded("Curves of \(findings.title)", isOpen: true, [.figures(figures)])]
    }

    /// A picture for each row, modality and grouping, of the row's first trial: coordinates of different trainings have no common axes.
    private func maps(_ findings: MeasuredFindings, position: Int, _ variant: VariantReport) -> [Document.Block] {
        var figures: [Figure] = []
        for (key, map) in findings.maps {
            for grouping in map.groupings {
                let title = [key.row, map.modality, "by \(grouping.name)"].compactMap(\.self).joined(separator: ", ")
                let plot = Plot(
                    title: title, x: Plot.Axis(map.xAxis), y: Plot.Axis(map.yAxis),
                    series: grouping.names.indices.compactMap { group in
                        let points = zip(zip(map.x, map.y), grouping.members).filter { $0.1 == group }.map { Plot.Point(x: $0.0.0, y: $0.0.1) }
                        return points.isEmpty ? nil : Plot.Series(grouping.names[group], points, style: group, hasMarkers: true, hasLine: false)
                    })
                figures.append(
                    Figure(
                        name: name("map-\(position + 1)-\(figures.count + 1)", variant),
                        caption: "\(title): \(map.name), target \(key.target), seed \(key.seed).", svg: plot.svg(), isCaptioned: false))
            }
        }
        return figures.isEmpty ? [] : [.folded("Maps of \(findings.title)", isOpen: false, [.figures(figures)])]
    }

    private func grids(_ findings: MeasuredFindings) -> [Document.Block] {
        let blocks = findings.grids.flatMap { row, grid -> [Document.Block] in
            // Counts of classes by classes: what lies on the diagonal is right, so its share of a line is the accuracy on that class.
            let hasDiagonal = grid.rows == grid.columns
            let table = TextTable(
                columns: [.init("\(grid.rowAxis) \\ \(grid.columnAxis)")] + grid.columns.map { .init($0, .right) }
                    + (hasDiagonal ? [.init("Accuracy, %", .right)] : []),
                rows: zip(grid.rows, grid.values).enumerated().map { index, line in
                    let sum = line.1.reduce(0) { $0 + Double($1) }
                    let share = line.1.indices.contains(index) && sum > 0 ? NumberText.percent(Double(line.1[index]) / sum) : NumberText.nothing
                    return [line.0] + line.1.map(String.init) + (hasDiagonal ? [share] : [])
                })
            return [.paragraph("\(row): \(grid.name)\(grid.samples.map { " on \($0)" } ?? ""), added up over trials"), .table(table)]
        }
        return blocks.isEmpty ? [] : [.folded("Counts of \(findings.title)", isOpen: false, blocks)]
    }

    /// Every number of every trial, as comma-separated values: a header line, then one line per number.
    ///
    /// - Returns: only the header where nothing was measured.
    package func measurementsCSV() -> String {
        let header = ["row", "target", "seed", "variant", "repetition", "measurement", "name", "modality", "samples", "condition", "value", "reason"]
        var lines: [[String]] = []
        for key in settings.keys {
            let trial: [String] = [
                CSVText.name(key.row), CSVText.name(key.target), "\(key.seed)", CSVText.name(CSVText.assignment(key.variant)),
                CSVText.name(CSVText.assignment(key.repetition)),
            ]
            for record in measurements[key] ?? [] {
                for number in record.findings.numbers {
                    let value = number.value.map { "\($0)" } ?? ""
                    let context = [number.modality, number.samples, number.condition].map { CSVText.name($0 ?? "") }
                    lines.append(trial + [record.title, number.name].map(CSVText.name) + context + [value, CSVText.name(number.reason ?? "")])
                }
            }
        }
        return CSVText.text([header] + lines)
    }
}
