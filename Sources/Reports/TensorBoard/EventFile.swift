import Foundation
import Results

/// A trial's curves in the form that TensorBoard reads: TFRecords that hold `Event` messages (tensorboard's
/// `event.proto` and `summary.proto`).
package enum EventFile {
    /// The whole file: a version record, then one record an epoch.
    ///
    /// The step of an event is its epoch, and so is its time, in seconds: nothing here depends on when or how often a trial was interrupted.
    /// The file of some epochs begins with that of the epochs before.
    package static func data(of epochs: [EpochRecord]) -> Data {
        var version = ProtocolBuffer()
        version.append(field: Field.Event.wallTime, 0.0)
        version.append(field: Field.Event.fileVersion, "brain.Event:2")
        var data = record(version.data)
        for epoch in epochs {
            var event = ProtocolBuffer()
            event.append(field: Field.Event.wallTime, Double(epoch.epoch))
            event.append(field: Field.Event.step, Int64(epoch.epoch))
            event.append(field: Field.Event.summary, summary(of: epoch))
            data += record(event.data)
        }
        return data
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

    private static func summary(of epoch: EpochRecord) -> ProtocolBuffer {
        var summary = ProtocolBuffer()
        func append(_ tag: String, _ value: Double?) {
            guard let value else { return }
            var scalar = ProtocolBuffer()
            scalar.append(field: Field.Value.tag, tag)
            scalar.append(field: Field.Value.simpleValue, Float(value))
            summary.append(field: Field.Summary.value, scalar)
        }
        append("accuracy/source-validation", epoch.sourceValidationAccuracy)
        append("accuracy/target", epoch.targetAccuracy)
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
