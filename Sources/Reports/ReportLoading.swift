import Results

/// What reading media files took, and what was left out because it could not be read.
extension Report {
    /// How many files the report names.
    private static let named = 20

    /// Empty where nothing was decoded.
    var loadingBlocks: [Document.Block] {
        guard !loading.isEmpty else { return [] }
        let table = TextTable(
            columns: [.init("Row")] + ["Decoded", "A second", "Waited for files", "Left out"].map { .init($0, .right) },
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
        return [.paragraph("\(samples) left out of training and scores, as on-bad-sample: skip asks:"), .list(lines)]
    }
}
