import Configuration
import Foundation
import Persistence
import Tensors

/// The recordings of HUST motor in memory, and the windows that are cut of them.
///
/// They take about 4 bytes for each step and channel: some 200 MB for the 24 released files with three
/// axes.
struct MotorRecordings: Sendable {
    /// What is cut of a recording.
    enum Signal {
        /// The motion of the housing.
        case vibration
        /// The microphone.
        case sound
    }

    /// By speed, then state.
    private let recordings: [[MotorRecording]]

    /// Reads all recordings.
    ///
    /// - Parameters:
    ///   - paths: by speed, then state.
    ///   - vibration: how many channels it gets.
    /// - Throws: `DatasetFault` with file and line where one is damaged.
    ///
    /// - Parameter vibration: whether the three axes are kept, or their magnitude.
    init(_ paths: [[String]], vibration: HUSTMotor.Vibration) throws(DatasetFault) {
        var recordings: [[MotorRecording]] = []
        for row in paths {
            var states: [MotorRecording] = []
            for path in row { states.append(try MotorRecording(path, vibration: vibration)) }
            recordings.append(states)
        }
        self.recordings = recordings
    }

    /// Where the windows of each recording begin: drawn without repetition from all starts of the
    /// stretch that a part may use.
    ///
    /// Of a recording of L steps the stretches are as long as the counts are in proportion; with
    /// released windows each is the whole. The first of all starts in random order are taken; the order
    /// is a function of the seed, the recording's name and the part's, so that neither another count
    /// nor another recording changes it.
    ///
    /// - Throws: where a stretch has fewer starts than windows are wanted.
    ///
    /// - Parameter options: `counts` are the windows of training, validation and test of each
    ///   recording, `window` their length in steps, `windowSeed` the draw.
    /// - Returns: for every recording its windows of training, then validation, then test.
    func windows(_ options: HUSTMotor.Options) throws(DatasetFault) -> WindowRows {
        var rows = WindowRows()
        let total = options.counts.reduce(0.0) { $0 + Double($1) }
        for (speed, states) in recordings.enumerated() {
            for (state, recording) in states.enumerated() {
                let source = RandomSource(seed: UInt64(options.windowSeed)).child("\(HUSTMotor.states[state])_\(HUSTMotor.speeds[speed])HZ")
                var released: [Int] = []
                if options.windows == .released {
                    var stream = source.stream("windows")
                    released = try Self.starts(in: 0..<recording.steps, total: Int(total), of: recording, options, &stream)
                }
                var done = 0
                for (part, count) in zip(WindowRows.parts, options.counts) {
                    let starts: [Int]
                    if options.windows == .released {
                        starts = Array(released[done..<done + count])
                    } else {
                        let from = Int(Double(recording.steps) * Double(done) / total)
                        let to = Int(Double(recording.steps) * Double(done + count) / total)
                        var stream = source.stream("windows/\(part.rawValue)")
                        starts = try Self.starts(in: from..<to, total: count, of: recording, options, &stream)
                    }
                    done += count
                    rows.starts += starts
                    rows.states += starts.map { _ in state }
                    rows.speeds += starts.map { _ in speed }
                    rows.split += starts.map { _ in part }
                }
            }
        }
        return rows
    }

    /// The first steps of `total` windows that lie within a stretch, all different.
    ///
    /// - Throws: `DatasetFault` where there are not as many places.
    ///
    /// - Parameters:
    ///   - stretch: the steps that windows may cover.
    ///   - total: how many windows.
    ///   - stream: where the order of all possible starts comes from.
    /// - Returns: `total` different first steps, in random order.
    private static func starts(
        in stretch: Range<Int>, total: Int, of recording: MotorRecording, _ options: HUSTMotor.Options, _ stream: inout RandomStream
    ) throws(DatasetFault) -> [Int] {
        let possible = stretch.count - options.window + 1
        guard possible >= total else {
            throw DatasetFault(
                option: "counts",
                message: "\(recording.path) has \(recording.steps) steps, \(stretch.count) of them in the stretch for \(total) windows of \(options.window), "
                    + "which can begin at \(max(possible, 0)) places",
                expected: "fewer or shorter windows")
        }
        return stream.permutation(possible).prefix(total).map { stretch.lowerBound + $0 }
    }

    /// One modality's windows.
    ///
    /// - Returns: windows of 3 channels for vibration by axes, of 1 otherwise, in the order of `rows`.
    func source(_ signal: Signal, _ rows: WindowRows, _ options: HUSTMotor.Options) -> any WindowSource {
        CutWindows(recordings: self, signal: signal, rows: rows, channels: signal == .vibration && options.vibration == .axes ? 3 : 1)
    }

    /// Windows that are copied from the recordings when they are needed.
    private struct CutWindows: WindowSource {
        let recordings: MotorRecordings
        let signal: Signal
        let rows: WindowRows
        let channels: Int

        /// Copies `window · channels` numbers, channels last.
        func copy(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) {
            let recording = recordings.recordings[rows.speeds[row]][rows.states[row]]
            let values = signal == .vibration ? recording.vibration : recording.sound
            let start = rows.starts[row] * channels
            for index in target.indices { target[index] = values[start + index] }
        }
    }
}

/// One text file: header lines of which the last names `Time (seconds) and Data Channels`, then rows of
/// time, x, y, z and sound.
struct MotorRecording: Sendable {
    /// Where it was read from, for messages.
    let path: String
    /// Steps × channels.
    ///
    /// 3 channels x, y, z, or 1, the magnitude `√(x² + y² + z²)`, in the file's unit.
    let vibration: [Float]
    /// One value per step.
    let sound: [Float]
    /// How many there are; whatever a file has is taken, as released files differ from their description.
    var steps: Int { sound.count }

    /// What the last line of the header says.
    private static let heading = "Time (seconds) and Data Channels"
    /// The released files take about 10 MB.
    private static let mostBytes = 256 << 20

    /// Reads a text file.
    ///
    /// Blank lines are passed over; a row may have blanks or tabs between its numbers, and either kind
    /// of line end.
    ///
    /// - Throws: with file and line where the heading is missing or a row has not five finite numbers.
    init(_ path: String, vibration: HUSTMotor.Vibration) throws(DatasetFault) {
        var bytes: [UInt8]
        do throws(FileFault) { bytes = Array(try FileContents.copied(path, limit: Self.mostBytes)) } catch { throw DatasetFault(message: "\(error)") }
        // What reads numbers stops there.
        bytes.append(0)
        var (line, isPastHeading) = (0, false)
        var (motion, sound): ([Float], [Float]) = ([], [])
        let problem: DatasetFault? = bytes.withUnsafeBufferPointer { bytes in
            var next = 0
            while next < bytes.count - 1 {
                var end = next
                while bytes[end] != UInt8(ascii: "\n") && end < bytes.count - 1 { end += 1 }
                defer { next = end + 1 }
                line += 1
                guard isPastHeading else {
                    isPastHeading = String(decoding: bytes[next..<min(end, next + 4096)], as: UTF8.self).contains(Self.heading)
                    continue
                }
                let numbers = Self.numbers(bytes, next..<end)
                if numbers.isEmpty { continue }
                guard numbers.count == 5, numbers.allSatisfy(\.isFinite) else {
                    return DatasetFault(
                        message:
                            "\(path):\(line): '\(String(decoding: bytes[next..<min(end, next + 80)], as: UTF8.self).trimmingCharacters(in: .whitespaces))' is not a row of the recording",
                        expected: "five finite numbers: time, x, y, z and sound")
                }
                let (x, y, z) = (numbers[1], numbers[2], numbers[3])
                switch vibration {
                case .magnitude: motion.append(Float((x * x + y * y + z * z).squareRoot()))
                case .axes: motion += [Float(x), Float(y), Float(z)]
                }
                sound.append(Float(numbers[4]))
            }
            return nil
        }
        if let problem { throw problem }
        guard isPastHeading else {
            throw DatasetFault(message: "\(path): no line names '\(Self.heading)'", expected: "the header of the released text files")
        }
        guard let bad = (motion + sound).first(where: { !$0.isFinite }) else {
            (self.path, self.vibration, self.sound) = (path, motion, sound)
            return
        }
        throw DatasetFault(message: "\(path): a number is too large (\(bad))", expected: "numbers that fit 32-bit floats")
    }

    /// The numbers of a line, separated by blanks or tabs; one NaN alone where something else stands there.
    ///
    /// - Parameter line: the bytes of the line without its end.
    private static func numbers(_ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) -> [Double] {
        guard let base = bytes.baseAddress else { return [] }
        var numbers: [Double] = []
        var place = line.lowerBound
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") }
        while place < line.upperBound {
            if isBlank(bytes[place]) {
                place += 1
                continue
            }
            let start = UnsafeRawPointer(base + place).assumingMemoryBound(to: CChar.self)
            var end: UnsafeMutablePointer<CChar>?
            let number = strtod(start, &end)
            let read = end.map { UnsafePointer($0) - start } ?? 0
            guard read > 0, place + read <= line.upperBound, place + read == line.upperBound || isBlank(bytes[place + read]) else { return [.nan] }
            numbers.append(number)
            place += read
        }
        return numbers
    }
}
