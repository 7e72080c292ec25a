import Configuration

/// The rows of several files, joined.
struct TensorRows {
    private(set) var arrays: [ModalityArray] = []
    private(set) var labels: [Int] = []
    private(set) var domains: [Int] = []
    private(set) var groups: [Int]?
    private(set) var positions: [Int]?
    private(set) var split: [SplitName]?
    /// From the metadata of the first file, or the files' own names where every file is a domain.
    private(set) var domainNames: [String] = []
    private(set) var classNames: [String] = []

    private var firstPath: String?

    /// Joins the rows of one more file.
    mutating func append(
        _ source: TensorSource, keys: [ModalityKey], options: TensorFiles.Options
    ) throws(DatasetFault) {
        let path = source.file.path
        var added: [ModalityArray] = []
        for key in keys { added.append(try source.array(key, layout: options.layout)) }
        guard let first = added.first else { return }
        let rows = first.count
        if let other = added.first(where: { $0.count != rows }) {
            throw DatasetFault(
                option: "modalities",
                message: "\(path): '\(other.name)' has \(other.count) rows, '\(first.name)' has \(rows)",
                expected: "the same rows in every modality")
        }
        try join(added, from: path)
        labels += try source.integers(options.labels, option: "labels", rows: rows)
        if firstPath == nil { classNames = source.names("classes") }
        if let key = options.domains {
            domains += try source.integers(key, option: "domains", rows: rows)
            if firstPath == nil { domainNames = source.names("domains") }
        } else {
            domains += Array(repeating: domainNames.count, count: rows)
            domainNames.append(source.name)
        }
        if let key = options.groups {
            groups = (groups ?? []) + distinct(try source.integers(key, option: "groups", rows: rows))
        }
        if let key = options.positions {
            positions = (positions ?? []) + (try source.integers(key, option: "positions", rows: rows))
        }
        if let key = options.split {
            split = (split ?? []) + (try names(of: try source.integers(key, option: "split", rows: rows), in: path))
        }
        firstPath = firstPath ?? path
    }

    private mutating func join(_ added: [ModalityArray], from path: String) throws(DatasetFault) {
        guard let firstPath else {
            arrays = added
            return
        }
        for (index, array) in added.enumerated() {
            guard array.sampleShape == arrays[index].sampleShape else {
                func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
                throw DatasetFault(
                    option: "modalities",
                    message: "samples of '\(array.name)' have shape \(text(array.sampleShape)) in \(path), but "
                        + "\(text(arrays[index].sampleShape)) in \(firstPath)",
                    expected: "one shape in all files")
            }
            arrays[index].values += array.values
        }
    }

    /// Groups of one file as numbers that no earlier file has: recording 0 here is not recording 0 there.
    private func distinct(_ values: [Int]) -> [Int] {
        let start = (groups?.max() ?? -1) + 1
        let places = Dictionary(uniqueKeysWithValues: Set(values).sorted().enumerated().map { ($1, start + $0) })
        return values.compactMap { places[$0] }
    }

    private func names(of values: [Int], in path: String) throws(DatasetFault) -> [SplitName] {
        let names: [SplitName] = [.train, .validation, .test]
        if let row = values.firstIndex(where: { !names.indices.contains($0) }) {
            throw DatasetFault(
                option: "split", message: "\(path): row \(row) has split \(values[row])",
                expected: "0 train, 1 validation or 2 test")
        }
        return values.map { names[$0] }
    }
}
