import Configuration
import Foundation
import Persistence

/// A CSV table that comes with a data set, of which a manifest takes labels and the names of files: `label.csv` beside a folder of films.
private struct LabelTable {
    /// The path of the table, as it was given.
    let path: String
    /// The names of its columns, in order.
    let names: [String]
    /// The line of the file on which each row stands.
    let lines: [Int]
    private let cells: [String: [String]]

    init(_ path: String) throws(DatasetFault) {
        (names, cells, lines) = try SeparatedValues(path).columns(option: nil, expected: "names of columns")
        self.path = path
    }

    /// A text in which `{name}` stands for the cell of a column; `{name:4}` for the cell with zeros in front, up to 4 characters.
    struct Template {
        /// What stands in it, one after another.
        enum Part {
            case text(String)
            case cell([String], width: Int)
        }

        /// The column of the manifest that it fills.
        let column: String
        private let parts: [Part]

        /// - Parameters:
        ///   - assignment: `column=text`.
        ///   - option: which option it was given by, for messages.
        /// - Throws: `DatasetFault` for another form, an open brace, and a column that the table does not have.
        init(_ assignment: String, option: String, of table: LabelTable) throws(DatasetFault) {
            let sides = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
                throw DatasetFault(message: "\(option) \(assignment): there is no NAME=TEXT", expected: "such as label={\(table.names[0])}")
            }
            column = sides[0]
            var parts: [Part] = []
            var rest = sides[1][...]
            while let open = rest.firstIndex(of: "{") {
                guard let close = rest[open...].firstIndex(of: "}") else { throw DatasetFault(message: "\(option) \(assignment): a brace is not closed") }
                parts.append(.text(String(rest[..<open])))
                let inside = String(rest[rest.index(after: open)..<close])
                var (name, width) = (inside, 0)
                // A name may itself have a colon.
                if table.cells[name] == nil, let colon = inside.lastIndex(of: ":"), let number = Int(inside[inside.index(after: colon)...]), 1...99 ~= number {
                    (name, width) = (String(inside[..<colon]), number)
                }
                guard let cells = table.cells[name] else {
                    throw DatasetFault(
                        message: "\(option) \(assignment): \(table.path) has no column '\(name)'", expected: "one of: " + table.names.joined(separator: ", "),
                        suggestion: nearestName(to: name, among: table.names))
                }
                parts.append(.cell(cells, width: width))
                rest = rest[rest.index(after: close)...]
            }
            self.parts = parts + [.text(String(rest))]
        }

        /// The text of a row of the table.
        func text(_ row: Int) -> String {
            parts.map { part in
                switch part {
                case .text(let text): text
                case .cell(let cells, let width): String(repeating: "0", count: max(0, width - cells[row].count)) + cells[row]
                }
            }.joined()
        }
    }
}

extension ManifestWriter {
    /// Takes samples from a table of labels, and finds the files of each in a folder.
    ///
    /// A file that is not there is an empty cell; rows without any file are counted and left out.
    ///
    /// - Parameters:
    ///   - folder: what paths are relative to.
    ///   - table: a CSV file with a header.
    ///   - columns: of the manifest, each as `label={sentiment}`: a text in which names in braces stand for cells of the table.
    ///   - files: of each modality, in the same way, as `video=Raw/{video}/{clip:4}.mp4`.
    /// - Throws: `DatasetFault` for a text that names no column of the table, a path that leaves the folder, an id that occurs twice, a modality
    ///   of which there is no file, and where no column is a label.
    package init(_ folder: String, table path: String, columns: [String], files: [String]) throws(DatasetFault) {
        guard Folder.exists(folder) else { throw DatasetFault(message: "there is no folder \(folder)") }
        let table = try LabelTable(path)
        var fields: [LabelTable.Template] = []
        for text in columns { fields.append(try LabelTable.Template(text, option: "--column", of: table)) }
        var modalities: [LabelTable.Template] = []
        for text in files { modalities.append(try LabelTable.Template(text, option: "--file", of: table)) }
        let names = (fields + modalities).map(\.column)
        if let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
            throw DatasetFault(message: "the column '\(names[twice])' is given twice")
        }
        guard fields.contains(where: { $0.column == "label" }), !modalities.isEmpty else {
            throw DatasetFault(
                message: "a manifest needs a label and a file of each sample",
                expected: "--column label={…} and --file video=…/{…}.mp4, of: " + table.names.joined(separator: ", "))
        }
        var samples: [Sample] = []
        var lines: [String: Int] = [:]
        var without: [Int] = []
        var missing: [String: String] = [:]
        for (row, line) in table.lines.enumerated() {
            var sample = Sample(fields: fields.reduce(into: [:]) { $0[$1.column] = $1.text(row) })
            for modality in modalities {
                let file = modality.text(row)
                guard !ConfinedFolder.climbs(file) else {
                    throw DatasetFault(message: "\(path):\(line): the path \(file) leaves the folder", expected: "a path below \(folder)")
                }
                if FileManager.default.fileExists(atPath: "\(folder)/\(file)") {
                    sample.files[modality.column] = file
                } else if missing[modality.column] == nil {
                    missing[modality.column] = file
                }
            }
            guard !sample.files.isEmpty else {
                without.append(line)
                continue
            }
            if let id = sample.fields["id"], let first = lines.updateValue(line, forKey: id) {
                throw DatasetFault(message: "\(path):\(line): the id '\(id)' is that of line \(first) already", expected: "an id of its own for every row")
            }
            samples.append(sample)
        }
        if let none = modalities.first(where: { modality in !samples.contains { $0.files[modality.column] != nil } }) {
            throw DatasetFault(
                message: "there is no file of '\(none.column)' for any row of \(path)",
                expected: missing[none.column].map { "files in \(folder) such as \($0)" })
        }
        var notes = modalities.compactMap { modality in missing[modality.column].map { "the first file that is not there is \($0)" } }
        if let first = without.first { notes.append("\(without.count) rows of \(path) have no file at all, the first in line \(first); they are left out") }
        self.init(samples, columns: fields.map(\.column), modalities: modalities.map(\.column), notes: notes)
    }
}
