import Configuration
import Foundation
import Persistence
import Weights

/// One action in the kitchen videos: a row of a split.
///
/// Frames count from the video's own beginning, as in the released file; times come from its time
/// stamps and need not agree with the frames to the digit.
struct EpicSegment: Hashable, Sendable {
    /// `P08_01`.
    let video: String
    /// The first frame's number in the video's 60 frames a second.
    let startFrame: Int
    /// The number after the last frame's.
    let stopFrame: Int
    /// The beginning in seconds from the beginning of the video.
    let start: Double
    /// The end in seconds from the beginning of the video.
    let stop: Double
    /// The verb's class.
    let label: Int

    /// The number of frames of the segment.
    var frameCount: Int { stopFrame - startFrame }
}

/// The split files of MM-SADA (Munro and Damen, CVPR 2020), each of one domain and part: the published
/// pickles, or CSV files with the same columns.
enum EpicSplits {
    /// The folder of the split files below the root, as it is published.
    ///
    /// `D1_train.pkl` and the like lie in it.
    static let folder = "MM-SADA_Domain_Adaptation_Splits"
    /// The verbs, in the order of their numbers.
    static let classes = ["take", "put", "open", "close", "wash", "cut", "mix", "pour"]

    /// The segments of `D1_train` and its like below the data set's root. The pickle is read, and a CSV
    /// file where only that exists.
    ///
    /// - Throws: `DatasetFault` with the file and row where something is missing or wrong.
    ///
    /// - Parameters:
    ///   - name: `D1_train`, `D1_test` and so on.
    ///   - root: the data set's root.
    /// - Returns: at least one segment, in the file's order.
    static func segments(_ name: String, in root: String) throws(DatasetFault) -> [EpicSegment] {
        let stem = "\(root)/\(folder)/\(name)"
        if !FileManager.default.fileExists(atPath: stem + ".pkl"), FileManager.default.fileExists(atPath: stem + ".csv") {
            return try segments(Columns(csv: stem + ".csv"))
        }
        return try segments(Columns(pickle: stem + ".pkl"))
    }

    /// The segments of a table, each checked.
    ///
    /// - Throws: `DatasetFault` with file and row where a name could not be a part of a path, a segment
    ///   ends before it starts, or a verb is unknown.
    private static func segments(_ columns: Columns) throws(DatasetFault) -> [EpicSegment] {
        var result: [EpicSegment] = []
        for row in columns.videos.indices {
            func fault(_ message: String, expected: String? = nil) -> DatasetFault {
                DatasetFault(message: "\(columns.path): \(columns.rowNames)\(row + columns.firstRow): \(message)", expected: expected)
            }
            let video = columns.videos[row]
            // The name becomes a part of paths.
            guard !video.isEmpty, video.utf8.allSatisfy({ $0 == 0x5f || $0 == 0x2d || isAlphanumeric($0) }) else {
                throw fault("the video_id '\(video.prefix(40))' is not the name of a video", expected: "letters, digits and _, as in P08_01")
            }
            let (first, last) = (columns.startFrames[row], columns.stopFrames[row])
            guard first >= 0, last > first, last < 1 << 31 else {
                throw fault("start_frame \(first) and stop_frame \(last) are not a segment", expected: "a stop after the start")
            }
            guard let start = seconds(columns.starts[row]), let stop = seconds(columns.stops[row]), stop > start else {
                throw fault(
                    "start_timestamp '\(columns.starts[row].prefix(40))' and stop_timestamp '\(columns.stops[row].prefix(40))' are not a segment",
                    expected: "HH:MM:SS.ss, a stop after the start")
            }
            let label = columns.labels[row]
            guard classes.indices.contains(label) else {
                throw fault("the verb_class \(label) is unknown", expected: "0 to \(classes.count - 1)")
            }
            result.append(
                EpicSegment(video: video, startFrame: first, stopFrame: last, start: start, stop: stop, label: label))
        }
        guard !result.isEmpty else { throw DatasetFault(message: "\(columns.path): there are no rows") }
        return result
    }

    /// `HH:MM:SS.ss` as seconds; nil for another form.
    ///
    /// Hours below 1000; minutes and seconds below 60.
    static func seconds(_ text: String) -> Double? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let hours = Int(parts[0]), let minutes = Int(parts[1]), let seconds = Double(parts[2]),
            (0..<1000).contains(hours), (0..<60).contains(minutes), (0..<60).contains(seconds)
        else { return nil }
        return Double(hours * 3600 + minutes * 60) + seconds
    }

    /// Whether the byte is an ASCII letter or digit.
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
}

/// The columns of a split file that are used, from either kind of file.
private struct Columns {
    /// The file, for messages.
    let path: String
    /// How messages name a row, and the number of the first one.
    let rowNames: String
    let firstRow: Int
    /// `video_id` of each row.
    let videos: [String]
    /// `start_frame` of each row.
    let startFrames: [Int]
    /// `stop_frame` of each row.
    let stopFrames: [Int]
    /// `start_timestamp` of each row.
    let starts: [String]
    /// `stop_timestamp` of each row.
    let stops: [String]
    /// `verb_class` of each row.
    let labels: [Int]

    /// Reads a pickled data frame; nothing in it is executed.
    ///
    /// - Throws: `DatasetFault` where it is no such file or lacks a column.
    ///
    /// Row numbers in messages count from 0, as pandas prints them; those of a CSV file from 1.
    init(pickle path: String) throws(DatasetFault) {
        do throws(WeightsFault) {
            let frame = try DataFrameFile(path)
            self.path = path
            (rowNames, firstRow) = ("row ", 0)
            videos = try frame.texts("video_id")
            startFrames = try frame.integers("start_frame")
            stopFrames = try frame.integers("stop_frame")
            starts = try frame.texts("start_timestamp")
            stops = try frame.texts("stop_timestamp")
            labels = try frame.integers("verb_class")
        } catch {
            throw DatasetFault(message: "\(error)")
        }
    }

    /// Reads a CSV table with the same columns.
    ///
    /// - Throws: `DatasetFault` with the line of what is wrong.
    ///
    /// Columns may stand in any order, and others may be there.
    init(csv path: String) throws(DatasetFault) {
        let table = try SeparatedValues(path)
        guard let header = table.rows.first else { throw DatasetFault(message: "\(path): the file has no lines") }
        let rows = table.rows.dropFirst()
        for row in rows where row.fields.count != header.fields.count {
            throw DatasetFault(
                message: "\(path): line \(row.line): \(row.fields.count) fields where the header has \(header.fields.count)")
        }
        func texts(_ name: String) throws(DatasetFault) -> [String] {
            guard let place = header.fields.firstIndex(of: name) else {
                throw DatasetFault(
                    message: "\(path): there is no column '\(name)'", expected: "among: " + header.fields.joined(separator: ", "),
                    suggestion: nearestName(to: name, among: header.fields))
            }
            return rows.map { $0.fields[place] }
        }
        func integers(_ name: String) throws(DatasetFault) -> [Int] {
            let texts = try texts(name)
            var values: [Int] = []
            for (text, row) in zip(texts, rows) {
                guard let value = Int(text) else {
                    throw DatasetFault(
                        message: "\(path): line \(row.line): \(name) is '\(text.prefix(40))'", expected: "a whole number")
                }
                values.append(value)
            }
            return values
        }
        self.path = path
        (rowNames, firstRow) = ("row ", 1)
        videos = try texts("video_id")
        startFrames = try integers("start_frame")
        stopFrames = try integers("stop_frame")
        starts = try texts("start_timestamp")
        stops = try texts("stop_timestamp")
        labels = try integers("verb_class")
    }
}
