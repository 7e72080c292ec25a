import Configuration
import Foundation

/// A table of samples to be written, as ``Manifest`` reads it: what `regulus data manifest` makes of a folder.
///
/// For two samples with two modalities it is
///
/// ```
/// id,label,domain,audio,video
/// clip7,happy,studio,studio/happy/clip7_audio.npy,studio/happy/clip7_video.npy
/// clip9,sad,street,street/sad/clip9_audio.npy,
/// ```
package struct ManifestWriter: Sendable {
    /// One row of the table.
    struct Sample {
        /// What is known of the sample, by column.
        var fields: [String: String]
        /// The path of the file for each modality that it has.
        var files: [String: String] = [:]
    }

    /// The rows, in the order of the table.
    private let samples: [Sample]
    /// The columns before those of the modalities, in order.
    private let columns: [String]
    /// The modalities, each a column.
    private let modalities: [String]
    /// What was left out, a sentence each.
    private let notes: [String]

    /// - Parameters:
    ///   - samples: at least one.
    ///   - columns: what may be known of a sample; a column that no sample has is left out.
    ///   - modalities: in the order of their columns.
    ///   - notes: what was left out.
    init(_ samples: [Sample], columns: [String], modalities: [String], notes: [String]) {
        self.samples = samples
        self.columns = columns.filter { column in samples.contains { $0.fields[column] != nil } }
        (self.modalities, self.notes) = (modalities, notes)
    }

    /// The number of samples.
    package var count: Int { samples.count }

    /// The table as CSV. Missing files are empty cells.
    package var csv: String {
        let header = (columns + modalities).map(Self.quoted).joined(separator: ",")
        let lines = samples.map { sample in
            (columns.map { sample.fields[$0] ?? "" } + modalities.map { sample.files[$0] ?? "" }).map(Self.quoted).joined(separator: ",")
        }
        return ([header] + lines).joined(separator: "\n") + "\n"
    }

    /// What a user checks before trusting the table, one line for each fact: how many samples each
    /// domain, label and part has, and what is missing.
    ///
    /// At most 20 values of a field are listed.
    package var summary: [String] {
        func counts(_ field: String) -> String? {
            let counts = samples.reduce(into: [String: Int]()) { if let value = $1.fields[field] { $0[value, default: 0] += 1 } }
            guard !counts.isEmpty else { return nil }
            let shown = counts.sorted { $0.key < $1.key }.prefix(20).map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            return "\(field): \(shown)" + (counts.count > 20 ? ", and \(counts.count - 20) more" : "")
        }
        var lines = ["domain", "label", "split"].compactMap(counts)
        for modality in modalities {
            let missing = samples.count { $0.files[modality] == nil }
            lines.append("\(modality): \(samples.count - missing) files" + (missing > 0 ? ", missing for \(missing) samples" : ""))
        }
        return lines + notes
    }

    /// The text as a field of CSV, with quotes where it needs them.
    private static func quoted(_ text: String) -> String {
        text.unicodeScalars.contains { ",\"\n\r".unicodeScalars.contains($0) } ? "\"" + text.spelling(["\"": "\"\""]) + "\"" : text
    }
}
