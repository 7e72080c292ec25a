import Configuration
import Foundation
import Persistence

/// What the values of a data set of arrays say about it: which are not finite, and which rows are there twice.
package struct ContentCheck: Sendable {
    /// Values of one modality that are NaN or infinite.
    package struct NotFinite: Hashable, Sendable {
        package let modality: String
        package let values: Int
        package let rows: Int
        /// The first few.
        package let first: [Int]
    }

    /// Rows whose inputs are those of a row of another domain, or of another part of the split: what is learned from and what is reported on.
    package struct Duplicates: Hashable, Sendable {
        /// `of another domain`, `of another part of the split`.
        package let what: String
        package let rows: Int
        /// The first few, each with the earlier row that it repeats.
        package let first: [[Int]]
    }

    package let notFinite: [NotFinite]
    package let duplicates: [Duplicates]

    private static let examples = 5

    /// Reads every row once.
    ///
    /// - Throws: where a row cannot be read.
    init(_ dataset: any UncheckedRows) throws(DatasetFault) {
        let modalities = dataset.facts.modalities
        var found = modalities.map { _ in ArrayModality.NotFinite() }
        // The first row of each content; a digest is enough to tell contents apart.
        var seen: [SHA256Digest: Int] = [:]
        var (otherDomain, otherPart) = ((rows: 0, first: [[Int]]()), (rows: 0, first: [[Int]]()))
        let (domains, split) = (dataset.domains, dataset.split)
        for row in dataset.labels.indices {
            var content = Data()
            for (place, modality) in modalities.enumerated() {
                let values = try dataset.uncheckedRow(row, modality: modality.name)
                found[place].look(at: values, row: row)
                values.withUnsafeBytes { content.append(contentsOf: $0) }
            }
            let digest = SHA256Digest(of: content)
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
            NotFinite(modality: modality.name, values: found.values, rows: found.rows, first: found.first)
        }
        duplicates = [("of another domain", otherDomain), ("of another part of the split", otherPart)].filter { $1.rows > 0 }.map {
            Duplicates(what: $0, rows: $1.rows, first: $1.first)
        }
    }

    /// The findings as text, one a line.
    package var lines: [String] {
        notFinite.map { found in
            "\(found.modality): \(found.values) values in \(found.rows) rows are not finite (rows "
                + found.first.map(String.init).joined(separator: ", ") + (found.rows > found.first.count ? ", …" : "")
                + "); numpy.nan_to_num(array) puts zeros there, or leave those rows out"
        }
            + duplicates.map { found in
                "\(found.rows) rows have the inputs of a row \(found.what) ("
                    + found.first.map { "row \($0[0]) those of row \($0[1])" }.joined(separator: ", ")
                    + (found.rows > found.first.count ? ", …" : "") + ")"
            }
    }
}

/// A data set that hands out a row also where its values are not finite.
package protocol UncheckedRows: Dataset {
    /// One row of a modality, channels last.
    func uncheckedRow(_ row: Int, modality: String) throws(DatasetFault) -> [Float]
}
