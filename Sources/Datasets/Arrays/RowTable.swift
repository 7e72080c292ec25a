import Configuration
import Weights

/// The rows of a user's data set before anything is read of their inputs: what is known of each row,
/// and where its inputs are stored.
///
/// It is made from files of arrays or from a manifest; then rows that lack a modality or a label are
/// left out, or refused.
///
/// No input is read here: only shapes, and whatever says which rows and steps are real.
struct RowTable: Sendable {
    /// One entry for each modality, in the order of the option.
    private(set) var modalities: [ArrayModality] = []
    /// What is learned of each row, not yet as indices of classes.
    private(set) var targets = RowTargets.classes(.integers([]))
    /// The domain of each row, as the files name it.
    private(set) var domains = RowValues.integers([])
    /// Numbers of groups, different for the groups of different files.
    private(set) var groups: [Int]?
    /// The place in time of each row within its group.
    private(set) var positions: [Int]?
    /// The part of the prescribed split of each row.
    private(set) var split: [SplitName]?
    /// From the metadata of the first file, or the names of the files where every file is a domain.
    private(set) var domainNames: [String] = []
    /// Names of classes, labels or values.
    private(set) var targetNames: [String] = []
    /// What was left out, and why.
    var remarks: [String] = []
    /// What cannot be read, each with file and line, where it was to be listed and not to end the reading.
    private(set) var faults: [String] = []

    /// The manifest, and the line of every row in it; nil without a manifest.
    private var table: (path: String, lines: [Int])?
    /// The number of real steps of each row, by modality, where an array or a column says it.
    private var lengths: [String: [Int]] = [:]
    /// 1 for each row that has a modality and 0 for one that lacks it, by modality, where an array or a column says it.
    private var present: [String: [Int]] = [:]

    /// The first file; its metadata name classes and domains.
    private var firstPath: String?
    /// The file of the latest rows: the parts of one file are one domain.
    private var lastPath: String?

    /// The number of rows.
    var count: Int { targets.count }

    // MARK: - Rows of arrays

    /// The rows of several files, one after another; a file of train, valid and test parts gives the
    /// rows of each part in turn.
    ///
    /// - Throws: `DatasetFault` where an array is missing or does not fit the others, or where only
    ///   some of the files have parts.
    ///
    /// - Parameters:
    ///   - containers: the files, in the order of the option `path`; at least one.
    ///   - keys: the modalities with the keys of their arrays.
    ///   - options: keys of labels, domains, groups, positions, split and lengths.
    init(joining containers: [ArrayContainer], keys: [ModalityKey], options: Arrays.Options) throws(DatasetFault) {
        for container in containers {
            let parts = container.parts(with: keys.map(\.key))
            if parts.isEmpty { try append(container, prefix: "", keys: keys, options: options) }
            for part in parts {
                let before = count
                try append(container, prefix: part.prefix, keys: keys, options: options)
                if options.split == nil { split = (split ?? []) + Array(repeating: part.split, count: count - before) }
            }
        }
        try takeLengths(options, keys: keys)
        try takePresent()
        if let split, split.count != count {
            throw DatasetFault(option: "path", message: "some files are divided into train and test parts, and others are not")
        }
    }

    /// Appends the rows of one more file, or of a part of one.
    ///
    /// - Parameter prefix: what stands before the keys of a part, such as `train.`; empty for a whole
    ///   file.
    ///
    /// - Throws: `DatasetFault` where an array is missing, modalities differ in their rows, or shapes
    ///   differ from those of the files before.
    private mutating func append(
        _ container: ArrayContainer, prefix: String, keys: [ModalityKey], options: Arrays.Options
    ) throws(DatasetFault) {
        let path = container.path
        let samples = prefix.isEmpty ? SampleGroups(container, keys: keys.map(\.key)) : nil
        var added: [ArrayModality] = []
        for key in keys {
            if let samples {
                added.append(try samples.modality(key, layout: options.layout))
            } else {
                added.append(try ArrayModality(key.name, try container.array(prefix + key.key, option: "modalities"), layout: options.layout))
            }
        }
        if let samples { remarks.append(samples.remark) }
        guard let first = added.first else { return }
        let rows = first.count
        if let other = added.first(where: { $0.count != rows }) {
            throw DatasetFault(
                option: "modalities",
                message: "\(path): '\(other.name)' has \(other.count) rows, '\(first.name)' has \(rows)",
                expected: "the same rows in every modality")
        }
        if modalities.isEmpty {
            modalities = added
        } else {
            for (index, array) in added.enumerated() { modalities[index] = try modalities[index].joined(array) }
        }
        func values(_ key: String, _ option: String) throws(DatasetFault) -> RowValues {
            if let samples { return try samples.values(key, option: option) }
            return try container.values(prefix + key, option: option, rows: rows)
        }
        let isFirst = firstPath == nil
        let own =
            if let samples { try samples.targets(options.labels, kind: options.targets) } else {
                try container.targets(prefix + options.labels, kind: options.targets, rows: rows)
            }
        targets = try isFirst ? own : targets.joined(own, in: path)
        if isFirst { targetNames = container.names(options.targets.rawValue) }
        if let key = options.domains {
            domains = isFirst ? try values(key, "domains") : domains.joined(try values(key, "domains"))
            if isFirst { domainNames = container.names("domains") }
        } else {
            // The parts of one file are one domain.
            if lastPath != path { domainNames.append(container.name) }
            domains = domains.joined(.integers(Array(repeating: domainNames.count - 1, count: rows)))
        }
        if let key = options.groups {
            // Group 0 of one file is not group 0 of another.
            let start = (groups?.max() ?? -1) + 1
            groups = (groups ?? []) + (try values(key, "groups")).numbered(from: start)
        }
        if let key = options.positions { positions = (positions ?? []) + (try integers(values(key, "positions"), "positions", path)) }
        if let key = options.split {
            split = (split ?? []) + (try SplitNames.names(of: try values(key, "split"), in: path, option: "split"))
        }
        for case (let name, .key(let key)) in try LengthsSource.parse(options.lengths, of: keys) {
            lengths[name, default: []] += try integers(values(key, "lengths"), "lengths", path)
        }
        for (name, key) in try Self.presentKeys(options, of: keys) {
            present[name, default: []] += try integers(values(key, "present"), "present", path)
        }
        firstPath = firstPath ?? path
        lastPath = path
    }

    /// Tells the modalities the lengths of their sequences, where the option `lengths` says where these
    /// are.
    ///
    /// - Throws: `DatasetFault` where a length does not fit its sequence.
    private mutating func takeLengths(_ options: Arrays.Options, keys: [ModalityKey]) throws(DatasetFault) {
        let sources = try LengthsSource.parse(options.lengths, of: keys)
        for index in modalities.indices {
            switch sources[modalities[index].name] {
            case nil: break
            case .key: try modalities[index].take(lengths: lengths[modalities[index].name] ?? [])
            case .padding: try modalities[index].takeLengthsFromPadding()
            }
        }
    }

    /// The option `present` by modality.
    private static func presentKeys(_ options: Arrays.Options, of keys: [ModalityKey]) throws(DatasetFault) -> [String: String] {
        try ModalityKey.assigned(options.present, to: keys, option: "present", expected: "modality=key")
    }

    /// Tells the modalities which rows lack them, where the option `present` says where this stands.
    ///
    /// - Throws: `DatasetFault` with the first number that is neither 0 nor 1.
    private mutating func takePresent() throws(DatasetFault) {
        for index in modalities.indices {
            guard let present = present[modalities[index].name] else { continue }
            if let row = present.firstIndex(where: { $0 != 0 && $0 != 1 }) {
                let place = table.map { "line \($0.lines[row])" } ?? "row \(row)"
                throw DatasetFault(
                    option: "present", message: "\(place) holds \(present[row]) for '\(modalities[index].name)'", expected: "1 where it is there, 0 where not")
            }
            modalities[index].lack(except: present.map { $0 == 1 })
        }
    }

    /// The values as numbers.
    ///
    /// - Throws: `DatasetFault` where some are names.
    ///
    /// - Parameters:
    ///   - option: what the values are, for the message.
    ///   - path: the file, for the message.
    private func integers(_ values: RowValues, _ option: String, _ path: String) throws(DatasetFault) -> [Int] {
        guard case .integers(let integers) = values.asNumbersWherePossible else {
            throw DatasetFault(option: option, message: "\(path): the \(option) are names", expected: "whole numbers")
        }
        return integers
    }

    // MARK: - Rows of a manifest

    /// The rows of a manifest, whose modality columns hold paths or rows of the arrays of `path`.
    ///
    /// A row without any modality is not a sample: it is left out with a remark, or refused where
    /// `on-missing` is `stop`. Without a column `domain` all rows are in one domain, `all`.
    ///
    /// - Throws: `DatasetFault` with the file and line of what is wrong.
    ///
    /// - Parameters:
    ///   - manifest: the table.
    ///   - keys: the modalities with the columns or arrays of their samples.
    ///   - options: `path` names the files of arrays that columns and ids refer to.
    ///   - listingFaults: whether samples that cannot be read are listed in ``faults`` and missing, so that the rest can be looked at.
    init(_ manifest: Manifest, keys: [ModalityKey], options: Arrays.Options, listingFaults: Bool = false) throws(DatasetFault) {
        let containers = options.path.isEmpty ? [] : try ArrayContainer.open(options.path, links: options.links)
        var sources: [ManifestModality] = []
        for key in keys { sources.append(try ManifestModality(key, of: manifest, in: containers, options: options)) }
        faults = sources.flatMap(\.faults)
        remarks = sources.flatMap(\.remarks)
        // Where not one sample of a modality can be read there is no rest to be looked at.
        guard faults.isEmpty || listingFaults && sources.allSatisfy({ $0.places.contains { $0 != nil } }) else {
            let more = faults.count > Self.namedFaults ? "; and \(faults.count - Self.namedFaults) more" : ""
            throw DatasetFault(option: "manifest", message: faults.prefix(Self.namedFaults).joined(separator: "; ") + more)
        }
        // A row may lack a modality; one that lacks all of them is not a sample.
        let kept = (0..<manifest.count).filter { row in sources.contains { $0.places[row] != nil } }
        if kept.count < manifest.count {
            if options.onMissing == .stop, let first = (0..<manifest.count).first(where: { row in sources.allSatisfy { $0.places[row] == nil } }) {
                throw DatasetFault(
                    option: "on-missing", message: "\(manifest.path):\(manifest.lines[first]): the row has no modality at all",
                    expected: "one or more in every row, or on-missing: keep or skip")
            }
            remarks.append("\(manifest.path): \(manifest.count - kept.count) of \(manifest.count) rows have no modality at all; they are left out")
        }
        for source in sources { modalities.append(try source.modality(rows: kept, layout: options.layout)) }
        table = (manifest.path, kept.map { manifest.lines[$0] })
        for case (let name, .key(let key)) in try LengthsSource.parse(options.lengths, of: keys) {
            lengths[name] = try manifest.counts(key, rows: kept, option: "lengths", what: "a number of steps")
        }
        for (name, key) in try Self.presentKeys(options, of: keys) {
            present[name] = try manifest.counts(key, rows: kept, option: "present", what: "1 or 0")
        }
        try takeLengths(options, keys: keys)
        try takePresent()
        let (found, names) = try manifest.targets(options.targets, names: options.classNames, option: "labels")
        (targets, targetNames) = (found.keeping(kept), names)
        if let texts = manifest.texts("domain") {
            if let row = kept.first(where: { texts[$0].isEmpty }) {
                throw DatasetFault(option: "domains", message: "\(manifest.path):\(manifest.lines[row]): the domain is empty", expected: "a name or a number")
            }
            domains = try manifest.values("domain", option: "domains").keeping(kept)
        } else {
            guard options.domains == nil else {
                throw DatasetFault(option: "domains", message: "\(manifest.path) has no column 'domain'", expected: "one, or domains: null")
            }
            domains = .integers(kept.map { _ in 0 })
            domainNames = ["all"]
        }
        if manifest.has("group") { groups = try manifest.values("group", option: "groups").keeping(kept).numbered() }
        if manifest.has("position") {
            positions = try integers(manifest.values("position", option: "positions").keeping(kept), "positions", manifest.path)
        }
        if manifest.has("split") {
            split = try SplitNames.names(of: manifest.values("split", option: "split").keeping(kept), in: manifest.path, option: "split")
        }
        remarks += manifest.remarks
    }

    /// How many samples that cannot be read are named at a time.
    private static let namedFaults = 5

    // MARK: - Missing modalities

    /// Leaves out rows that lack a modality, refuses them, or keeps those that have another one, and
    /// remarks on it.
    ///
    /// - Throws: `DatasetFault` where the rule is `stop` and a row lacks a modality.
    ///
    /// - Parameter rule: `keep` leaves out only rows that lack every modality, `skip` every row that
    ///   lacks one, `stop` refuses the first such row with its place.
    mutating func leaveOutMissing(_ rule: Arrays.OnMissing) throws(DatasetFault) {
        let all = Array(0..<count)
        var lacking: [(modality: String, rows: Set<Int>)] = []
        // Rows that stay need not be read now to find those that are all padding.
        for modality in modalities where rule != .keep || modality.knowsPresence {
            guard let there = try modality.presence(all).samples else { continue }
            lacking.append((modality.name, Set(all.filter { !there[$0] })))
        }
        guard let first = lacking.flatMap({ lack in lack.rows.map { (row: $0, modality: lack.modality) } }).min(by: { $0.row < $1.row }) else { return }
        let rows = lacking.reduce(into: Set<Int>()) { $0.formUnion($1.rows) }
        let place = table.map { "in line \($0.lines[first.row])" } ?? "row \(first.row)"
        let text = (table.map { "\($0.path): " } ?? "") + "\(rows.count) of \(count) rows lack a modality, the first \(place) (\(first.modality))"
        switch rule {
        case .stop: throw DatasetFault(option: "on-missing", message: text, expected: "every modality in every row, or on-missing: keep or skip")
        case .skip:
            keep(all.filter { !rows.contains($0) })
            remarks.append("\(text); they are left out")
        case .keep:
            let empty = all.filter { row in lacking.count == modalities.count && lacking.allSatisfy { $0.rows.contains(row) } }
            remarks.append("\(text): " + lacking.map { "\($0.modality) in \($0.rows.count)" }.joined(separator: ", "))
            guard !empty.isEmpty else { return }
            keep(all.filter { row in !lacking.allSatisfy { $0.rows.contains(row) } })
            remarks.append("\(empty.count) rows have no modality at all; they are left out")
        }
    }

    // MARK: - Windows

    /// Where the windows of the rows lie.
    ///
    /// - Parameters:
    ///   - windows: how rows are cut.
    ///   - rule: `skip` leaves out rows that are shorter than a window; else they are refused.
    /// - Throws: `DatasetFault` with the row, or its line, that cannot be cut.
    func places(of windows: RowWindows, onMissing rule: Arrays.OnMissing) throws(DatasetFault) -> RowWindows.Places {
        try windows.places(in: modalities, skipsShort: rule == .skip) { row in
            table.map { "\($0.path):\($0.lines[row])" } ?? "row \(row)"
        }
    }

    // MARK: - Labels

    /// Refuses rows of classes with negative numbers other than −1, or lists them among the ``faults`` and leaves them out.
    ///
    /// - Parameter listing: whether they are listed.
    /// - Throws: `DatasetFault` with the first of them, by its line or its row.
    mutating func refuseNegativeClasses(listing: Bool) throws(DatasetFault) {
        let table = table
        guard let (rows, text) = targets.negativeClasses(naming: { row in table.map { "line \($0.lines[row])" } ?? "row \(row)" }) else { return }
        let fault = DatasetFault(option: "labels", message: "\(table?.path ?? firstPath ?? ""): \(text)", expected: RowTargets.classRule)
        guard listing else { throw fault }
        faults.append("\(fault)")
        let left = Set(rows)
        keep((0..<count).filter { !left.contains($0) })
    }

    /// Leaves out rows without a label, or refuses them.
    ///
    /// - Returns: the number of rows without one and the first five, as a sentence begins; nil where every row has a
    ///   label.
    /// - Throws: `DatasetFault` where the rule is `refuse` and a row has none.
    ///
    /// - Parameter rule: whether rows without a label are left out or refused.
    mutating func leaveOutUnlabeled(_ rule: Arrays.Incomplete) throws(DatasetFault) -> String? {
        let targets = targets
        let missing = (0..<count).filter { targets.isMissing($0) }
        guard let first = missing.first else { return nil }
        let some = missing.prefix(5).map { String(table?.lines[$0] ?? $0) }.joined(separator: ", ") + (missing.count > 5 ? ", …" : "")
        let text =
            (table.map { "\($0.path): " } ?? "")
            + "\(missing.count) of \(count) rows have no label (-1, NaN or empty; \(table == nil ? "rows" : "lines") \(some))"
        guard rule == .leaveOut else {
            throw DatasetFault(
                option: "labels", message: text + (table == nil ? ", the first is row \(first)" : ""),
                expected: "a label for every row, or unlabeled: leave-out")
        }
        keep((0..<count).filter { !targets.isMissing($0) })
        return text
    }

    /// Keeps only some of the rows, in this order.
    ///
    /// - Parameter rows: positions in the table so far.
    private mutating func keep(_ rows: [Int]) {
        modalities = modalities.map { $0.keeping(rows) }
        table = table.map { table in (table.path, rows.map { table.lines[$0] }) }
        targets = targets.keeping(rows)
        domains = domains.keeping(rows)
        groups = groups.map { values in rows.map { values[$0] } }
        positions = positions.map { values in rows.map { values[$0] } }
        split = split.map { values in rows.map { values[$0] } }
    }
}
