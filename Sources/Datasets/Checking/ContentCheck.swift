import Configuration
import Foundation
import Persistence

/// What the contents of a data set reveal: values that are not finite, and rows that occur twice.
///
/// It explains scores that are too good, where the same sample is learned from and reported on, and
/// losses that become NaN in the first step.
package struct ContentCheck: Sendable {
    /// Values of one modality that are NaN or infinite.
    package struct NotFinite: Hashable, Sendable {
        /// The modality.
        package let modality: String
        /// How many values are not finite.
        package let values: Int
        /// How many rows hold such a value.
        package let rows: Int
        /// Up to five of the rows.
        package let first: [Int]
        /// One of these that is a number in the file, but too large for single precision, in words.
        package let beyond: String?
    }

    /// Rows with the same inputs, in all modalities and to the last bit, as a row of another domain or
    /// of another part of the split: samples that are both learned from and reported on.
    package struct Duplicates: Hashable, Sendable {
        /// Which rows these repeat: `of another domain` or `of another part of the split`.
        ///
        /// A repetition inside one domain and one part is not counted: oversampling is not a leak.
        package let what: String
        /// How many rows repeat an earlier one.
        package let rows: Int
        /// Up to five of the rows, each with the earlier row that it repeats.
        package let first: [[Int]]
    }

    /// One entry for each modality that holds NaN or infinity.
    package let notFinite: [NotFinite]
    /// One entry for each kind of duplicate that occurs.
    package let duplicates: [Duplicates]

    /// How many rows are named.
    private static let examples = 5

    /// Reads every row once; of rows that are decoded it reads the files, where they hold whole clips.
    /// A digest of 32 bytes is kept for each row, not the row.
    ///
    /// - Throws: `DatasetFault` where a row cannot be read.
    ///
    /// - Parameter dataset: any; one whose arrays hold NaN is read with them where it offers that
    ///   (``UncheckedRows``).
    init(_ dataset: any Dataset) throws(DatasetFault) {
        let modalities = dataset.facts.modalities
        var found = modalities.map { _ in NotFiniteRows() }
        // The first row of each content; a digest is enough to tell contents apart.
        var seen: [SHA256Digest: Int] = [:]
        var (otherDomain, otherPart) = ((rows: 0, first: [[Int]]()), (rows: 0, first: [[Int]]()))
        let (domains, split) = (dataset.domains, dataset.split)
        var files = dataset.decoder.map { FileContentsOfRows(dataset, $0) }
        for row in dataset.labels.indices {
            let digest: SHA256Digest
            if files != nil {
                guard let known = files?.digest(of: row) else { continue }
                digest = known
            } else {
                var content = Data()
                for (place, modality) in modalities.enumerated() {
                    let values = try Self.values(of: row, modality.name, in: dataset)
                    found[place].look(at: values, row: row)
                    values.withUnsafeBytes { content.append(contentsOf: $0) }
                }
                digest = SHA256Digest(of: content)
            }
            guard let earlier = seen[digest] else {
                seen[digest] = row
                continue
            }
            if domains[earlier] != domains[row] {
                otherDomain.rows += 1
                if otherDomain.first.count < Self.examples { otherDomain.first.append([row, earlier]) }
            } else if let split, split[earlier] != split[row] {
                otherPart.rows += 1
                if otherPart.first.count < Self.examples { otherPart.first.append([row, earlier]) }
            }
        }
        notFinite = zip(modalities, found).filter { $1.rows > 0 }.map { modality, found in
            let arrays = dataset as? any UncheckedRows
            return NotFinite(
                modality: modality.name, values: found.values, rows: found.rows, first: found.first,
                beyond: found.first.lazy.compactMap { row in arrays?.beyondSinglePrecision(row, modality: modality.name).map { "row \(row) holds \($0)" } }
                    .first)
        }
        duplicates = [("of another domain", otherDomain), ("of another part of the split", otherPart)].filter { $1.rows > 0 }.map {
            Duplicates(what: $0, rows: $1.rows, first: $1.first)
        }
    }

    /// One row of a modality, with whatever values it has where the data set hands those out.
    ///
    /// - Throws: `DatasetFault` where the row cannot be read.
    private static func values(of row: Int, _ modality: String, in dataset: any Dataset) throws(DatasetFault) -> [Float] {
        if let arrays = dataset as? any UncheckedRows { return try arrays.uncheckedRow(row, modality: modality) }
        do { return try dataset.inputs([row], modality: modality).values } catch { throw error as? DatasetFault ?? DatasetFault(message: "\(error)") }
    }

    /// The findings as text, one a line.
    ///
    /// Empty where nothing was found.
    package var lines: [String] {
        notFinite.map { found in
            "\(found.modality): \(found.values) values in \(found.rows) rows are not finite (rows "
                + found.first.map(String.init).joined(separator: ", ") + (found.rows > found.first.count ? ", …" : "")
                + ")"
                + (found.beyond.map { "; \($0): expected \(NotFiniteRows.expectedRange)" }
                    ?? "; numpy.nan_to_num(array) puts zeros there, or leave those rows out")
        }
            + duplicates.map { found in
                "\(found.rows) rows have the inputs of a row \(found.what) ("
                    + found.first.map { "row \($0[0]) those of row \($0[1])" }.joined(separator: ", ")
                    + (found.rows > found.first.count ? ", …" : "") + ")"
            }
    }
}

/// What rows that are decoded consist of: the digest of their files and of the part that they are of them.
///
/// A file is read whole only where another one has its size; single pictures of frames are not read at all.
private struct FileContentsOfRows {
    private let decoder: any SampleDecoder
    private let modalities: [String]
    /// How many files have a size.
    private let sizes: [Int: Int]
    /// The digests of files that were read, or their paths where nothing else has their size.
    private var known: [String: String] = [:]

    /// More files than that for one modality of a row are single pictures.
    private static let filesOfWholeClips = 4

    /// Asks for the sizes of all files.
    ///
    /// A file that cannot be found has no size here; the check of missing files names it.
    init(_ dataset: any Dataset, _ decoder: any SampleDecoder) {
        self.decoder = decoder
        modalities = dataset.facts.modalityNames
        var paths: Set<String> = []
        for row in dataset.labels.indices { paths.formUnion(Self.files(row, modalities, decoder) ?? []) }
        sizes = paths.compactMap(FileContents.size).reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    /// The files of a row; nil where a modality has too many.
    private static func files(_ row: Int, _ modalities: [String], _ decoder: any SampleDecoder) -> [String]? {
        let files = modalities.map { decoder.files(row, modality: $0) }
        return files.allSatisfy { $0.count <= filesOfWholeClips } ? files.flatMap(\.self) : nil
    }

    /// Nil where a file is missing, or there are too many of them.
    mutating func digest(of row: Int) -> SHA256Digest? {
        guard let files = Self.files(row, modalities, decoder) else { return nil }
        var lines = [decoder.part(row)]
        for path in files {
            if let line = known[path] {
                lines.append(line)
                continue
            }
            guard let size = FileContents.size(path) else { return nil }
            // No other file can have its content.
            guard sizes[size, default: 0] > 1 else {
                known[path] = path
                lines.append(path)
                continue
            }
            guard let digest = try? SHA256Digest(ofFile: path).hex else { return nil }
            known[path] = digest
            lines.append(digest)
        }
        return SHA256Digest(of: Data(lines.joined(separator: "\n").utf8))
    }
}

/// A data set that can be opened to be checked: it then also returns rows whose values are not finite, and lists what a run would refuse.
package protocol UncheckedRows: Dataset {
    /// What a run would refuse, a sentence each; none by default.
    var problems: [String] { get }

    /// One row of a modality, row-major and channels last, with whatever values it has.
    ///
    /// - Throws: `DatasetFault` where it cannot be read.
    func uncheckedRow(_ row: Int, modality: String) throws(DatasetFault) -> [Float]

    /// A number of a row that its file has in double precision and that is infinite in single precision, in words with its place.
    ///
    /// Nil where there is none, which is the default.
    func beyondSinglePrecision(_ row: Int, modality: String) -> String?
}

extension UncheckedRows {
    package var problems: [String] { [] }

    package func beyondSinglePrecision(_ row: Int, modality: String) -> String? { nil }
}
