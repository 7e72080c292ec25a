import Configuration

/// A video of human, animal or cartoon actions, as a line of a split file names it.
struct HACVideo: Hashable, Sendable {
    /// The file's name without `.mp4`; it may begin with a dash or contain a blank.
    let name: String
    let label: Int
}

/// The split files of HAC: `file.mp4,label`, no header.
enum HACSplits {
    static let folder = "HAC_Splits"
    static let classes = ["sleeping", "watching-tv", "eating", "drinking", "swimming", "running", "opening-door"]

    /// - Throws: `DatasetFault` with the file and line.
    static func videos(_ part: String, domain: String, in root: String) throws(DatasetFault) -> [HACVideo] {
        let path = "\(root)/\(folder)/HAC_\(part)_only_\(domain).csv"
        let table = try SeparatedValues(path)
        var result: [HACVideo] = []
        for row in table.rows {
            func fault(_ message: String, expected: String) -> DatasetFault {
                DatasetFault(message: "\(path): line \(row.line): \(message)", expected: expected)
            }
            guard row.fields.count == 2 else { throw fault("found \(row.fields.count) fields", expected: "file.mp4,label") }
            let file = row.fields[0]
            // The name becomes a part of paths.
            guard file.hasSuffix(".mp4"), file.count > 4, !file.contains("/"), !file.contains("\0") else {
                throw fault("the name '\(file.prefix(80))'", expected: "the name of an mp4 file, without a folder")
            }
            guard let label = Int(row.fields[1]), classes.indices.contains(label) else {
                throw fault("the label '\(row.fields[1].prefix(40))'", expected: "a whole number from 0 to \(classes.count - 1)")
            }
            result.append(HACVideo(name: String(file.dropLast(4)), label: label))
        }
        guard !result.isEmpty else { throw DatasetFault(message: "\(path): there are no rows") }
        return result
    }
}
