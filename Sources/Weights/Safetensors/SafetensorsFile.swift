import Foundation
import Tensors

/// A safetensors file that has been opened and checked.
///
/// Opening reads the header only; elements are converted when they are asked for. Anything may be in the file:
/// every fault is thrown, with the file, the tensor and the byte.
package struct SafetensorsFile: Sendable {
    /// The file as the caller named it.
    package let path: String
    /// Free text from the header's `__metadata__`.
    package let metadata: [String: String]
    /// The tensors, in the order of their bytes.
    package let entries: [SafetensorsEntry]
    /// Tensors of types that are not known; they are not among the entries.
    package let opaque: [OpaqueValue]

    private let places: [String: Int]
    private let data: Data

    /// Opens the file at `path` without reading the tensors.
    package init(_ path: String) throws(WeightsFault) {
        try self.init(Data(mapping: path), named: path)
    }

    /// Takes the content of a file from memory; `name` stands for the file in messages.
    package init(_ data: Data, named name: String) throws(WeightsFault) {
        let header = try SafetensorsHeader(of: data, file: name)
        path = name
        metadata = header.metadata
        entries = header.entries
        opaque = header.opaque
        places = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
        self.data = data
    }

    /// The names of all tensors, in the order of their bytes.
    package var names: [String] { entries.map(\.name) }

    /// The description of a tensor, or nil.
    package subscript(name: String) -> SafetensorsEntry? {
        places[name].map { entries[$0] }
    }

    /// The description of a tensor that has to be there.
    package func entry(_ name: String) throws(WeightsFault) -> SafetensorsEntry {
        guard let entry = self[name] else {
            let unreadable = opaque.first { $0.name == name }
            throw WeightsFault(
                file: path, tensor: name,
                reason: unreadable.map { "is \($0.kind); save it as one of " + ElementType.allCases.map(\.rawValue).joined(separator: ", ") }
                    ?? "the file has no such tensor")
        }
        return entry
    }

    /// The elements of a tensor as floats, in row-major order.
    ///
    /// F64 is rounded to the nearest float. Integers and truth values are converted only where
    /// `convertingIntegers` says so: pixels are meant to become floats, labels are not.
    package func floats(_ name: String, convertingIntegers: Bool = false) throws(WeightsFault) -> [Float] {
        let entry = try entry(name)
        guard !entry.type.isInteger || convertingIntegers else {
            throw fault(entry, "has type \(entry.type.rawValue), expected floating point")
        }
        return data.withUnsafeBytes { all in entry.type.floats(in: UnsafeRawBufferPointer(rebasing: all[entry.bytes])) }
    }

    /// The elements of a tensor of whole numbers or truth values (as 0 and 1), in row-major order.
    package func integers(_ name: String) throws(WeightsFault) -> [Int] {
        let entry = try entry(name)
        guard entry.type.isInteger else { throw fault(entry, "has type \(entry.type.rawValue), expected integers") }
        let bytes = try bytes(name)
        if let integers = entry.type.integers(in: bytes) { return integers }
        let wide = bytes.withUnsafeBytes { entry.type.elements($0) { (bits: UInt64) in bits } }
        let place = wide.firstIndex { $0 > UInt64(Int.max) } ?? 0
        throw WeightsFault(
            file: path, tensor: name, offset: entry.bytes.lowerBound + 8 * place,
            reason: "\(wide[place]) is larger than any supported integer")
    }

    private func fault(_ entry: SafetensorsEntry, _ reason: String) -> WeightsFault {
        WeightsFault(file: path, tensor: entry.name, offset: entry.bytes.lowerBound, reason: reason)
    }

    /// The elements of a tensor as they lie in the file: row-major, little-endian, in their own type.
    package func bytes(_ name: String) throws(WeightsFault) -> Data {
        let range = try entry(name).bytes
        return data[data.startIndex + range.lowerBound..<data.startIndex + range.upperBound]
    }
}

extension SafetensorsFile {
    /// A tensor of the file as a `Tensor`; see `floats(_:convertingIntegers:)` for the types.
    package func tensor(_ name: String, convertingIntegers: Bool = false) throws(WeightsFault) -> Tensor {
        let entry = try entry(name)
        guard entry.shape.count <= Shape.maximumRank, entry.shape.allSatisfy({ $0 <= Int32.max }) else {
            throw WeightsFault(
                file: path, tensor: name, offset: entry.bytes.lowerBound,
                reason: "shape \(entry.shapeText) is beyond \(Shape.maximumRank) axes of \(Int32.max) elements")
        }
        return Tensor(try floats(name, convertingIntegers: convertingIntegers), shape: Shape(entry.shape))
    }

    /// All floating-point tensors by name, as a module's state is loaded.
    package func tensors() throws(WeightsFault) -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        for entry in entries where !entry.type.isInteger { result[entry.name] = try tensor(entry.name) }
        return result
    }
}

extension SafetensorsWriter {
    /// Adds a tensor as F32.
    /// - Precondition: the name is new.
    package mutating func add(_ name: String, _ tensor: Tensor) {
        add(name, tensor.values, shape: tensor.shape.dimensions)
    }
}
