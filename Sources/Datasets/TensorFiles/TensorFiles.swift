import Configuration
import Tensors
import Weights

/// A user's own data in safetensors files: arrays of any shape for every modality, labels and domains.
///
/// Every tensor has one row a sample. Inputs may be F32, F16, BF16, F64 or integers; all values must be finite. Labels
/// and domains are whole numbers: with names given they count from 0 into them, else the distinct values in ascending
/// order are the classes and domains, named by their numbers. Pre-extracted features are the same with vectors as samples.
public struct TensorFiles: DatasetPlugin {
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "tensors",
            summary: "your own safetensors file(s): arrays of any shape for every modality, labels, domains; features too",
            options: Options.descriptions,
            notes: [
                "every tensor has one row a sample; rows of several files are joined in the order of the list, or by name in a folder",
                "write such a file from Python with safetensors.numpy.save_file({'video': …, 'labels': …, 'domains': …}, path)",
                "everything is held in memory as 32-bit floats",
            ])
    }

    public let facts: DatasetFacts
    public let labels: [Int]
    public let domains: [Int]
    public let groups: [Int]?
    public let positions: [Int]?
    public let split: [SplitName]?

    private let arrays: [ModalityArray]

    /// - Throws: `DatasetFault` with file, key, shape and the nearest key.
    public init(options: Options) throws(DatasetFault) {
        let keys = try ModalityKey.parse(options.modalities)
        var rows = TensorRows()
        for path in try TensorSource.paths(options.path) {
            try rows.append(try TensorSource(path), keys: keys, options: options)
        }
        arrays = rows.arrays
        positions = rows.positions
        groups = rows.groups
        split = rows.split
        let classes = try Categories(
            rows.labels, names: options.classNames.isEmpty ? rows.classNames : options.classNames, what: "class", option: "labels")
        let domains = try Categories(
            rows.domains, names: options.domainNames.isEmpty ? rows.domainNames : options.domainNames, what: "domain",
            option: "domains")
        labels = classes.indices
        self.domains = domains.indices
        facts = DatasetFacts(arrays, domains: domains.names, classes: classes.names, domainOfRow: domains.indices)
    }

    public func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        guard let inputs = arrays.inputs(rows, modality: modality) else { throw unknownModality(modality) }
        return inputs
    }
}

/// A modality's name and the key of its tensor.
struct ModalityKey: Hashable, Sendable {
    let name: String
    let key: String

    /// From the option `modalities`: `name` or `name=key` each.
    static func parse(_ texts: [String]) throws(DatasetFault) -> [ModalityKey] {
        guard !texts.isEmpty else {
            throw DatasetFault(option: "modalities", message: "option modalities: found none", expected: "at least one name")
        }
        var result: [ModalityKey] = []
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let name = parts.first, let key = parts.last, !name.isEmpty, !key.isEmpty else {
                throw DatasetFault(
                    option: "modalities", message: "option modalities: found '\(text)'", expected: "name or name=tensor")
            }
            guard !result.contains(where: { $0.name == name }) else {
                throw DatasetFault(option: "modalities", message: "option modalities: '\(name)' is there twice")
            }
            result.append(ModalityKey(name: name, key: key))
        }
        return result
    }
}

/// Numbers in a file as indices into names.
struct Categories {
    let names: [String]
    let indices: [Int]

    /// - Parameter names: given names, counted from 0; empty to take the distinct values in ascending order.
    init(_ values: [Int], names: [String], what: String, option: String) throws(DatasetFault) {
        if names.isEmpty {
            let distinct = Set(values).sorted()
            let places = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, $0) })
            self.names = distinct.map(String.init)
            indices = values.compactMap { places[$0] }
            return
        }
        if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) {
            throw DatasetFault(option: "\(what)-names", message: "the \(what) name '\(twice)' is there twice")
        }
        if let row = values.firstIndex(where: { !names.indices.contains($0) }) {
            throw DatasetFault(
                option: option, message: "row \(row) has \(what) \(values[row]), but \(names.count) \(what) names are given",
                expected: "0 to \(names.count - 1)")
        }
        self.names = names
        indices = values
    }
}
