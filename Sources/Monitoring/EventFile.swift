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
    fileprivate static func record(_ message: Data) -> Data {
        let length = withUnsafeBytes(of: UInt64(message.count).littleEndian) { Data($0) }
        func checksum(_ bytes: Data) -> Data { withUnsafeBytes(of: CRC32C.masked(bytes).littleEndian) { Data($0) } }
        return length + checksum(length) + message + checksum(message)
    }
}

/// The event file of one trial while it grows: each epoch adds its record, whatever there was before.
///
/// A file from before an interruption is read once, record by record as its epochs are told of again. Records that say the same keep their
/// place and their times, so that a reader goes on where it stands; those that follow stay until their epochs come again. A record that was
/// torn off is cut away, and a file of another training is replaced.
package struct LiveCurve: Sendable {
    private let path: String
    private var file: GrowingFile
    /// What the file holds behind the records that have been found to be right; nil where nothing is left to compare.
    private var present: EventFile.RecordReader?
    /// How many epochs have been told of.
    private var epochs = 0

    /// Begins with the file of a running trial, none of whose epochs has been told of.
    ///
    /// - Throws: `FileFault`.
    package init(of training: RunningTraining, in folder: RunFolder) throws {
        try self.init(at: folder.events(training.key).path, version: EventFile.version(training.times))
    }

    /// - Parameter version: the record that it begins with.
    fileprivate init(at path: String, version: Data) throws {
        self.path = path
        try Folder.create(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        // A copy: the file may be cut while it is read.
        var reader = EventFile.RecordReader((try? FileContents.copied(path)) ?? Data())
        if let first = reader.next(), EventFile.isSame(first, as: version) {
            (file, present) = (GrowingFile(continuing: path, keeping: first.count), reader)
        } else {
            (file, present) = (try GrowingFile(beginning: version, at: path), nil)
        }
    }

    /// Whether `training` goes on from where this stands; false where it has begun anew.
    package func precedes(_ training: RunningTraining) -> Bool { training.epochs.count > epochs }

    /// Adds the epochs of a trial that are not there yet.
    ///
    /// - Throws: `FileFault`.
    package mutating func follow(_ training: RunningTraining) throws {
        for index in min(epochs, training.epochs.count)..<training.epochs.count {
            try append(EventFile.record(of: training.epochs, at: index, score: training.score, times: training.times))
        }
    }

    fileprivate mutating func append(_ record: Data) throws {
        epochs += 1
        if var reader = present {
            let known = reader.next()
            if let known, EventFile.isSame(known, as: record) {
                (file, present) = (GrowingFile(continuing: path, keeping: file.count + known.count), reader)
                return
            }
            present = nil
            if known != nil {
                // Other epochs: a reader that has seen them must begin anew.
                file = try GrowingFile(beginning: FileContents.copied(path).prefix(file.count) + record, at: path)
                return
            }
        }
        try file.append(record)
    }

    /// Cuts off what follows the last epoch.
    fileprivate mutating func end() throws {
        guard let reader = present, !reader.rest.isEmpty else { return }
        try file.append(Data())
    }
}

/// A protocol-buffer message under construction (protobuf.dev, "Encoding"): just the field types that event files use.
struct ProtocolBuffer {
    private enum WireType: UInt64 {
        case varint = 0
        case eightBytes = 1
        case lengthDelimited = 2
        case fourBytes = 5
    }

    private(set) var data = Data()

    mutating func append(field: UInt64, _ value: Int64) {
        append(tag: field, .varint)
        // Negative numbers are written as their two's complement.
        append(varint: UInt64(bitPattern: value))
    }

    mutating func append(field: UInt64, _ value: Double) {
        append(tag: field, .eightBytes)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func append(field: UInt64, _ value: Float) {
        append(tag: field, .fourBytes)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func append(field: UInt64, _ text: String) {
        append(field: field, bytes: Data(text.utf8))
    }

    mutating func append(field: UInt64, _ message: ProtocolBuffer) {
        append(field: field, bytes: message.data)
    }

    private mutating func append(field: UInt64, bytes: Data) {
        append(tag: field, .lengthDelimited)
        append(varint: UInt64(bytes.count))
        data.append(bytes)
    }

    private mutating func append(tag field: UInt64, _ type: WireType) {
        append(varint: field << 3 | type.rawValue)
    }

    /// Seven bits per byte, the lowest first; the top bit says that more follow.
    private mutating func append(varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        data.append(UInt8(rest))
    }
}

/// The checksum of TFRecord files: CRC-32C (Castagnoli), as in RFC 3720.
enum CRC32C {
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8)
        }
    }

    /// The checksum turned and shifted, so that a checksum of data that hold checksums stays meaningful (the TFRecord
    /// format, "masked CRC").
    static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let crc = checksum(bytes)
        return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
    }

    /// The remainder of every byte for the polynomial 0x1EDC6F41, bits reversed.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { remainder, _ in
            remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1
        }
    }
}
