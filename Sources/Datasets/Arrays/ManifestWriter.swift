import Configuration
import Foundation
import Persistence

/// Writes the table for a folder in which every sample has a file for each modality: what `regulus data
/// manifest` does.
///
/// A pattern says which part of a path is what: `{domain}/{label}/{id}_{modality}` reads
/// `studio/happy/clip7_audio.npy` as the audio of the sample `clip7` of the class `happy` in the domain
/// `studio`. Files whose path does not fit are counted and left out.
///
/// For two samples with two modalities the table is
///
/// ```
/// id,label,domain,audio,video
/// clip7,happy,studio,studio/happy/clip7_audio.npy,studio/happy/clip7_video.npy
/// clip9,sad,street,street/sad/clip9_audio.npy,
/// ```
package struct ManifestWriter: Sendable {
    /// A folder for each domain, in it one for each class, in it files such as `clip7_audio.npy`.
    package static let defaultPattern = "{domain}/{label}/{id}_{modality}"

    /// What a pattern may name.
    private static let fields = ["id", "label", "domain", "split", "group", "modality"]
    /// The endings of files that can hold a sample.
    private static let endings: Set<String> = ["npy", "npz", "pkl", "pickle", "pt", "pth", "safetensors", "h5", "hdf5", "mat"]
    /// The largest number of files: more than anybody lists by hand, and fewer than fill the memory.
    private static let mostFiles = 20_000_000

    /// One row of the table: its fields, and the path of the file for each modality.
    private struct Sample {
        var fields: [String: String]
        var files: [String: String] = [:]
    }

    /// The samples by all their fields together, so that equal ids in different folders stay apart.
    private var samples: [String: Sample] = [:]
    /// The modalities of all samples.
    private var modalities: Set<String> = []
    /// Files that do not fit the pattern.
    private var unmatched: [String] = []

    /// Lists the files below `folder`.
    ///
    /// - Throws: `DatasetFault` where the pattern is invalid, no file fits it, or two files are the
    ///   same modality of one sample.
    ///
    /// - Parameters:
    ///   - folder: links in it are not followed.
    ///   - pattern: of paths below the folder without their endings.
    package init(_ folder: String, pattern: String) throws(DatasetFault) {
        let (expression, names) = try Self.expression(pattern)
        guard Folder.exists(folder) else { throw DatasetFault(message: "there is no folder \(folder)") }
        var files: [String] = []
        let listing = FileManager.default.enumerator(atPath: folder)
        while let path = listing?.nextObject() as? String {
            guard Self.endings.contains((path as NSString).pathExtension.lowercased()) else { continue }
            files.append(path)
            guard files.count <= Self.mostFiles else { throw DatasetFault(message: "\(folder) has more than \(Self.mostFiles) files") }
        }
        for path in files.sorted() {
            let stem = (path as NSString).deletingPathExtension
            guard let match = expression.firstMatch(in: stem, range: NSRange(stem.startIndex..., in: stem)) else {
                unmatched.append(path)
                continue
            }
            var fields: [String: String] = [:]
            for name in names {
                if let range = Range(match.range(withName: name), in: stem) { fields[name] = String(stem[range]) }
            }
            let modality = fields.removeValue(forKey: "modality") ?? "array"
            let sample = Self.fields.compactMap { fields[$0] }.joined(separator: "/")
            modalities.insert(modality)
            if let other = samples[sample, default: Sample(fields: fields)].files.updateValue(path, forKey: modality) {
                throw DatasetFault(
                    message: "\(folder): \(other) and \(path) are both '\(modality)' of \(sample)", expected: "one file for each, or another pattern")
            }
        }
        if let column = modalities.first(where: { Self.fields.contains($0) }) {
            throw DatasetFault(message: "\(folder): a modality is called '\(column)', which is another column of the table")
        }
        guard !samples.isEmpty else {
            throw DatasetFault(
                message: "\(folder): none of \(files.count) files fits the pattern \(pattern)"
                    + (unmatched.first.map { "; the first is \($0)" } ?? ""),
                expected: "a pattern of " + Self.fields.map { "{\($0)}" }.joined(separator: ", ") + ", * and what stands between them")
        }
    }

    /// The pattern as a regular expression, and the names in it. `{name}` matches within one part of a
    /// path, the shortest possible text except for the id, which takes the rest; `*` matches anything
    /// within one part.
    ///
    /// - Throws: `DatasetFault` for a name that is unknown or occurs twice, an open brace, and a
    ///   pattern without `{id}` or `{label}`.
    ///
    /// - Returns: an expression with one named group for each name, and the names in order.
    private static func expression(_ pattern: String) throws(DatasetFault) -> (NSRegularExpression, [String]) {
        var text = "^"
        var names: [String] = []
        var rest = pattern[...]
        while let first = rest.first {
            if first == "{" {
                guard let end = rest.firstIndex(of: "}") else { throw DatasetFault(message: "the pattern \(pattern) has a brace that is not closed") }
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                guard fields.contains(name), !names.contains(name) else {
                    throw DatasetFault(
                        message: "the pattern has {\(name)}" + (names.contains(name) ? " twice" : ""),
                        expected: "one of: " + fields.joined(separator: ", "), suggestion: nearestName(to: name, among: fields))
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
            throw DatasetFault(message: "the pattern \(pattern) has no {id} or no {label}", expected: "both, as in \(defaultPattern)")
        }
        return (expression, names)
    }

    /// The number of samples.
    package var count: Int { samples.count }

    /// The table as CSV, with samples and modality columns in alphabetical order.
    ///
    /// An id that occurs in several folders is replaced by all fields of its sample, so that every
    /// row's is its own. Missing files are empty cells.
    package var csv: String {
        let modalities = modalities.sorted()
        let fields = Self.fields.filter { field in samples.values.contains { $0.fields[field] != nil } }
        var ids: [String: Int] = [:]
        for sample in samples.values { ids[sample.fields["id"] ?? "", default: 0] += 1 }
        let header = (fields + modalities).map(Self.quoted).joined(separator: ",")
        let lines = samples.sorted { $0.key < $1.key }.map { key, sample in
            fields.map { field in
                let text = sample.fields[field] ?? ""
                // The same file name in two folders is two samples.
                return Self.quoted(field == "id" && ids[text, default: 0] > 1 ? key : text)
            } + modalities.map { Self.quoted(sample.files[$0] ?? "") }
        }
        return ([header] + lines.map { $0.joined(separator: ",") }).joined(separator: "\n") + "\n"
    }

    /// What a user checks before trusting the table, one line for each fact: how many samples each
    /// domain, label and part has, and what is missing.
    ///
    /// At most 20 values of a field are listed.
    package var summary: [String] {
        func counts(_ field: String) -> String? {
            let counts = samples.values.reduce(into: [String: Int]()) { if let value = $1.fields[field] { $0[value, default: 0] += 1 } }
            guard !counts.isEmpty else { return nil }
            let shown = counts.sorted { $0.key < $1.key }.prefix(20).map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            return "\(field): \(shown)" + (counts.count > 20 ? ", and \(counts.count - 20) more" : "")
        }
        var lines = ["domain", "label", "split"].compactMap(counts)
        for modality in modalities.sorted() {
            let missing = samples.values.count { $0.files[modality] == nil }
            lines.append("\(modality): \(samples.count - missing) files" + (missing > 0 ? ", missing for \(missing) samples" : ""))
        }
        if let first = unmatched.first { lines.append("\(unmatched.count) files do not fit the pattern, the first is \(first)") }
        return lines
    }

    /// The text as a field of CSV, with quotes where it needs them.
    private static func quoted(_ text: String) -> String {
        text.contains { ",\"\n\r".contains($0) } ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
    }
}
