import Configuration
import Foundation

/// Where the clips of a table lie: their files, and which parts of them they are.
struct ClipRows: Sendable {
    /// Which part of its files a clip is.
    enum Extent: Hashable, Sendable {
        /// From the beginning of the file.
        ///
        /// Both ends in seconds; the stop lies above the start.
        case seconds(Range<Double>)
        /// Counted from 0.
        ///
        /// Frames of the first modality that has files of pictures; in sound they are turned into
        /// seconds by the frame rate.
        case frames(Range<Int>)
    }

    /// The modalities that some row has.
    let modalities: Set<String>
    /// Nil for whole files.
    let extents: [Extent?]
    /// A number for each row, equal for rows of one file of the first modality: parts of one film
    /// belong together. Nil where all differ.
    let files: [Int]?
    /// What turns frames into seconds where files do not say it.
    let frameRate: Double

    /// By modality, then row; none where the row lacks it.
    private let paths: [String: [[String]]]

    /// The modalities, and the columns that hold their files.
    private static let columns = [("video", ["video"]), ("flow", ["flow_x", "flow_y"]), ("audio", ["audio"]), ("picture", ["picture"])]

    /// Reads paths and extents of a table.
    ///
    /// - Parameters:
    ///   - manifest: the table, of which rows may be left out.
    ///   - frameRate: frames a second, where files do not say it.
    ///   - onMissing: what becomes of rows that lack a modality which others have.
    /// - Throws: `DatasetFault` with the line of a path that leaves the folder, half a flow, or an
    ///   extent that is none; where `onMissing` is `stop`, with that of the first row without a modality.
    ///
    /// An empty cell is a row without the modality; both columns of a flow have to be there, or none.
    /// Every row has one modality or more.
    init(_ manifest: inout Manifest, frameRate: Double, onMissing: Arrays.OnMissing) throws(DatasetFault) {
        self.frameRate = frameRate
        var paths: [String: [[String]]] = [:]
        for (modality, columns) in Self.columns {
            let cells = columns.compactMap { manifest.texts($0) }
            if cells.isEmpty { continue }
            guard cells.count == columns.count else {
                throw DatasetFault(
                    option: "manifest", message: "\(manifest.path) has only one of the columns \(columns.joined(separator: " and "))", expected: "both")
            }
            var found: [[String]] = []
            for row in 0..<manifest.count {
                let own = cells.map { $0[row] }.filter { !$0.isEmpty }
                guard own.isEmpty || own.count == columns.count else {
                    throw DatasetFault(
                        option: "manifest", message: "\(manifest.path):\(manifest.lines[row]): the row has only one of \(columns.joined(separator: " and "))",
                        expected: "both, or none")
                }
                var resolved: [String] = []
                for path in own { resolved.append(try manifest.resolved(path, row: row)) }
                found.append(resolved)
            }
            if found.contains(where: { !$0.isEmpty }) { paths[modality] = found }
        }
        guard !paths.isEmpty else {
            throw DatasetFault(
                option: "manifest", message: "\(manifest.path) has no column of files",
                expected: "video, flow_x and flow_y, audio or picture; it has " + manifest.names.joined(separator: ", ")
                    + "; of a table of labels and a folder of films `regulus data manifest` makes one")
        }
        if let row = (0..<manifest.count).first(where: { row in paths.values.allSatisfy { $0[row].isEmpty } }) {
            throw DatasetFault(
                option: "manifest", message: "\(manifest.path):\(manifest.lines[row]): the row has no file at all",
                expected: "one modality or more in every row")
        }
        modalities = Set(paths.keys)
        let lacking = (0..<manifest.count).filter { row in paths.values.contains { $0[row].isEmpty } }
        if onMissing != .keep, let first = lacking.first {
            let text = "\(lacking.count) of \(manifest.count) clips lack a modality, the first in line \(manifest.lines[first])"
            guard onMissing == .skip, lacking.count < manifest.count else {
                throw DatasetFault(
                    option: "on-missing", message: "\(manifest.path): \(text)", expected: "every modality in every row, or on-missing: keep")
            }
            manifest.remarks.append("\(manifest.path): \(text); they are left out")
            let left = Set(lacking)
            let kept = (0..<manifest.count).filter { !left.contains($0) }
            manifest = manifest.keeping(kept)
            paths = paths.mapValues { own in kept.map { own[$0] } }
        }
        self.paths = paths
        let first = Self.columns.compactMap { paths[$0.0] }.first ?? []
        extents = try Self.extents(manifest)
        let texts = first.map { $0.joined(separator: "\n") }
        files = Set(texts).count < texts.count ? RowValues.texts(texts).numbered() : nil
    }

    /// Which part of its files each row is: frames where they are given, else seconds, else all.
    ///
    /// - Throws: `DatasetFault` with the line of a part that is none.
    ///
    /// - Returns: one entry for each row; nil for whole files.
    private static func extents(_ manifest: Manifest) throws(DatasetFault) -> [Extent?] {
        func pair(_ first: String, _ second: String) throws(DatasetFault) -> ([String], [String])? {
            switch (manifest.texts(first), manifest.texts(second)) {
            case (nil, nil): return nil
            case (let starts?, let stops?): return (starts, stops)
            default:
                throw DatasetFault(option: "manifest", message: "\(manifest.path) has only one of the columns \(first) and \(second)", expected: "both")
            }
        }
        let seconds = try pair("start", "stop")
        let frames = try pair("start_frame", "stop_frame")
        var extents: [Extent?] = []
        for row in 0..<manifest.count {
            func fault(_ found: String, _ expected: String) -> DatasetFault {
                DatasetFault(option: "manifest", message: "\(manifest.path):\(manifest.lines[row]): \(found) is not a part of a file", expected: expected)
            }
            if let (starts, stops) = frames, !starts[row].isEmpty || !stops[row].isEmpty {
                guard let start = Int(starts[row]), let stop = Int(stops[row]), 0 <= start, start < stop, stop < 1 << 40 else {
                    throw fault("'\(starts[row])' to '\(stops[row])'", "whole numbers of frames from 0 on, the stop after the start")
                }
                extents.append(.frames(start..<stop))
            } else if let (starts, stops) = seconds, !starts[row].isEmpty || !stops[row].isEmpty {
                guard let start = Double(starts[row]), let stop = Double(stops[row]), 0 <= start, start < stop, stop < 1e9 else {
                    throw fault("'\(starts[row])' to '\(stops[row])'", "seconds from 0 on, the stop after the start")
                }
                extents.append(.seconds(start..<stop))
            } else {
                extents.append(nil)
            }
        }
        return extents
    }

    /// The files of a modality of a row; none where the row lacks it.
    ///
    /// Two for a flow, horizontal and vertical; one otherwise.
    func paths(_ modality: String, _ row: Int) -> [String] { paths[modality]?[row] ?? [] }

    /// The seconds of a file that a row means; nil for all.
    ///
    /// Frames are divided by ``frameRate``.
    func seconds(_ row: Int) -> Range<Double>? {
        switch extents[row] {
        case nil: nil
        case .seconds(let seconds)?: seconds
        case .frames(let frames)?: Double(frames.lowerBound) / frameRate..<Double(frames.upperBound) / frameRate
        }
    }
}
