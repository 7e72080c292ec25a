import Configuration
import Foundation
import Persistence

/// What the parts of a path mean: `{domain}/{label}/{id}_{modality}` reads `studio/happy/clip7_audio.npy` as the audio of the sample `clip7` of
/// the class `happy` in the domain `studio`.
struct FolderPattern {
    /// What a pattern may name.
    static let fields = ["id", "label", "domain", "split", "group", "modality"]

    /// With one named group for each name.
    private let expression: NSRegularExpression
    private let names: [String]

    /// `{name}` matches within one part of a path, the shortest possible text except for the id, which takes the rest; `*` matches anything
    /// within one part.
    ///
    /// - Throws: `DatasetFault` for a name that is unknown or occurs twice, an open brace, and a
    ///   pattern without `{id}` or `{label}`.
    init(_ pattern: String) throws(DatasetFault) {
        var text = "^"
        var names: [String] = []
        var rest = pattern[...]
        while let first = rest.first {
            if first == "{" {
                guard let end = rest.firstIndex(of: "}") else { throw DatasetFault(message: "the pattern \(pattern) has a brace that is not closed") }
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                guard Self.fields.contains(name), !names.contains(name) else {
                    throw DatasetFault(
                        message: "the pattern has {\(name)}" + (names.contains(name) ? " twice" : ""),
                        expected: "one of: " + Self.fields.joined(separator: ", "), suggestion: nearestName(to: name, among: Self.fields))
                }
                names.append(name)
                text += name == "id" ? "(?<id>[^/]+)" : "(?<\(name)>[^/]+?)"
                rest = rest[rest.index(after: end)...]
            } else if first == "*" {
                text += "[^/]*?"
                rest.removeFirst()
            } else {
                text += NSRegularExpression.escapedPattern(for: String(first))
                rest.removeFirst()
            }
        }
        guard names.contains("label"), names.contains("id"), let expression = try? NSRegularExpression(pattern: text + "$") else {
            throw DatasetFault(
                message: "the pattern \(pattern) has no {id} or no {label}",
                expected: "both, as in \(ManifestWriter.defaultPattern); labels that stand in a table are read with --table")
        }
        (self.expression, self.names) = (expression, names)
    }

    /// What the path of a file says, by name; nil where it does not fit.
    ///
    /// - Parameter stem: the path without its ending.
    func fields(of stem: String) -> [String: String]? {
        guard let match = expression.firstMatch(in: stem, range: NSRange(stem.startIndex..., in: stem)) else { return nil }
        return names.reduce(into: [:]) { fields, name in
            if let range = Range(match.range(withName: name), in: stem) { fields[name] = String(stem[range]) }
        }
    }
}

extension ManifestWriter {
    /// A folder for each domain, in it one for each class, in it files such as `clip7_audio.npy`.
    package static let defaultPattern = "{domain}/{label}/{id}_{modality}"

    /// What a file can hold, by its ending; a pattern without `{modality}` takes that for the modality.
    private static let endings: [String: String] = {
        let kinds = [
            "array": ["npy", "npz", "pkl", "pickle", "pt", "pth", "safetensors", "h5", "hdf5", "mat"],
            "video": ["mp4", "avi", "mkv", "mov", "webm", "m4v", "mpg", "mpeg"],
            "audio": ["wav", "mp3", "flac", "ogg", "opus", "m4a", "aac"],
            "picture": ["jpg", "jpeg", "png", "bmp", "webp"],
        ]
        return kinds.reduce(into: [:]) { endings, kind in for ending in kind.value { endings[ending] = kind.key } }
    }()
    /// The largest number of files: more than anybody lists by hand, and fewer than fill the memory.
    private static let mostFiles = 20_000_000

    /// Lists a folder in which every sample has a file for each modality, and the path of a file says what it is.
    ///
    /// A table is of arrays, or of films, sound and pictures: where a folder has both, the arrays are listed. Samples stand in alphabetical order
    /// of all their fields together. An id that occurs in several folders is replaced by them, so that every row's is its own.
    ///
    /// - Parameters:
    ///   - folder: folders in it that are links are not entered.
    ///   - pattern: of paths below the folder without their endings.
    /// - Throws: `DatasetFault` where the pattern is invalid, no file fits it, or two files are the
    ///   same modality of one sample.
    package init(_ folder: String, pattern text: String) throws(DatasetFault) {
        let pattern = try FolderPattern(text)
        guard Folder.exists(folder) else { throw DatasetFault(message: "there is no folder \(folder)") }
        var files: [(path: String, kind: String)] = []
        let listing = FileManager.default.enumerator(atPath: folder)
        while let path = listing?.nextObject() as? String {
            guard let kind = Self.endings[(path as NSString).pathExtension.lowercased()] else { continue }
            files.append((path, kind))
            guard files.count <= Self.mostFiles else { throw DatasetFault(message: "\(folder) has more than \(Self.mostFiles) files") }
        }
        files.sort { $0.path < $1.path }
        let fitting = files.map { pattern.fields(of: ($0.path as NSString).deletingPathExtension) }
        let hasArrays = zip(files, fitting).contains { $0.kind == "array" && $1 != nil }
        var samples: [String: Sample] = [:]
        var (unmatched, media): ([String], [String]) = ([], [])
        for (file, fields) in zip(files, fitting) {
            guard !hasArrays || file.kind == "array" else {
                if fields != nil { media.append(file.path) }
                continue
            }
            guard var fields else {
                unmatched.append(file.path)
                continue
            }
            let modality = fields.removeValue(forKey: "modality") ?? file.kind
            let sample = FolderPattern.fields.compactMap { fields[$0] }.joined(separator: "/")
            if let other = samples[sample, default: Sample(fields: fields)].files.updateValue(file.path, forKey: modality) {
                throw DatasetFault(
                    message: "\(folder): \(other) and \(file.path) are both '\(modality)' of \(sample)", expected: "one file for each, or another pattern")
            }
        }
        let modalities = Set(samples.values.flatMap(\.files.keys)).sorted()
        if let column = modalities.first(where: { FolderPattern.fields.contains($0) }) {
            throw DatasetFault(message: "\(folder): a modality is called '\(column)', which is another column of the table")
        }
        guard !samples.isEmpty else {
            throw DatasetFault(
                message: files.isEmpty
                    ? "\(folder) has no files of arrays, films, sound or pictures"
                    : "\(folder): none of \(files.count) files fits the pattern \(text); the first is \(files[0].path)",
                expected: "a pattern of " + FolderPattern.fields.map { "{\($0)}" }.joined(separator: ", ") + ", * and what stands between them")
        }
        let ids = samples.values.reduce(into: [String: Int]()) { $0[$1.fields["id"] ?? "", default: 0] += 1 }
        let rows = samples.sorted { $0.key < $1.key }.map { key, sample in
            var sample = sample
            // The same file name in two folders is two samples.
            if ids[sample.fields["id"] ?? "", default: 0] > 1 { sample.fields["id"] = key }
            return sample
        }
        var notes: [String] = []
        if let first = unmatched.first { notes.append("\(unmatched.count) files do not fit the pattern, the first is \(first)") }
        if let first = media.first { notes.append("\(media.count) films, sounds and pictures beside the arrays are left out, the first is \(first)") }
        self.init(rows, columns: FolderPattern.fields, modalities: modalities, notes: notes)
    }
}
