/// How loading went: for progress, and for the report of a run.
public struct LoadingReport: Hashable, Sendable {
    /// A row that was left out.
    public struct SkippedRow: Hashable, Sendable {
        /// The row of the data set.
        public let row: Int
        /// The file at fault.
        public let path: String
        /// Why, with the path of the file.
        public let reason: String
        /// How often the row was asked for and left out.
        public internal(set) var times: Int
    }

    /// Rows handed out.
    public internal(set) var samples = 0
    /// In the order in which they were first met.
    public internal(set) var skipped: [SkippedRow] = []
    /// Seconds that whoever asked waited for decoders.
    public internal(set) var secondsWaited = 0.0
    /// Seconds from the first request to the last batch, use of the batches included.
    public internal(set) var seconds = 0.0

    public init() {}

    /// Rows a second, use of the batches included.
    public var samplesPerSecond: Double { seconds > 0 ? Double(samples) / seconds : 0 }

    /// One line for people.
    public var summary: String {
        func text(_ value: Double) -> String { String(Double((value * 10).rounded()) / 10) }
        var parts = ["\(samples) samples", "\(text(samplesPerSecond)) a second", "\(text(secondsWaited)) of \(text(seconds)) s waited for files"]
        if let first = skipped.first {
            let times = skipped.reduce(0) { $0 + $1.times }
            parts.append("\(skipped.count) rows left out (\(times) times), first \(first.path): \(first.reason)")
        }
        return parts.joined(separator: ", ")
    }

    mutating func skip(_ row: Int, path: String, reason: String) {
        if let place = skipped.firstIndex(where: { $0.row == row }) {
            skipped[place].times += 1
        } else {
            skipped.append(SkippedRow(row: row, path: path, reason: reason, times: 1))
        }
    }
}
