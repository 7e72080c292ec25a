import Foundation
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

    /// What is wrong with a file, in words that name the file and the place.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// The file as the caller named it.
    package let path: String
    package let entries: [Entry]
    private let source: Source

    /// Opens the file at `path`; its content tells the format, its name does not.
    package init(_ path: String) throws(Fault) {
        let data: Data
        do {
            data = try FileContents.mapped(path)
        } catch {
            throw Fault(description: "\(path): cannot \(error.action): \(error.reason)")
        }
        try self.init(data, named: path)
    }

    /// Takes the content of a file from memory; `name` stands for the file in messages.
    package init(_ data: Data, named name: String) throws(Fault) {
        path = name
        // The header's length, which is below 2³², and the brace that begins it: no archive or pickle has these.
        let isSafetensors = data.littleEndian(UInt32.self, at: 4) == 0 && data.littleEndian(UInt8.self, at: 8) == UInt8(ascii: "{")
        do {
            if isSafetensors {
                let file = try SafetensorsFile(data, named: name)
                source = .safetensors(file)
                entries = file.entries.map { Entry(name: $0.name, type: $0.type, shape: $0.shape) }
            } else {
                let file = try PyTorchCheckpoint(data, named: name)
                source = .pytorch(file)
                entries = file.entries.map { Entry(name: $0.name, type: $0.type, shape: $0.shape) }
            }
        } catch let error as SafetensorsFault {
            throw Fault(description: error.description)
        } catch let error as PyTorchFault {
            throw Fault(description: error.description)
        } catch {
            throw Fault(description: "\(name): \(error)")
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

    /// The dictionaries that hold tensors, by dotted path; "" is the file as a whole.
    package var dictionaries: [String] {
        switch source {
        case .safetensors: [""]
        case .pytorch(let file): file.dictionaries
        }
    }

    /// The elements of a tensor in row-major order, little-endian, in their own type.
    package func bytes(_ name: String) throws(Fault) -> Data {
        do {
            switch source {
            case .safetensors(let file): return try file.bytes(name)
            case .pytorch(let file): return try file.bytes(name)
            }
        } catch {
            throw Fault(description: "\(error)")
        }
    }

    /// A tensor of floating-point numbers, or of integers where `convertingIntegers` says so.
    package func tensor(_ name: String, convertingIntegers: Bool = false) throws(Fault) -> Tensor {
        do {
            switch source {
            case .safetensors(let file): return try file.tensor(name, convertingIntegers: convertingIntegers)
            case .pytorch(let file): return try file.tensor(name, convertingIntegers: convertingIntegers)
            }
        } catch {
            throw Fault(description: "\(error)")
        }
    }

    /// The tensors that `mapping` takes, under their new names, as a safetensors file.
    package func safetensors(_ mapping: KeyMapping = KeyMapping()) throws(Fault) -> SafetensorsWriter {
        var writer = SafetensorsWriter()
        if case .safetensors(let file) = source { writer.metadata = file.metadata }
        // What libraries of other languages look for before they take names and layouts to be PyTorch's.
        if case .pytorch = source { writer.metadata["format"] = "pt" }
        for (name, entry) in try taken(by: mapping) {
            guard name != "__metadata__" else {
                throw Fault(description: "\(path): a tensor is called __metadata__, which safetensors reserves")
            }
            writer.add(name, entry.type, shape: entry.shape, bytes: try bytes(entry.name))
        }
        return writer
    }

    /// The entries that `mapping` takes, each with its new name.
    package func taken(by mapping: KeyMapping) throws(Fault) -> [(name: String, entry: Entry)] {
        do {
            let names = try mapping.names(of: entries.map(\.name))
            return zip(names, entries).compactMap { name, entry in name.map { (name: $0, entry: entry) } }
        } catch {
            throw Fault(description: "\(path): \(error.reason)")
        }
    }
}
