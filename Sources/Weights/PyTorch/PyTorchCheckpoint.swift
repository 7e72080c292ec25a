import Foundation
import Tensors

/// A PyTorch checkpoint that has been opened and checked: what `torch.save` writes, now (a zip archive) or before
/// PyTorch 1.6 (pickles, one after another).
///
/// Nothing in the file is executed. Values that only Python could make stay opaque, beside the tensors (see ``opaque``); a file of
/// nothing else is refused. Anything may be in the file: every fault is thrown, with the file, the place in it and the reason.
/// Elements stay where they are, in the mapped file, until they are asked for.
package struct PyTorchCheckpoint: Sendable {
    package enum Format: String, Sendable {
        case zip = "PyTorch zip"
        case legacy = "PyTorch legacy"
    }

    /// The file as the caller named it.
    package let path: String
    package let format: Format
    /// The tensors, in the order of the file; names are dotted paths through its dictionaries.
    package let entries: [PyTorchEntry]
    /// The values that are not tensors, as text, by the same kind of name.
    package let values: [(name: String, text: String)]
    /// Values that are not read, by the same kind of name.
    package let opaque: [OpaqueValue]
    /// The dictionaries that hold tensors, by dotted path; "" is the file as a whole.
    package let dictionaries: [String]

    private let storages: [Data]
    private let places: [String: Int]

    /// Opens the file at `path`.
    package init(_ path: String, limits: ReadingLimits = ReadingLimits()) throws(WeightsFault) {
        try self.init(Data(mapping: path), named: path, limits: limits)
    }

    /// Takes the content of a file from memory; `name` stands for the file in messages.
    package init(_ data: Data, named name: String, limits: ReadingLimits = ReadingLimits()) throws(WeightsFault) {
        let loaded: LoadedPickle
        if data.starts(with: [0x50, 0x4b]) {
            format = .zip
            loaded = try LoadedPickle.zip(data, file: name, limits: limits)
        } else if data.first == PickleOpcode.version.rawValue {
            format = .legacy
            loaded = try LoadedPickle.legacy(data, file: name, limits: limits)
        } else {
            throw WeightsFault(
                file: name, offset: 0,
                reason: data.isEmpty
                    ? "the file is empty" : "not a PyTorch checkpoint: neither a zip archive nor a pickle begins here")
        }
        let contents: CheckpointContents
        do {
            contents = try CheckpointContents(of: loaded.value, heap: loaded.heap, limits: limits)
        } catch {
            throw WeightsFault(
                file: name, place: error.name.isEmpty ? loaded.pickleName : "value \(JSONValue.quoted(String(error.name.prefix(200))))",
                reason: error.reason)
        }
        path = name
        values = contents.values
        dictionaries = contents.dictionaries
        opaque = contents.opaque
        storages = loaded.storages
        if contents.tensors.isEmpty, let first = contents.opaque.first {
            throw WeightsFault(
                file: name, place: "value \(JSONValue.quoted(first.name))",
                reason: "the file has no tensors, and this is \(first.kind), which is not read; save tensors alone, with "
                    + "torch.save(model.state_dict(), …)")
        }
        var allowance = limits.repeatedBytes + 2 * loaded.storages.reduce(0) { $0 + $1.count }
        var entries: [PyTorchEntry] = []
        for (tensor, view) in contents.tensors {
            guard view.layout.byteCount <= allowance else {
                throw WeightsFault(
                    file: name, place: "tensor \(JSONValue.quoted(tensor))",
                    reason: "its \(view.layout.byteCount) bytes repeat the storages' more often than is allowed")
            }
            allowance -= view.layout.byteCount
            entries.append(PyTorchEntry(name: tensor, storage: view.storage, layout: view.layout))
        }
        self.entries = entries
        // Names are unique: the contents were checked for that.
        places = Dictionary(entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The names of all tensors, in the order of the file.
    package var names: [String] { entries.map(\.name) }

    /// The description of a tensor, or nil.
    package subscript(name: String) -> PyTorchEntry? { places[name].map { entries[$0] } }

    /// The description of a tensor that has to be there.
    package func entry(_ name: String) throws(WeightsFault) -> PyTorchEntry {
        guard let entry = self[name] else {
            throw WeightsFault(file: path, place: "tensor \(JSONValue.quoted(name))", reason: "the file has no such tensor")
        }
        return entry
    }

    /// The elements of a tensor in row-major order, little-endian, in their own type.
    package func bytes(_ name: String) throws(WeightsFault) -> Data {
        let entry = try entry(name)
        return entry.layout.rowMajor(storages[entry.storage])
    }
}

/// One tensor of a checkpoint.
package struct PyTorchEntry: Hashable, Sendable {
    package let name: String
    let storage: Int
    let layout: StridedLayout

    package var type: ElementType { layout.type }
    /// Extents, first axis first; empty for a scalar.
    package var shape: [Int] { layout.shape }
}

extension PyTorchCheckpoint {
    /// The elements of a tensor as floats, in row-major order; integers only where `convertingIntegers` says so.
    package func floats(_ name: String, convertingIntegers: Bool = false) throws(WeightsFault) -> [Float] {
        let entry = try entry(name)
        guard !entry.type.isInteger || convertingIntegers else {
            throw fault(entry, "has type \(entry.type.rawValue), expected floating point")
        }
        return try bytes(name).withUnsafeBytes { entry.type.floats(in: $0) }
    }

    /// A tensor of the file as a `Tensor`; see `floats(_:convertingIntegers:)` for the types.
    package func tensor(_ name: String, convertingIntegers: Bool = false) throws(WeightsFault) -> Tensor {
        let entry = try entry(name)
        guard entry.shape.count <= Shape.maximumRank, entry.shape.allSatisfy({ $0 <= Int32.max }) else {
            throw fault(entry, "its shape is beyond \(Shape.maximumRank) axes of \(Int32.max) elements")
        }
        return Tensor(try floats(name, convertingIntegers: convertingIntegers), shape: Shape(entry.shape))
    }

    private func fault(_ entry: PyTorchEntry, _ reason: String) -> WeightsFault {
        WeightsFault(file: path, place: "tensor \(JSONValue.quoted(entry.name))", reason: reason)
    }
}
