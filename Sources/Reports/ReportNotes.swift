import Results

/// The sentences around a report's tables, which say what the figures are.
extension Report {
    /// What the first table shows.
    var introduction: String {
        let subjects = Set(variants.map(\.settings.score.subject))
        let score = subjects.count == 1 ? subjects.first ?? "" : "The task's first score"
        let subject = "\(score) on \(heldOutText), at the epoch that the selection rule chose"
        var text = "\(subject): \(cellText)."
        if isSweep {
            text = "\(subject), averaged over targets: \(cellText)."
            let baselines = Set(variants.map(\.settings.baseline))
            if hasManyRows {
                text += " Differences are listed below for each variant."
            } else if baselines.count == 1, let baseline = variants.first?.settings.baseline {
                text = "\(subject), averaged over targets. Column \(baseline): \(cellText). Other columns: difference to \(baseline)."
            }
        }
        if finishedCount < plannedCount {
            text += " Where trials are missing, the cell says how many of the planned ones it is based on."
        }
        return text
    }

    /// How differences were taken, where that is the same in all variants; nil where it is not.
    var sharedDifferenceNote: String? {
        let notes = Set(variants.map { differenceNote($0.settings) })
        return notes.count == 1 ? notes.first : nil
    }

    /// How the differences of a variant were taken; empty when there is nothing to compare with.
    func differenceNote(_ variant: VariantSettings) -> String {
        guard let baseline = variant.baseline, variant.rows.count > 1 else { return "" }
        let seeds = NumberText.count(variant.seeds.count, "seed")
        let trainings = variant.trainingsPerSeed
        let pairing =
            if variant.repetitions.count > 1 {
                "\(NumberText.count(variant.repetitions.count, "repetition")), each the mean over \(seeds) and \(variant.heldOut.columns(variant.targets.count))"
            } else if trainings < variant.targets.count {
                NumberText.count(variant.seeds.count * trainings, "pair") + " of trainings, each the mean over all domains that its models "
                    + "were evaluated on: figures of one training are not independent evidence"
            } else {
                NumberText.count(variant.seeds.count * variant.targets.count, variant.heldOut.pair)
            }
        return "Difference to \(baseline): mean of the paired differences in \(variant.score.differenceUnit) ± its standard error over \(pairing)."
    }

    /// What statistics of a variant count as independent units, in the plural.
    func units(_ variant: VariantSettings) -> String {
        if variant.repetitions.count > 1 { return "draws" }
        let trainings = variant.trainingsPerSeed
        return trainings < variant.targets.count ? "pairs of trainings" : variant.heldOut.pair + "s"
    }

    /// What the scores were measured on.
    var heldOutText: String {
        let kinds = Set(variants.map(\.settings.heldOut))
        return kinds.count == 1 ? kinds.first?.phrase ?? "" : "what is held out"
    }

    /// What a cell says.
    private var cellText: String {
        hasOneSeed ? "one value each, since there is one seed" : "mean ± standard deviation over \(unitText)"
    }

    private var unitText: String {
        let counts = Set(variants.map { [$0.settings.seeds.count, $0.settings.repetitions.count] })
        guard counts.count == 1, let variant = variants.first?.settings else { return "the trials of a cell" }
        let seeds = NumberText.count(variant.seeds.count, "seed")
        if variant.repetitions.count == 1 { return seeds }
        return "\(seeds) × \(NumberText.count(variant.repetitions.count, "repetition"))"
    }

    // MARK: How the figures were made

    /// What is printed under the tables, one line each. What differs between variants is said for each.
    var settingsLines: [String] {
        var lines = ["Selection", "Protocol", "Seeds", "Repetitions"].flatMap { name in
            self.lines(name) { variant in
                switch name {
                case "Selection": variant.selection
                case "Protocol": variant.protocolText
                case "Seeds":
                    variant.seeds.map(String.init).joined(separator: ", ")
                        + (variant.design.map { " of at most \($0.most), decided at looks after \($0.looks.map(String.init).joined(separator: ", "))" } ?? "")
                default: variant.repetitions.filter { !$0.isEmpty }.map(label).joined(separator: "; ")
                }
            }
        }
        let shared =
            variants.first.map { first in
                first.settings.lines.filter { line in variants.allSatisfy { $0.settings.lines.contains(line) } }
            } ?? []
        lines += shared.map { $0.prefix(1).uppercased() + $0.dropFirst() }
        for variant in variants {
            lines += variant.settings.lines.filter { !shared.contains($0) }.map { "\(label(of: variant.variant)): \($0)" }
        }
        if let span {
            lines.append(
                "Trained: \(NumberText.date(span.first)) to \(NumberText.date(span.last)) UTC, \(NumberText.count(span.trials, "trial")), "
                    + "\(NumberText.duration(span.seconds)) in all")
        }
        lines.append("Machine: \(settings.machine)")
        lines.append("Threads: \(settings.threads)")
        if !settings.versions.isEmpty { lines.append("Versions: \(settings.versions.joined(separator: ", "))") }
        lines += digestLines
        if !settings.reused.isEmpty { lines.append(reusedLine) }
        if let command = settings.command { lines.append("Command: \(command)") }
        return lines
    }

    /// One line where all variants agree, else one per variant; none where there is nothing to say.
    private func lines(_ name: String, _ text: (VariantSettings) -> String) -> [String] {
        let texts = variants.map { text($0.settings) }
        guard Set(texts).count > 1 else { return texts.first.map { $0.isEmpty ? [] : ["\(name): \($0)"] } ?? [] }
        return zip(variants, texts).filter { !$1.isEmpty }.map { "\(name) (\(label(of: $0.variant))): \($1)" }
    }

    /// Which results an earlier run had left, row by row.
    private var reusedLine: String {
        let counts = Dictionary(settings.reused.map { ($0.row, 1) }, uniquingKeysWith: +)
        let rows = settings.rows.compactMap { row in counts[row].map { "\(row) \($0)" } }
        return "Reused: \(settings.reused.count) of \(NumberText.count(plannedCount, "trial")) from an earlier run into the same folder: "
            + rows.joined(separator: ", ")
    }
}

/// What reading media files took, and what was left out because it could not be read.
extension Report {
    /// How many files the report names.
    private static let named = 20

    /// Empty where nothing was decoded.
    var loadingBlocks: [Document.Block] {
        guard !loading.isEmpty else { return [] }
        let table = TextTable(
            columns: [.init("Row")] + ["Decoded", "Per second", "Waited for files", "Left out"].map { .init($0, .right) },
            rows: loading.map { row in
                let record = row.record
                let share = record.seconds > 0 ? record.secondsWaited / record.seconds : nil
                return [
                    row.row, String(record.samples), record.samplesPerSecond.map { NumberText.percent($0 / 100) } ?? NumberText.nothing,
                    share.map { NumberText.percent($0) + " %" } ?? NumberText.nothing,
                    record.leftOut.isEmpty ? "0" : "\(record.leftOut.count) (\(record.leftOut.reduce(0) { $0 + $1.times })×)",
                ]
            })
        return [.heading("Loading"), .table(table)] + leftOutBlocks
    }

    private var leftOutBlocks: [Document.Block] {
        let leftOut = loading.map(\.record).reduce(LoadingRecord(), +).leftOut
        guard !leftOut.isEmpty else { return [] }
        let more = leftOut.count - Self.named
        let lines = leftOut.prefix(Self.named).map { "row \($0.row), \($0.path): \($0.reason)" } + (more > 0 ? ["and \(more) more"] : [])
        let samples = NumberText.count(leftOut.count, "sample")
        return [.paragraph("\(samples) left out of training and scores, because of on-bad-sample: skip:"), .list(lines)]
    }
}

extension HeldOut {
    fileprivate var phrase: String {
        switch self {
        case .domain: "the held-out domain"
        case .fold: "the held-out fold"
        case .part: "the held-out samples of the domain"
        case .test: "the held-out samples"
        }
    }

    /// What the differences between two rows are taken over, in the singular.
    fileprivate var pair: String {
        switch self {
        case .domain, .part: "(seed, domain) pair"
        case .fold: "(seed, fold) pair"
        case .test: "paired seed"
        }
    }

    /// So many columns.
    fileprivate func columns(_ count: Int) -> String {
        switch self {
        case .domain, .part: NumberText.count(count, "domain")
        case .fold: NumberText.count(count, "fold")
        case .test: "the held-out samples"
        }
    }
}
