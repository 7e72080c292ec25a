import Results

/// The sentences around a report's tables, which say what the figures are.
extension Report {
    /// What the first table shows.
    var introduction: String {
        let subject = "Accuracy in percent on the held-out domain, at the epoch that the selection rule chose"
        var text = "\(subject): mean ± standard deviation over \(unitText)."
        if isSweep, let baseline = settings.baseline {
            text =
                "\(subject), averaged over targets. Column \(baseline): mean ± standard deviation over "
                + "\(unitText). Other columns: difference to \(baseline)."
        }
        if finishedCount < plannedCount {
            text += " Where trials are missing, the cell says on how many of the planned ones it rests."
        }
        return text
    }

    /// How the differences were taken; empty when there is nothing to compare with.
    var differenceNote: String {
        guard let baseline = settings.baseline, settings.rows.count > 1 else { return "" }
        let seeds = NumberText.count(settings.seeds.count, "seed")
        let domains = NumberText.count(settings.targets.count, "domain")
        let repetitions = NumberText.count(settings.repetitions.count, "repetition")
        let pairs = NumberText.count(settings.seeds.count * settings.targets.count, "(seed, domain) pair")
        let isRepeated = settings.repetitions.count > 1
        let pairing = isRepeated ? "\(repetitions), each the mean over \(seeds) and \(domains)" : pairs
        return "Difference to \(baseline): mean of the paired differences in percentage points "
            + "± its standard error over \(pairing)."
    }

    /// What is printed under the tables, one line each.
    var settingsLines: [String] {
        var lines = [
            "Selection: \(settings.selection)",
            "Protocol: \(settings.protocolText)",
            "Seeds: \(settings.seeds.map(String.init).joined(separator: ", "))",
        ]
        let repetitions = settings.repetitions.filter { !$0.isEmpty }
        if !repetitions.isEmpty {
            lines.append("Repetitions: \(repetitions.map(label).joined(separator: "; "))")
        }
        lines += settings.settings + settings.notices
        lines.append("Machine: \(settings.machine)")
        lines.append("Threads: \(settings.threads)")
        if !settings.versions.isEmpty { lines.append("Versions: \(settings.versions.joined(separator: ", "))") }
        if !settings.reused.isEmpty { lines.append(reusedLine) }
        if let command = settings.command { lines.append("Command: \(command)") }
        return lines
    }

    /// Which results an earlier run had left, row by row.
    private var reusedLine: String {
        let counts = Dictionary(settings.reused.map { ($0.row, 1) }, uniquingKeysWith: +)
        let rows = settings.rows.compactMap { row in counts[row].map { "\(row) \($0)" } }
        return "Reused: \(settings.reused.count) of \(NumberText.count(plannedCount, "trial")) from an earlier run into the same folder: "
            + rows.joined(separator: ", ")
    }

    private var unitText: String {
        let seeds = NumberText.count(settings.seeds.count, "seed")
        if settings.repetitions.count == 1 { return seeds }
        return "\(seeds) × \(NumberText.count(settings.repetitions.count, "repetition"))"
    }
}
