import Configuration
import Weights

/// Where the samples of one modality are stored, according to a manifest: in files of their own, in
/// rows of an array that a column numbers, or in rows that are found by id.
///
/// It is decided column by column: whole numbers are rows of an array, other texts are paths, and a
/// modality without a column is found by id, or by its place where there are no ids.
struct ManifestModality {
    private let name: String
    /// The arrays that samples are read from: one with many rows, or one for each file.
    private var samples = SampleArrays()
    /// One for each row of the manifest; nil where the modality is missing.
    private(set) var places: [StoredRows.Place?] = []
    /// What is wrong with rows whose samples cannot be read, each with its file and line; their places are nil.
    private(set) var faults: [String] = []
    /// Which ids the table and the file of arrays do not share.
    private(set) var remarks: [String] = []

    /// Finds the samples. Files that cannot be read are ``faults``, so that all of them are named.
    ///
    /// - Throws: `DatasetFault` with the file and line of another sample that is not there.
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
        try samples.modality(name, places: rows.map { places[$0] }, layout: layout)
    }

    // MARK: - Files

    /// Takes a column whose cells are paths of files with one sample each, or `path:key`.
    ///
    /// Where channels come last, files may differ along their first axis, the steps: they are then
    /// sequences of different lengths.
    ///
    /// A file that is missing, holds several arrays without naming one, or has another shape than the ones
    /// before is among the ``faults``.
    ///
    /// - Throws: `DatasetFault` with the line of a path that leaves the manifest's folder.
    private mutating func takeFiles(_ cells: [String], of manifest: Manifest, layout: Arrays.Layout) throws(DatasetFault) {
        var files: [String: ArrayFile] = [:]
        var known: [String: StoredRows.Place] = [:]
        for (row, cell) in cells.enumerated() {
            guard !cell.isEmpty else {
                places.append(nil)
                continue
            }
            if let place = known[cell] {
                places.append(place)
                continue
            }
            let (path, key) = Self.parts(cell)
            let place = try manifest.resolved(path, row: row)
            do throws(WeightsFault) {
                // One file may hold the samples of many rows, and is opened once.
                let file = if let open = files[place] { open } else { try ArrayFile(place) }
                if key != nil { files[place] = file }
                guard let name = key ?? (file.entries.count == 1 ? file.entries[0].name : nil) else {
                    throw WeightsFault(
                        file: place, reason: "holds several arrays (\(file.names.prefix(8).joined(separator: ", "))); name one, as in \(path):\(file.names[0])")
                }
                let array = try file.array(name)
                // A file of its own is opened again when it is read: the system maps no more than some ten thousand files at a time.
                let stored: any StoredArray = key == nil ? ReopenedArray(array, at: place) : array
                known[cell] = try samples.append(stored, layout: layout, modality: self.name)
            } catch {
                faults.append("\(manifest.path):\(manifest.lines[row]): \(error)")
            }
            places.append(known[cell])
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
        samples = SampleArrays(rowsOf: array)
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
            places.append(StoredRows.Place(array: 0, row: number))
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
        if try matchGroups(key, of: manifest, in: containers, layout: options.layout) { return }
        let array = try Self.array(key.key, in: containers, of: manifest)
        samples = SampleArrays(rowsOf: array)
        guard let container = containers.first(where: { $0.has(key.key) }) else { return }
        guard let ids = manifest.texts("id"), container.has(options.ids) else {
            guard array.rowCount == manifest.count else {
                throw DatasetFault(
                    option: "manifest",
                    message: "\(manifest.path) has \(manifest.count) rows, '\(key.key)' in \(container.path) has \(array.rowCount), and there are no ids "
                        + "to match them by",
                    expected: "as many rows, or a column 'id' and an array '\(options.ids)'")
            }
            places = (0..<manifest.count).map { StoredRows.Place(array: 0, row: $0) }
            return
        }
        var rows: [String: Int] = [:]
        let known = try container.values(options.ids, option: "ids", rows: array.rowCount).asTexts
        for (row, id) in known.enumerated() {
            guard rows.updateValue(row, forKey: id) == nil else {
                throw DatasetFault(option: "ids", message: "\(container.path): the id '\(id)' appears twice")
            }
        }
        places = ids.map { id in rows[id].map { StoredRows.Place(array: 0, row: $0) } }
        try compare(ids, of: manifest, with: known, in: container)
    }

    /// Finds the samples of a file that has a group for each, by the groups' names.
    ///
    /// - Returns: whether there is such a file, and none that has the modality as one array.
    /// - Throws: `DatasetFault` where the manifest has no ids, or no group is among them.
    ///
    /// - Parameters:
    ///   - key: the modality, and the name of its array in each group.
    ///   - manifest: the table.
    ///   - containers: the files of the option `path`.
    ///   - layout: which axis holds channels.
    private mutating func matchGroups(
        _ key: ModalityKey, of manifest: Manifest, in containers: [ArrayContainer], layout: Arrays.Layout
    ) throws(DatasetFault) -> Bool {
        guard !containers.contains(where: { $0.has(key.key) }),
            let (container, groups) = containers.lazy.compactMap({ file in SampleGroups(file, keys: [key.key]).map { (file, $0) } }).first
        else { return false }
        guard let ids = manifest.texts("id") else {
            throw DatasetFault(
                option: "manifest", message: "\(manifest.path) has no column 'id', and \(container.path) has a group for each sample",
                expected: "the names of the groups, such as " + groups.names.prefix(3).joined(separator: ", "))
        }
        let known = Set(groups.names)
        for (row, id) in ids.enumerated() {
            guard known.contains(id), let array = try groups.array(id, key: key.key) else {
                places.append(nil)
                continue
            }
            do throws(WeightsFault) {
                places.append(try samples.append(array, layout: layout, modality: name))
            } catch {
                throw DatasetFault(option: "manifest", message: "\(manifest.path):\(manifest.lines[row]): \(error)")
            }
        }
        try compare(ids, of: manifest, with: groups.names, in: container)
        return true
    }

    /// Remarks on the ids that only one of the two sides has, with the first five of them.
    ///
    /// - Throws: `DatasetFault` where they share none.
    ///
    /// - Parameters:
    ///   - ids: those of the table, in the order of its rows.
    ///   - manifest: the table.
    ///   - known: those of the file, in its order.
    ///   - container: the file.
    private mutating func compare(
        _ ids: [String], of manifest: Manifest, with known: [String], in container: ArrayContainer
    ) throws(DatasetFault) {
        let (left, right) = (Set(ids), Set(known))
        let (unknown, unused) = (ids.filter { !right.contains($0) }, known.filter { !left.contains($0) })
        guard unknown.count < ids.count else {
            throw DatasetFault(
                option: "ids", message: "none of the ids of \(manifest.path) is in \(container.path)",
                expected: "ids such as " + known.sorted().prefix(3).joined(separator: ", ") + "; the manifest has "
                    + ids.prefix(3).joined(separator: ", "))
        }
        func examples(_ ids: [String]) -> String { ids.prefix(5).joined(separator: ", ") + (ids.count > 5 ? ", …" : "") }
        if !unknown.isEmpty {
            remarks.append("\(manifest.path): \(unknown.count) of \(ids.count) ids have no '\(name)' in \(container.path) (\(examples(unknown)))")
        }
        if !unused.isEmpty {
            remarks.append("\(container.path): \(unused.count) of \(known.count) ids of '\(name)' are not in \(manifest.path) (\(examples(unused)))")
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
