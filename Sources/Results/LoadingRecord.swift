/// How the media files of a trial were read.
package struct LoadingRecord: Hashable, Codable, Sendable {
    /// A row that was left out because a file of it is missing or damaged.
    package struct LeftOut: Hashable, Codable, Sendable {
        /// The row of the data set, from 0.
        package var row: Int
        /// The file at fault.
        package var path: String
        package var reason: String
        /// How often the row was asked for and left out.
        package var times: Int

        package init(row: Int, path: String, reason: String, times: Int) {
            self.row = row
            self.path = path
            self.reason = reason
            self.times = times
        }
    }

    /// Rows that were decoded.
    package var samples: Int
    /// Wall time of the passes over them, use of the batches included.
    package var seconds: Double
    /// The part of it in which the trial waited for files.
    package var secondsWaited: Double
    /// In the order in which they were first met.
    package var leftOut: [LeftOut]

    package init(samples: Int = 0, seconds: Double = 0, secondsWaited: Double = 0, leftOut: [LeftOut] = []) {
        self.samples = samples
        self.seconds = seconds
        self.secondsWaited = secondsWaited
        self.leftOut = leftOut
    }

    private enum Key: String, CodingKey { case samples, seconds, secondsWaited, leftOut }

    /// - Throws: `DecodingError` where an entry is missing or has another type, and for counts that are none.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        samples = try fields.decode(Int.self, forKey: .samples)
        seconds = try fields.decode(Double.self, forKey: .seconds)
        secondsWaited = try fields.decode(Double.self, forKey: .secondsWaited)
        leftOut = try fields.decode([LeftOut].self, forKey: .leftOut)
        try fields.check([samples], of: .samples)
        try fields.check(leftOut.map(\.times), of: .leftOut)
    }

    /// Rows a second, use of the batches included; nil where no time passed.
    package var samplesPerSecond: Double? { seconds > 0 ? Double(samples) / seconds : nil }

    /// Both together, as of one trial in two processes or of two trials.
    package static func + (one: LoadingRecord, other: LoadingRecord) -> LoadingRecord {
        var sum = LoadingRecord(
            samples: one.samples + other.samples, seconds: one.seconds + other.seconds,
            secondsWaited: one.secondsWaited + other.secondsWaited, leftOut: one.leftOut)
        var places = Dictionary(sum.leftOut.enumerated().map { ($1.row, $0) }) { first, _ in first }
        for row in other.leftOut {
            if let place = places[row.row] {
                sum.leftOut[place].times += row.times
            } else {
                places[row.row] = sum.leftOut.count
                sum.leftOut.append(row)
            }
        }
        return sum
    }
}
