import Configuration
import Weights

/// The rows of a user's data set: what is known of each, and where its inputs lie.
struct RowTable: Sendable {
    private(set) var modalities: [ArrayModality] = []
    private(set) var labels = RowValues.integers([])
    private(set) var domains = RowValues.integers([])
    private(set) var groups: [Int]?
    private(set) var positions: [Int]?
    private(set) var split: [SplitName]?
    /// From the metadata of the first file, or the files' own names where every file is a domain.
    private(set) var domainNames: [String] = []
    private(set) var classNames: [String] = []
    /// What was left out, and why.
    var remarks: [String] = []

    private var firstPath: String?
    private var lastPath: String?

    var count: Int { labels.count }

    // MARK: - Rows of arrays

    /// The rows of several files, one after another.
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
        if let split, split.count != count {
            throw DatasetFault(option: "path", message: "some files are divided into train and test parts, and others are not")
        }
    }

    /// Joins the rows of one more file, or of a part of one.
    private mutating func append(
        _ container: ArrayContainer, prefix: String, keys: [ModalityKey], options: Arrays.Options
    ) throws(DatasetFault) {
        let path = container.path
        var added: [ArrayModality] = []
        for key in keys {
            added.append(
                try ArrayModality(key.name, try container.array(prefix + key.key, option: "modalities"), layout: options.layout))
        }
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
            try container.values(prefix + key, option: option, rows: rows)
        }
        let isFirst = firstPath == nil
        labels = isFirst ? try values(options.labels, "labels") : labels.joined(try values(options.labels, "labels"))
        if isFirst { classNames = container.names("classes") }
        if let key = options.domains {
            domains = isFirst ? try values(key, "domains") : domains.joined(try values(key, "domains"))
            if isFirst { domainNames = container.names("domains") }
        } else {
            // The parts of one file are one domain.
            if lastPath != path { domainNames.append(container.name) }
            domains = domains.joined(.integers(Array(repeating: domainNames.count - 1, count: rows)))
        }
        if let key = options.groups {
            // Recording 0 of one file is not recording 0 of another.
            let start = (groups?.max() ?? -1) + 1
            groups = (groups ?? []) + (try values(key, "groups")).numbered(from: start)
        }
        if let key = options.positions { positions = (positions ?? []) + (try integers(values(key, "positions"), "positions", path)) }
        if let key = options.split {
            split = (split ?? []) + (try SplitNames.names(of: try values(key, "split"), in: path, option: "split"))
        }
        firstPath = firstPath ?? path
        lastPath = path
    }

    private func integers(_ values: RowValues, _ option: String, _ path: String) throws(DatasetFault) -> [Int] {
        guard case .integers(let integers) = values.asNumbersWherePossible else {
            throw DatasetFault(option: option, message: "\(path): the positions are names", expected: "whole numbers")
        }
        return integers
    }

    // MARK: - Rows of a manifest

    /// The rows of a manifest, whose modality columns hold paths or rows of the arrays of `path`.
    init(_ manifest: Manifest, keys: [ModalityKey], options: Arrays.Options) throws(DatasetFault) {
        let containers = options.path.isEmpty ? [] : try ArrayContainer.open(options.path)
        var missing: [Int: String] = [:]
        var sources: [ManifestModality] = []
        for key in keys {
            let source = try ManifestModality(key, of: manifest, in: containers, options: options)
            for row in source.places.indices where source.places[row] == nil && missing[row] == nil { missing[row] = key.name }
            sources.append(source)
        }
        let kept = (0..<manifest.count).filter { missing[$0] == nil }
        if let first = missing.min(by: { $0.key < $1.key }) {
            let text =
                "\(manifest.path): \(missing.count) of \(manifest.count) rows lack a modality, the first in line "
                + "\(manifest.lines[first.key]) (\(first.value))"
            guard options.missing == .leaveOut, !kept.isEmpty else {
                throw DatasetFault(option: "missing", message: text, expected: "every modality in every row, or missing: leave-out")
            }
            remarks.append(text + "; they are left out")
        }
        for source in sources { modalities.append(try source.modality(rows: kept, layout: options.layout)) }
        labels = try manifest.values("label", option: "labels").keeping(kept)
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

    // MARK: - Labels

    /// Leaves out the rows without a label, or refuses them; returns what there is to say.
    mutating func leaveOutUnlabeled(_ rule: Arrays.Incomplete) throws(DatasetFault) -> [String] {
        let labels = labels
        let missing = (0..<count).filter { labels.isMissing($0) }
        guard let first = missing.first else { return [] }
        let some = missing.prefix(5).map(String.init).joined(separator: ", ") + (missing.count > 5 ? ", …" : "")
        let text = "\(missing.count) of \(count) rows have no label (-1 or empty; rows \(some))"
        guard rule == .leaveOut else {
            throw DatasetFault(
                option: "labels", message: "\(text), the first is row \(first)", expected: "a label for every row, or unlabeled: leave-out")
        }
        keep((0..<count).filter { !labels.isMissing($0) })
        return ["\(text); they are left out"]
    }

    private mutating func keep(_ rows: [Int]) {
        modalities = modalities.map { $0.keeping(rows) }
        labels = labels.keeping(rows)
        domains = domains.keeping(rows)
        groups = groups.map { values in rows.map { values[$0] } }
        positions = positions.map { values in rows.map { values[$0] } }
        split = split.map { values in rows.map { values[$0] } }
    }
}
