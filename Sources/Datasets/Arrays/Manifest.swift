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
    let lines: [Int]
    /// What was noticed while ids were matched.
    var remarks: [String] = []

    /// The names of the columns, in order.
    private let header: [String]
    /// The cells of each column without blanks around them, by name.
    private let columns: [String: [String]]

    /// The largest number of rows: more than is likely, and fewer than fill the memory.
    private static let mostRows = 20_000_000

    /// Reads the table.
    ///
    /// - Throws: `DatasetFault` with the file and line where the file is no CSV table, where rows and
    ///   header differ in length, where a column or an id occurs twice, or where there is no column
    ///   `label`.
    ///
    /// - Parameter path: of the CSV file.
    init(_ path: String) throws(DatasetFault) {
        let table = try SeparatedValues(path)
        guard let header = table.rows.first else {
            throw DatasetFault(option: "manifest", message: "\(path): the file is empty", expected: "a header: id, label, domain, …")
        }
        let rows = table.rows.dropFirst()
        guard !rows.isEmpty, rows.count <= Self.mostRows else {
            throw DatasetFault(option: "manifest", message: "\(path): \(rows.count) rows below the header")
        }
        if let row = rows.first(where: { $0.fields.count != header.fields.count }) {
            throw DatasetFault(
                option: "manifest", message: "\(path):\(row.line): \(row.fields.count) fields where the header has \(header.fields.count)")
        }
        let names = header.fields.map { $0.trimmingCharacters(in: .whitespaces) }
        var columns: [String: [String]] = [:]
        for (place, name) in names.enumerated() {
            guard columns.updateValue(rows.map { $0.fields[place].trimmingCharacters(in: .whitespaces) }, forKey: name) == nil else {
                throw DatasetFault(option: "manifest", message: "\(path): the column '\(name)' appears twice")
            }
        }
        guard columns["label"] != nil else {
            throw DatasetFault(
                option: "manifest", message: "\(path): there is no column 'label'", expected: "among: " + names.joined(separator: ", "),
                suggestion: nearestName(to: "label", among: names))
        }
        self.path = path
        self.header = names
        self.columns = columns
        lines = rows.map(\.line)
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

    /// The number of real steps of some rows; an empty cell is 0.
    ///
    /// - Throws: `DatasetFault` where there is no such column, or a cell is not a whole number.
    ///
    /// - Parameter rows: positions below the header, in the order of the result.
    func lengths(_ column: String, rows: [Int]) throws(DatasetFault) -> [Int] {
        guard let cells = columns[column] else {
            throw DatasetFault(
                option: "lengths", message: "\(path) has no column '\(column)'", expected: "one of: " + header.joined(separator: ", "),
                suggestion: nearestName(to: column, among: header))
        }
        var lengths: [Int] = []
        for row in rows {
            guard let length = cells[row].isEmpty ? 0 : Int(cells[row]) else {
                throw DatasetFault(
                    option: "lengths", message: "\(path):\(lines[row]): '\(cells[row])' is not a number of steps", expected: "a whole number")
            }
            lengths.append(length)
        }
        return lengths
    }

    /// The path of a file that the table names.
    ///
    /// - Throws: `DatasetFault` for a path that leaves the manifest's folder: otherwise such a table
    ///   could make the program read any file that its writer knows of.
    ///
    /// - Parameters:
    ///   - text: the path as the cell has it.
    ///   - row: for the message.
    /// - Returns: the path below the manifest's folder; whether a file is there is not looked at.
    func resolved(_ text: String, row: Int) throws(DatasetFault) -> String {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard !text.hasPrefix("/"), !parts.contains("..") else {
            throw DatasetFault(
                option: "manifest", message: "\(path):\(lines[row]): the path \(text) leaves the manifest's folder",
                expected: "a path below \(folder)")
        }
        return "\(folder)/\(text)"
    }

    /// The folder of the manifest, which its paths are relative to; `.` where the manifest is named
    /// without a folder.
    var folder: String {
        let parent = Folder.parent(of: path)
        return parent.isEmpty ? "." : parent
    }
}

/// Where the samples of one modality are stored, according to a manifest: in files of their own, in
/// rows of an array that a column numbers, or in rows that are found by id.
///
/// It is decided column by column: whole numbers are rows of an array, other texts are paths, and a
/// modality without a column is found by id, or by its place where there are no ids.
struct ManifestModality {
    private let name: String
    /// The arrays that samples are read from: one with many rows, or one for each file.
    private var arrays: [any StoredArray] = []
    /// One for each row of the manifest; nil where the modality is missing.
    private(set) var places: [ArrayModality.Place?] = []
    /// The shape of a sample as the files store it; for sequences of different lengths that of the
    /// longest.
    private var sample: [Int] = []
    /// Whether files hold sequences of different lengths.
    private var differInLength = false

    /// Finds the samples.
    ///
    /// - Throws: `DatasetFault` with the file and line of a sample that is not there.
    ///
    /// - Parameters:
    ///   - key: the modality, and the name of its column or array.
    ///   - manifest: the table.
    ///   - containers: the files of the option `path`.
    ///   - options: names the array of ids and where channels stand.
    init(_ key: ModalityKey, of manifest: Manifest, in containers: [ArrayContainer], options: Arrays.Options) throws(DatasetFault) {
        name = key.name
        guard let cells = manifest.texts(key.key) else {
            try match(key, of: manifest, in: containers, options: options)
            return
        }
        if cells.allSatisfy({ $0.isEmpty || Int($0) != nil }) {
            try takeRows(cells, key, of: manifest, in: containers)
        } else {
            try takeFiles(cells, of: manifest, layout: options.layout)
        }
    }

    /// The modality of some rows.
    ///
    /// - Throws: `DatasetFault` where samples differ in shape.
    ///
    /// - Parameters:
    ///   - rows: those of the manifest that are kept.
    ///   - layout: where the files have their channels.
    func modality(rows: [Int], layout: Arrays.Layout) throws(DatasetFault) -> ArrayModality {
        guard !arrays.isEmpty else { throw DatasetFault(option: "modalities", message: "no row has '\(name)'") }
        var modality = try ArrayModality(name, arrays, layout: layout, sample: sample, places: rows.map { places[$0] })
        if differInLength { try modality.take(lengths: rows.map { row in places[row].map { arrays[Int($0.array)].rowCount } ?? 0 }) }
        return modality
    }

    // MARK: - Files

    /// Takes a column whose cells are paths of files with one sample each, or `path:key`.
    ///
    /// Where channels come last, files may differ along their first axis, the steps: they are then
    /// sequences of different lengths.
    ///
    /// - Throws: `DatasetFault` with the line of a file that is missing, holds several arrays without
    ///   naming one, or has another shape than the ones before.
    private mutating func takeFiles(_ cells: [String], of manifest: Manifest, layout: Arrays.Layout) throws(DatasetFault) {
        var files: [String: ArrayFile] = [:]
        var numbers: [String: Int32] = [:]
        for (row, cell) in cells.enumerated() {
            guard !cell.isEmpty else {
                places.append(nil)
                continue
            }
            if let number = numbers[cell] {
                places.append(ArrayModality.Place(array: number, row: nil))
                continue
            }
            let (path, key) = Self.parts(cell)
            let place = try manifest.resolved(path, row: row)
            do throws(WeightsFault) {
                // One file may hold the samples of many rows, and is opened once.
                let file: ArrayFile
                if let known = files[place] { file = known } else { file = try ArrayFile(place) }
                if key != nil { files[place] = file }
                guard let key = key ?? (file.entries.count == 1 ? file.entries[0].name : nil) else {
                    throw WeightsFault(
                        file: place, reason: "holds several arrays (\(file.names.prefix(8).joined(separator: ", "))); name one, as in \(path):\(file.names[0])")
                }
                let array = try file.array(key)
                if arrays.isEmpty { sample = array.shape }
                if array.shape != sample, layout == .channelsLast, sample.count >= 2, array.shape.dropFirst() == sample.dropFirst(), array.rowCount > 0 {
                    differInLength = true
                    sample[0] = max(sample[0], array.rowCount)
                }
                guard array.shape.dropFirst() == sample.dropFirst(), array.shape == sample || differInLength else {
                    throw array.fault("has shape \(array.shapeText), others of '\(name)' have \(ArrayContainer.text(sample))")
                }
                arrays.append(array)
            } catch {
                throw DatasetFault(option: "manifest", message: "\(manifest.path):\(manifest.lines[row]): \(error)")
            }
            numbers[cell] = Int32(arrays.count - 1)
            places.append(ArrayModality.Place(array: Int32(arrays.count - 1), row: nil))
        }
    }

    /// The path and, after the last colon, the key in a cell.
    private static func parts(_ cell: String) -> (path: String, key: String?) {
        guard let colon = cell.lastIndex(of: ":"), colon != cell.startIndex else { return (cell, nil) }
        return (String(cell[..<colon]), String(cell[cell.index(after: colon)...]))
    }

    // MARK: - Rows

    /// Takes a column whose cells are rows of the array in `path`; an empty cell is a row without the
    /// modality.
    ///
    /// - Throws: `DatasetFault` with the line of a row that the array does not have.
    private mutating func takeRows(
        _ cells: [String], _ key: ModalityKey, of manifest: Manifest, in containers: [ArrayContainer]
    ) throws(DatasetFault) {
        let array = try Self.array(key.key, in: containers, of: manifest)
        (arrays, sample) = ([array], Array(array.shape.dropFirst()))
        for (row, cell) in cells.enumerated() {
            guard let number = Int(cell) else {
                places.append(nil)
                continue
            }
            guard (0..<array.rowCount).contains(number) else {
                throw DatasetFault(
                    option: "manifest", message: "\(manifest.path):\(manifest.lines[row]): there is no row \(number) in '\(key.key)'",
                    expected: "0 to \(array.rowCount - 1)")
            }
            places.append(ArrayModality.Place(array: 0, row: number))
        }
    }

    /// Finds the row of each sample by its id in the array of ids beside the modality's; without ids,
    /// rows are in the same order. A sample whose id is not found lacks the modality.
    ///
    /// - Throws: `DatasetFault` where an id occurs twice, where none is found, or where there are no
    ///   ids and the numbers of rows differ.
    private mutating func match(
        _ key: ModalityKey, of manifest: Manifest, in containers: [ArrayContainer], options: Arrays.Options
    ) throws(DatasetFault) {
        let array = try Self.array(key.key, in: containers, of: manifest)
        (arrays, sample) = ([array], Array(array.shape.dropFirst()))
        guard let container = containers.first(where: { $0.has(key.key) }) else { return }
        guard let ids = manifest.texts("id"), container.has(options.ids) else {
            guard array.rowCount == manifest.count else {
                throw DatasetFault(
                    option: "manifest",
                    message: "\(manifest.path) has \(manifest.count) rows, '\(key.key)' in \(container.path) has \(array.rowCount), and there are no ids "
                        + "to match them by",
                    expected: "as many rows, or a column 'id' and an array '\(options.ids)'")
            }
            places = (0..<manifest.count).map { ArrayModality.Place(array: 0, row: $0) }
            return
        }
        var rows: [String: Int] = [:]
        for (row, id) in try container.values(options.ids, option: "ids", rows: array.rowCount).asTexts.enumerated() {
            guard rows.updateValue(row, forKey: id) == nil else {
                throw DatasetFault(option: "ids", message: "\(container.path): the id '\(id)' appears twice")
            }
        }
        places = ids.map { id in rows[id].map { ArrayModality.Place(array: 0, row: $0) } }
        let unmatched = ids.filter { rows[$0] == nil }
        if unmatched.count == ids.count {
            throw DatasetFault(
                option: "ids", message: "none of the ids of \(manifest.path) is in \(container.path)",
                expected: "ids such as " + rows.keys.sorted().prefix(3).joined(separator: ", ") + "; the manifest has "
                    + ids.prefix(3).joined(separator: ", "))
        }
    }

    /// The array of a modality in the first file that has it.
    ///
    /// - Throws: `DatasetFault` where no file has it, with the nearest column.
    private static func array(_ key: String, in containers: [ArrayContainer], of manifest: Manifest) throws(DatasetFault) -> any StoredArray {
        if let container = containers.first(where: { $0.has(key) }) { return try container.array(key, option: "modalities") }
        guard let first = containers.first else {
            throw DatasetFault(
                option: "modalities", message: "\(manifest.path) has no column '\(key)', and no path is given that could have such an array",
                expected: "one of: " + manifest.names.joined(separator: ", "), suggestion: nearestName(to: key, among: manifest.names))
        }
        return try first.array(key, option: "modalities")
    }
}
