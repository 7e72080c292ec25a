import Configuration
import Foundation
import Persistence
import Weights

/// A CSV table of samples: a header, then one row for each sample.
///
/// Columns: `label`, which is required; `id`, `domain`, `split`, `group` and `position`; and one for
/// each modality with a path (relative to the manifest's folder, `path:key` for one array of several)
/// or the number of a row. A modality without a column is matched by id. An empty cell says that the
/// sample lacks the modality.
///
/// ```
/// id,label,domain,audio,video
/// c1,happy,studio,audio/c1.npy,0
/// c2,sad,street,,1
/// ```
struct Manifest: Sendable {
    /// The path of the table, as it was given.
    let path: String
    /// The line of the file on which each row stands.
    private(set) var lines: [Int]
    /// What was noticed while ids were matched.
    var remarks: [String] = []

    /// The folder of the table, which its paths are relative to.
    private let place: ConfinedFolder
    /// The names of the columns, in order.
    private let header: [String]
    /// The cells of each column without blanks around them, by name.
    private var columns: [String: [String]]

    /// Reads the table.
    ///
    /// - Throws: `DatasetFault` with the file and line where the file is no CSV table, where rows and
    ///   header differ in length, where a column or an id occurs twice, or where there is no column
    ///   `label`.
    ///
    /// - Parameters:
    ///   - path: of the CSV file.
    ///   - links: what becomes of links that lead out of its folder.
    init(_ path: String, links: LinkRule) throws(DatasetFault) {
        guard !Folder.exists(path) else {
            throw DatasetFault(
                option: "manifest", message: "\(path) is a folder\(KnownLayout.remark(on: path, asFor: ""))",
                expected: "a CSV table of what lies in it; `regulus data manifest` writes one")
        }
        let table = try SeparatedValues(path).columns(option: "manifest", expected: "id, label, domain, …")
        let names = table.names
        guard table.cells["label"] != nil else {
            throw DatasetFault(
                option: "manifest", message: "\(path): there is no column 'label'", expected: "among: " + names.joined(separator: ", "),
                suggestion: nearestName(to: "label", among: names))
        }
        self.path = path
        place = ConfinedFolder(Self.folder(of: path), links)
        header = names
        (columns, lines) = (table.cells, table.lines)
        if let ids = columns["id"] {
            var seen: [String: Int] = [:]
            for (row, id) in ids.enumerated() {
                if let first = seen.updateValue(row, forKey: id) {
                    throw DatasetFault(
                        option: "manifest", message: "\(path):\(lines[row]): the id '\(id)' is in line \(lines[first]) already",
                        expected: "an id of its own for every row")
                }
            }
        }
    }

    /// The same table with only some of its rows, in this order.
    ///
    /// - Parameter rows: their numbers, counted from 0 below the header.
    func keeping(_ rows: [Int]) -> Manifest {
        var kept = self
        kept.lines = rows.map { lines[$0] }
        kept.columns = columns.mapValues { cells in rows.map { cells[$0] } }
        return kept
    }

    /// The number of rows below the header.
    var count: Int { lines.count }
    /// The names of the columns, in order.
    var names: [String] { header }
    /// Whether there is a column of this name.
    func has(_ column: String) -> Bool { columns[column] != nil }
    /// The cells of a column; nil where there is none.
    func texts(_ column: String) -> [String]? { columns[column] }

    /// The cells of a column as numbers where all of them are, otherwise as names.
    ///
    /// - Parameter column: one that is not there has no values.
    func values(_ column: String, option: String) throws(DatasetFault) -> RowValues {
        RowValues.texts(columns[column] ?? []).asNumbersWherePossible
    }

    /// The numbers of a column for some rows, such as their real steps; an empty cell is 0.
    ///
    /// - Throws: `DatasetFault` where there is no such column, or a cell is not a whole number.
    ///
    /// - Parameters:
    ///   - rows: positions below the header, in the order of the result.
    ///   - option: which option named the column, for messages.
    ///   - what: what a cell says, for messages.
    func counts(_ column: String, rows: [Int], option: String, what: String) throws(DatasetFault) -> [Int] {
        guard let cells = columns[column] else {
            throw DatasetFault(
                option: option, message: "\(path) has no column '\(column)'", expected: "one of: " + header.joined(separator: ", "),
                suggestion: nearestName(to: column, among: header))
        }
        var counts: [Int] = []
        for row in rows {
            guard let count = cells[row].isEmpty ? 0 : Int(cells[row]) else {
                throw DatasetFault(
                    option: option, message: "\(path):\(lines[row]): '\(cells[row])' is not \(what)", expected: "a whole number")
            }
            counts.append(count)
        }
        return counts
    }

    /// The path of a file that the table names.
    ///
    /// - Throws: `DatasetFault` for a path that leaves the manifest's folder, by its text or by a link:
    ///   otherwise such a table could make the program read any file that its writer knows of.
    ///
    /// - Parameters:
    ///   - text: the path as the cell has it.
    ///   - row: for the message.
    /// - Returns: the path below the manifest's folder; whether a file is there is not looked at.
    func resolved(_ text: String, row: Int) throws(DatasetFault) -> String {
        guard !ConfinedFolder.climbs(text) else {
            throw DatasetFault(
                option: "manifest", message: "\(path):\(lines[row]): the path \(text) leaves the manifest's folder",
                expected: "a path below \(folder)")
        }
        guard !place.isLeft(by: text) else {
            throw DatasetFault(
                option: "manifest", message: "\(path):\(lines[row]): the path \(text) leaves the manifest's folder by a symbolic link",
                expected: "a file below \(folder), or links: follow")
        }
        return "\(folder)/\(text)"
    }

    /// The folder of the manifest, which its paths are relative to; `.` where the manifest is named
    /// without a folder.
    var folder: String { place.path }

    private static func folder(of path: String) -> String {
        let parent = Folder.parent(of: path)
        return parent.isEmpty ? "." : parent
    }
}
