import Foundation
import Reports
import Results
import SampleResults
import Testing

@testable import Monitoring

@Suite("TensorBoard event files")
final class EventFileTests {
    private let folder = RunFolder(FileManager.default.temporaryDirectory.appendingPathComponent("events-\(UUID().uuidString)"))

    deinit { try? FileManager.default.removeItem(at: folder.root) }

    private func file(_ result: TrialResult) -> URL {
        folder.trial(result.key).appendingPathComponent("events.out.tfevents.0000000000.regulus")
    }

    private var result: TrialResult {
        var result = SampleStudy.complete[4]
        result.epochs = [
            EpochRecord(
                epoch: 1, trainingLoss: 2.5, terms: ["mer": 0.25, "mer.weighted": -1], targetScore: 0.5,
                gradientShares: ["mer": 0.25]),
            EpochRecord(
                epoch: 300, trainingLoss: .nan, terms: [:], sourceValidationScore: 0.75, sourceValidationLoss: .infinity),
        ]
        return result
    }

    private func running(_ epochs: [EpochRecord], times: TrialTimes? = nil) -> RunningTraining {
        RunningTraining(result.key, epochCount: 300, epochs: epochs, times: times)
    }

    /// What a process writes that tells of all these epochs, first of all of those before it.
    private func follow(_ training: RunningTraining) throws {
        var curve = try LiveCurve(of: training, in: folder)
        try curve.follow(training)
    }

    @Test("The checksum is CRC-32C, masked as TFRecord does")
    func checksum() {
        #expect(CRC32C.checksum(Data("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum(Data(repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.masked(Data("123456789".utf8)) == (0xE306_9283 >> 15 | 0xE306_9283 << 17) &+ 0xA282_EAD8 as UInt32)
    }

    @Test("Read back: the version, then every figure of every epoch at its step")
    func readBack() throws {
        var reader = EventReader(EventFile.data(of: result.epochs))
        let events = try reader.events()
        #expect(events.count == 3)
        #expect(events[0].version == "brain.Event:2")
        #expect(events[1].step == 1)
        #expect(events[1].time == 1)
        #expect(
            events[1].scalars == [
                "accuracy/target": 0.5, "loss/training": 2.5, "terms/mer": 0.25, "terms/mer.weighted": -1,
                "gradient-share/mer": 0.25,
            ])
        #expect(events[2].step == 300)
        #expect(events[2].time == 300)
        #expect(events[2].scalars["loss/training"]?.isNaN == true)
        #expect(events[2].scalars["loss/source-validation"] == .infinity)
        #expect(events[2].scalars["accuracy/source-validation"] == 0.75)
    }

    @Test("Numbers take seven bits a byte, negative ones ten bytes")
    func varints() {
        var buffer = ProtocolBuffer()
        buffer.append(field: 2, Int64(300))
        #expect(Array(buffer.data) == [0x10, 0xAC, 0x02])
        var negative = ProtocolBuffer()
        negative.append(field: 2, Int64(-1))
        #expect(Array(negative.data) == [0x10] + Array(repeating: 0xFF, count: 9) + [0x01])
    }

    @Test("The file lies beside the trial's metrics; a trial without epochs has none")
    func writing() throws {
        try EventFile.write(SampleStudy.complete[0], to: folder)
        #expect(!FileManager.default.fileExists(atPath: folder.root.path))
        try EventFile.write(result, to: folder)
        #expect(try Data(contentsOf: file(result)) == EventFile.data(of: result.epochs))
    }

    @Test("A trial that failed in its first epoch has no file, not even an earlier attempt's")
    func earlierAttempt() throws {
        try follow(running(result.epochs))
        var failed = result
        failed.epochs = []
        try EventFile.write(failed, to: folder)
        #expect(!FileManager.default.fileExists(atPath: file(result).path))
    }

    @Test("While a trial runs, a reader goes on where it stands: the same file grows")
    func growing() throws {
        func number() throws -> Int { try #require(FileManager.default.attributesOfItem(atPath: file(result).path)[.systemFileNumber] as? Int) }
        try follow(running(Array(result.epochs.prefix(1))))
        #expect(try Data(contentsOf: file(result)) == EventFile.data(of: Array(result.epochs.prefix(1))))
        let before = try number()
        try follow(running(result.epochs))
        try EventFile.write(result, to: folder)
        #expect(try Data(contentsOf: file(result)) == EventFile.data(of: result.epochs))
        #expect(try number() == before)
    }

    @Test("An epoch adds its record, and what lies before it is neither read nor written again")
    func appending() throws {
        var curve = try LiveCurve(of: running([]), in: folder)
        let first = Array(result.epochs.prefix(1))
        try curve.follow(running(first))
        #expect(curve.precedes(running(result.epochs)) && !curve.precedes(running(first)))
        // Whatever happens to the file meanwhile, the next record lands behind what was written.
        let length = EventFile.data(of: first).count
        try Data(repeating: 7, count: length).write(to: file(result))
        try curve.follow(running(result.epochs))
        #expect(try Data(contentsOf: file(result)) == Data(repeating: 7, count: length) + EventFile.data(of: result.epochs).dropFirst(length))
        // The end of the trial puts it right.
        try EventFile.write(result, to: folder)
        #expect(try Data(contentsOf: file(result)) == EventFile.data(of: result.epochs))
    }

    @Test("A resumed trial leaves the epochs that it will do again, and completes a record that was cut short", arguments: [0, 1, 40])
    func resumed(missing: Int) throws {
        let whole = EventFile.data(of: result.epochs)
        try follow(running(result.epochs))
        try whole.dropLast(missing).write(to: file(result))
        try follow(running(Array(result.epochs.prefix(1))))
        #expect(try Data(contentsOf: file(result)) == whole.dropLast(missing))
        try follow(running(result.epochs))
        #expect(try Data(contentsOf: file(result)) == whole)
    }

    @Test("Events carry the time by the clock, from the trial's beginning on")
    func clock() throws {
        var reader = EventReader(EventFile.data(of: result.epochs, times: TrialTimes(started: 1_790_000_000, epochs: [1_790_000_100.5, 1_790_000_200])))
        #expect(try reader.events().map(\.time) == [1_790_000_000, 1_790_000_100.5, 1_790_000_200])
    }

    @Test("Epochs that are trained again keep their first times, so that a reader's place in the file stays good")
    func keptTimes() throws {
        func times(_ start: Double) -> TrialTimes { TrialTimes(started: start, epochs: [start + 1, start + 2]) }
        try follow(running(result.epochs, times: times(100)))
        let first = try Data(contentsOf: file(result))
        try follow(running(Array(result.epochs.prefix(1)), times: times(900)))
        #expect(try Data(contentsOf: file(result)) == first)
        var ended = result
        ended.times = times(900)
        ended.epochs.append(EpochRecord(epoch: 301, trainingLoss: 1))
        ended.times?.epochs.append(990)
        try EventFile.write(ended, to: folder)
        let last = try Data(contentsOf: file(result))
        #expect(last.starts(with: first))
        var reader = EventReader(last)
        #expect(try reader.events().map(\.time) == [100, 101, 102, 990])
    }

    @Test("A record whose checksum is wrong is written anew, whatever it says")
    func damagedRecord() throws {
        let times = TrialTimes(started: 5, epochs: [6, 7])
        var damaged = EventFile.data(of: result.epochs, times: times)
        damaged[damaged.count - 1] ^= 1
        try follow(running(result.epochs, times: times))
        try damaged.write(to: file(result))
        var ended = result
        ended.times = times
        try EventFile.write(ended, to: folder)
        #expect(try Data(contentsOf: file(result)) == EventFile.data(of: result.epochs, times: times))
    }

    @Test("A file of another training is replaced, and one that goes on after the trial's end is cut")
    func replaced() throws {
        var other = result
        other.epochs[0].trainingLoss = 1
        try follow(running(other.epochs))
        try follow(running(Array(result.epochs.prefix(1))))
        let short = EventFile.data(of: Array(result.epochs.prefix(1)))
        #expect(try Data(contentsOf: file(result)) == short)
        try follow(running(result.epochs))
        var stopped = result
        stopped.epochs.removeLast()
        try EventFile.write(stopped, to: folder)
        #expect(try Data(contentsOf: file(result)) == short)
    }
}

/// Reads event files by the format's description, independently of how they are written.
private struct EventReader {
    struct Event {
        var time = 0.0
        var step: UInt64 = 0
        var version = ""
        var scalars: [String: Float] = [:]
    }

    private struct Damage: Error { let text: String }
    private var rest: ArraySlice<UInt8>

    init(_ data: Data) {
        rest = Array(data)[...]
    }

    mutating func events() throws -> [Event] {
        var events: [Event] = []
        while !rest.isEmpty {
            let length = try take(8)
            guard try number(take(4)) == UInt64(CRC32C.masked(length)) else { throw Damage(text: "checksum of a length") }
            let message = try take(Int(number(length)))
            guard try number(take(4)) == UInt64(CRC32C.masked(message)) else { throw Damage(text: "checksum of a message") }
            events.append(try event(message))
        }
        return events
    }

    private func event(_ message: ArraySlice<UInt8>) throws -> Event {
        var event = Event()
        for (field, value) in try fields(message) {
            switch field {
            case 1: event.time = Double(bitPattern: number(value))
            case 2: event.step = number(value)
            case 3: event.version = String(decoding: value, as: UTF8.self)
            case 5:
                for (_, scalar) in try fields(value) {
                    let parts = Dictionary(uniqueKeysWithValues: try fields(scalar))
                    guard let tag = parts[1], let simple = parts[2] else { throw Damage(text: "scalar") }
                    event.scalars[String(decoding: tag, as: UTF8.self)] = Float(bitPattern: UInt32(number(simple)))
                }
            default: throw Damage(text: "field \(field)")
            }
        }
        return event
    }

    private func fields(_ message: ArraySlice<UInt8>) throws -> [(UInt64, ArraySlice<UInt8>)] {
        var reader = EventReader(Data(message))
        var fields: [(UInt64, ArraySlice<UInt8>)] = []
        while !reader.rest.isEmpty {
            let tag = try reader.varint()
            switch tag & 7 {
            case 0:
                let value = try reader.varint()
                fields.append((tag >> 3, withUnsafeBytes(of: value.littleEndian) { Array($0) }[...]))
            case 1: fields.append((tag >> 3, try reader.take(8)))
            case 2: fields.append((tag >> 3, try reader.take(Int(reader.varint()))))
            case 5: fields.append((tag >> 3, try reader.take(4)))
            default: throw Damage(text: "wire type \(tag & 7)")
            }
        }
        return fields
    }

    private mutating func varint() throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = try take(1).first else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw Damage(text: "varint")
    }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw Damage(text: "the file ends early") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
