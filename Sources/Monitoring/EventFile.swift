import Foundation
import Persistence
import Results

/// A trial's curves in the form that TensorBoard reads: TFRecords that hold `Event` messages (tensorboard's
/// `event.proto` and `summary.proto`).
///
/// TensorBoard continues reading where it stopped and, with `--reload_multifile=true`, gives up on
/// files whose newest event is older than a day. So a file only grows while its trial runs (see ``LiveCurve``), and events
/// carry the time by the clock. An epoch that is trained again after an interruption gives the same
/// values at a later time: its record stays as it was.
package enum EventFile {
    /// The whole file: a version record, then one record per epoch, whose step is the epoch.
    ///
    /// - Parameters:
    ///   - score: what the epochs' scores are.
    ///   - times: when the trial began and its epochs ended; where that is not known, an epoch's number stands for its time.
    package static func data(of epochs: [EpochRecord], score: ScoreDescription = .accuracy, times: TrialTimes? = nil) -> Data {
        epochs.indices.reduce(into: version(times)) { data, index in data += record(of: epochs, at: index, score: score, times: times) }
    }

    /// The record that a file begins with.
    static func version(_ times: TrialTimes?) -> Data {
        var version = ProtocolBuffer()
        version.append(field: Field.Event.wallTime, times?.started ?? 0)
        version.append(field: Field.Event.fileVersion, "brain.Event:2")
        return record(version.data)
    }

    /// The record of one epoch.
    static func record(of epochs: [EpochRecord], at index: Int, score: ScoreDescription, times: TrialTimes?) -> Data {
        let epoch = epochs[index]
        var event = ProtocolBuffer()
        let time = times.flatMap { index < $0.epochs.count ? $0.epochs[index] : nil }
        event.append(field: Field.Event.wallTime, time ?? Double(epoch.epoch))
        event.append(field: Field.Event.step, Int64(epoch.epoch))
        event.append(field: Field.Event.summary, summary(of: epoch, score))
        return record(event.data)
    }

    /// Completes the event file of an ended trial in the trial's folder. A trial without epochs has
    /// none.
    ///
    /// - Throws: `FileFault`.
    package static func write(_ result: TrialResult, to folder: RunFolder) throws {
        let file = folder.events(result.key).path
        defer { AtomicFile.removeAbandonedTemporaries(in: folder.trial(result.key).path) }
        guard !result.epochs.isEmpty else {
            // The file of an earlier attempt would be taken for this trial's.
            unlink(file)
            return
        }
        let content = data(of: result.epochs, score: result.score, times: result.times)
        guard let present = try? FileContents.copied(file) else {
            try Folder.create(folder.trial(result.key).path)
            return try AtomicFile.write(content, to: file, durability: .none)
        }
        // A report is made again and again, and the curves of its trials have long been complete.
        guard present != content else { return }
        var curve = try LiveCurve(at: file, version: version(result.times))
        for index in result.epochs.indices { try curve.append(record(of: result.epochs, at: index, score: result.score, times: result.times)) }
        try curve.end()
    }

    /// The number of bytes at the beginning of a record that depend on its time: length with its
    /// checksum, then the first field. The checksum at the end depends on it too and is ignored by
    /// comparing the message alone.
    private static let untilValues = 12 + 1 + 8

    /// Whether two records differ in their time at most, and the first of them is undamaged.
    static func isSame(_ present: Data, as record: Data) -> Bool {
        present.count == record.count && present.dropFirst(untilValues).dropLast(4) == record.dropFirst(untilValues).dropLast(4)
            // A record whose checksum is wrong is damaged, however much of it looks right.
            && present == Self.record(Data(present.dropFirst(12).dropLast(4)))
    }

    /// Splits a file into complete records.
    struct RecordReader {
        /// What has not been read.
        private(set) var rest: Data

        init(_ data: Data) { rest = data }

        mutating func next() -> Data? {
            guard rest.count >= 16 else { return nil }
            let length = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard length <= UInt64(rest.count - 16) else { return nil }
            let size = Int(length) + 16
            defer { rest = rest.dropFirst(size) }
            return Data(rest.prefix(size))
        }
    }

    /// Field numbers of the messages.
    private enum Field {
        enum Event {
            static let wallTime: UInt64 = 1
            static let step: UInt64 = 2
            static let fileVersion: UInt64 = 3
            static let summary: UInt64 = 5
        }
        enum Summary { static let value: UInt64 = 1 }
        enum Value {
            static let tag: UInt64 = 1
            static let simpleValue: UInt64 = 2
        }
    }

    private static func summary(of epoch: EpochRecord, _ score: ScoreDescription) -> ProtocolBuffer {
        var summary = ProtocolBuffer()
        func append(_ tag: String, _ value: Double?) {
            guard let value else { return }
            var scalar = ProtocolBuffer()
            scalar.append(field: Field.Value.tag, tag)
            scalar.append(field: Field.Value.simpleValue, Float(value))
            summary.append(field: Field.Summary.value, scalar)
        }
        append("\(score.name)/source-validation", epoch.sourceValidationScore)
        append("\(score.name)/target", epoch.targetScore)
        for (name, value) in epoch.otherSourceValidationScores.sorted(by: { $0.key < $1.key }) { append("\(name)/source-validation", value) }
        for (name, value) in epoch.otherTargetScores.sorted(by: { $0.key < $1.key }) { append("\(name)/target", value) }
        append("loss/training", epoch.trainingLoss)
        append("loss/source-validation", epoch.sourceValidationLoss)
        for (name, value) in epoch.terms.sorted(by: { $0.key < $1.key }) { append("terms/\(name)", value) }
        for (name, value) in epoch.gradientShares.sorted(by: { $0.key < $1.key }) { append("gradient-share/\(name)", value) }
        return summary
    }

    /// Length, checksum of the length, message, checksum of the message; numbers are little-endian.
    private static func record(_ message: Data) -> Data {
        let length = withUnsafeBytes(of: UInt64(message.count).littleEndian) { Data($0) }
        func checksum(_ bytes: Data) -> Data { withUnsafeBytes(of: CRC32C.masked(bytes).littleEndian) { Data($0) } }
        return length + checksum(length) + message + checksum(message)
    }
}
