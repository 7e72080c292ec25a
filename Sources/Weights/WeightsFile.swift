import Foundation
import Networks
import Persistence
import Tensors

/// A file of named tensors in any of the formats that are read: safetensors, PyTorch's zip and PyTorch's older one.
package struct WeightsFile: Sendable {
    /// One tensor of the file.
    package struct Entry: Hashable, Sendable {
        package let name: String
        package let type: ElementType
        /// Extents, first axis first; empty for a scalar.
        package let shape: [Int]
    }

    private enum Source: Sendable {
        case safetensors(SafetensorsFile)
        case pytorch(PyTorchCheckpoint)
    }

    /// The file as the caller named it.
    package let path: String
    package let entries: [Entry]
    private let source: Source

    /// Opens the file at `path`; its content tells the format, its name does not.
    package init(_ path: String) throws(WeightsFault) {
        try self.init(Data(mapping: path), named: path)
    }

    /// Takes the content of a file from memory; `name` stands for the file in messages.
    package init(_ data: Data, named name: String) throws(WeightsFault) {
        path = name
        if SafetensorsHeader.begins(data) {
            let file = try SafetensorsFile(data, named: name)
            source = .safetensors(file)
            entries = file.entries.map { Entry(name: $0.name, type: $0.type, shape: $0.shape) }
        } else {
            let file = try PyTorchCheckpoint(data, named: name)
            source = .pytorch(file)
            entries = file.entries.map { Entry(name: $0.name, type: $0.type, shape: $0.shape) }
        }
    }

    /// `safetensors`, `PyTorch zip` or `PyTorch legacy`.
    package var format: String {
        switch source {
        case .safetensors: "safetensors"
        case .pytorch(let file): file.format.rawValue
        }
    }

    /// What the file says beside its tensors: the header's metadata, or the values of the checkpoint.
    package var metadata: [(name: String, text: String)] {
        switch source {
        case .safetensors(let file): file.metadata.sorted { $0.key < $1.key }.map { (name: $0.key, text: $0.value) }
        case .pytorch(let file): file.values
        }
    }

    /// Values that are not read: objects of a checkpoint that only Python could make, tensors of types that are not known.
    package var opaque: [OpaqueValue] {
        switch source {
        case .safetensors(let file): file.opaque
        case .pytorch(let file): file.opaque
        }
    }

    /// The dictionaries that hold tensors, by dotted path; "" is the file as a whole.
    package var dictionaries: [String] {
        switch source {
        case .safetensors: [""]
        case .pytorch(let file): file.dictionaries
        }
    }

    /// The elements of a tensor in row-major order, little-endian, in their own type.
    package func bytes(_ name: String) throws(WeightsFault) -> Data {
        switch source {
        case .safetensors(let file): try file.bytes(name)
        case .pytorch(let file): try file.bytes(name)
        }
    }

    /// A tensor of floating-point numbers, or of integers where `convertingIntegers` says so.
    package func tensor(_ name: String, convertingIntegers: Bool = false) throws(WeightsFault) -> Tensor {
        switch source {
        case .safetensors(let file): try file.tensor(name, convertingIntegers: convertingIntegers)
        case .pytorch(let file): try file.tensor(name, convertingIntegers: convertingIntegers)
        }
    }

    /// The tensors that `mapping` takes, under their new names, as a safetensors file.
    package func safetensors(_ mapping: KeyMapping = KeyMapping()) throws(WeightsFault) -> SafetensorsWriter {
        var writer = SafetensorsWriter()
        if case .safetensors(let file) = source { writer.metadata = file.metadata }
        // Libraries in other languages look for this before they assume PyTorch's names and layouts.
        if case .pytorch = source { writer.metadata["format"] = "pt" }
        for (name, entry) in try taken(by: mapping) {
            guard name != "__metadata__" else {
                throw WeightsFault(file: path, reason: "a tensor is called __metadata__, which safetensors reserves")
            }
            writer.add(name, entry.type, shape: entry.shape, bytes: try bytes(entry.name))
        }
        return writer
    }

    /// The entries that `mapping` takes, each with its new name.
    ///
    /// - Throws: where the mapping does not fit the keys, or where a value that is not read stands in a
    ///   dictionary that otherwise holds only tensors: a parameter may be missing there.
    package func taken(by mapping: KeyMapping) throws(WeightsFault) -> [(name: String, entry: Entry)] {
        let names: [String?]
        do throws(KeyMapping.Fault) {
            names = try mapping.names(of: entries.map(\.name))
        } catch {
            throw WeightsFault(file: path, reason: error.reason)
        }
        for value in opaque where value.isAmongTensors && isTaken(value, by: mapping) {
            throw WeightsFault(
                file: path, place: "value \(JSONValue.quoted(value.name))",
                reason: "stands among tensors and is \(value.kind), which is not read; save the tensors alone, with torch.save({k: v for k, v in "
                    + "state.items() if torch.is_tensor(v)}, …), or name another dictionary")
        }
        return zip(names, entries).compactMap { name, entry in name.map { (name: $0, entry: entry) } }
    }

    /// The value that would be the parameter `name` under `mapping`, were it read.
    func unreadable(_ name: String, by mapping: KeyMapping) -> OpaqueValue? {
        let start = (mapping.dictionary.map { $0.isEmpty ? "" : $0 + "." } ?? "")
        let candidates = [start + name, start + (mapping.prefix ?? "") + name]
        return opaque.first { candidates.contains($0.name) }
    }

    private func isTaken(_ value: OpaqueValue, by mapping: KeyMapping) -> Bool {
        guard let dictionary = mapping.dictionary, !dictionary.isEmpty else { return true }
        return value.name.hasPrefix(dictionary + ".")
    }
}

extension WeightsFile {
    /// The tensors for named parameters and buffers, and how they fitted. Nothing is read before the names and shapes are
    /// known to fit.
    ///
    /// - Parameters:
    ///   - expected: the parameters' names and shapes.
    ///   - mapping: how the file's keys become these names.
    ///   - exceptions: see ``LoadReport/check(exceptions:)``; what they name and does not fit is left out.
    /// - Throws: ``StateMismatch``, or ``WeightsFault`` from the file.
    package func state(
        for expected: [(name: String, shape: Shape)], mapping: KeyMapping = KeyMapping(), exceptions: [String] = []
    ) throws -> (tensors: [String: Tensor], report: LoadReport) {
        let taken = try taken(by: mapping)
        let report = LoadReport(
            expected: expected.map { (name: $0.name, shape: $0.shape.dimensions) },
            found: taken.map { (name: $0.name, shape: $0.entry.shape) })
        for (name, _) in expected {
            guard let value = unreadable(name, by: mapping) else { continue }
            throw WeightsFault(
                file: path, place: "value \(JSONValue.quoted(value.name))",
                reason: "is \(value.kind), which is not read, and a parameter needs it; save it as an ordinary tensor, as float32")
        }
        try report.check(exceptions: exceptions)
        let matched = Set(report.matched)
        var tensors: [String: Tensor] = [:]
        for (name, entry) in taken where matched.contains(name) {
            tensors[name] = try tensor(entry.name, convertingIntegers: true)
        }
        return (tensors, report)
    }
}

extension SafetensorsWriter {
    /// Adds every parameter and buffer under its name: floats as F32, counts such as `num_batches_tracked` as I64, as PyTorch keeps them.
    ///
    /// - Parameter prefix: what is put before every name.
    /// - Precondition: the names are new.
    package mutating func add(_ parts: Parts, prefix: String = "") {
        for (name, entry) in parts.contents.entries {
            if case .buffer(let buffer) = entry, buffer.isCount {
                add(prefix + name, buffer.value.values.map { Int($0.rounded()) }, shape: buffer.shape.dimensions)
            } else {
                add(prefix + name, entry.value)
            }
        }
    }
}

/// What is wrong with a file of tensors, arrays or tables: which file, where in it, and why.
package struct WeightsFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as the caller named it.
    package let file: String
    /// A part of the file: a tensor, a record of an archive, a section; nil where the fault is the file's as a whole.
    package let place: String?
    /// The byte at which the fault shows: within the record for a record's content, otherwise in the file; nil where none can be named.
    package let offset: Int?
    package let reason: String
    /// Why the system does not give the file; nil where it does, and what is in it is at fault.
    private var refusal: String?

    package init(file: String, place: String? = nil, offset: Int? = nil, reason: String) {
        self.file = file
        self.place = place
        self.offset = offset
        self.reason = reason
    }

    /// A fault of one tensor.
    package init(file: String, tensor: String, offset: Int? = nil, reason: String) {
        self.init(file: file, place: "tensor \(JSONValue.quoted(tensor))", offset: offset, reason: reason)
    }

    /// A file that cannot be opened or read.
    init(_ fault: FileFault) {
        self.init(file: fault.path, reason: "cannot \(fault.action): \(fault.reason)")
        refusal = fault.reason
    }

    init(file: String, _ fault: ZipFault) {
        self.init(file: file, place: fault.entry, offset: fault.offset, reason: fault.reason)
    }

    package var description: String { "\(file): \(text)" }

    /// The file and why it cannot be read, for a message that has said so already.
    package var cause: String { "\(file): \(refusal ?? text)" }

    /// The fault without its file, for a message that has named that already.
    package var text: String { [place, offset.map { "byte \($0)" }, reason].compactMap { $0 }.joined(separator: ": ") }
}

extension Data {
    /// The content of a file, mapped into memory and read when it is touched.
    init(mapping path: String) throws(WeightsFault) {
        do throws(FileFault) { self = try FileContents.mapped(path) } catch { throw WeightsFault(error) }
    }
}
