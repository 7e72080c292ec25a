import Foundation
import Persistence

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

    private let places: [String: Int]
    private let data: Data

    /// Opens the file at `path` without reading the tensors.
    package init(_ path: String) throws(SafetensorsFault) {
        let data: Data
        do {
            data = try FileContents.mapped(path)
        } catch {
            throw SafetensorsFault(error)
        }
        try self.init(data, named: path)
    }

    /// Takes the content of a file from memory; `name` stands for the file in messages.
    package init(_ data: Data, named name: String) throws(SafetensorsFault) {
        let header = try SafetensorsHeader(of: data, file: name)
        path = name
        metadata = header.metadata
        entries = header.entries
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
    package func entry(_ name: String) throws(SafetensorsFault) -> SafetensorsEntry {
        guard let entry = self[name] else {
            throw SafetensorsFault(file: path, tensor: name, reason: "the file has no such tensor")
        }
        return entry
    }

    /// The elements of a tensor as floats, in row-major order.
    ///
    /// F64 is rounded to the nearest float. Integers and truth values are converted only where
    /// `convertingIntegers` says so: pixels are meant to become floats, labels are not.
    package func floats(_ name: String, convertingIntegers: Bool = false) throws(SafetensorsFault) -> [Float] {
        let entry = try entry(name)
        guard !entry.type.isInteger || convertingIntegers else {
            throw fault(entry, "has type \(entry.type.rawValue), expected floating point")
        }
        let floats = data.withUnsafeBytes { all in
            entry.type.floats(in: UnsafeRawBufferPointer(rebasing: all[entry.bytes]))
        }
        guard let floats else { throw fault(entry, "has type \(entry.type.rawValue), which is not supported") }
        return floats
    }

    /// The elements of a tensor of whole numbers or truth values (as 0 and 1), in row-major order.
    package func integers(_ name: String) throws(SafetensorsFault) -> [Int] {
        let entry = try entry(name)
        switch entry.type {
        case .int64: return elements(entry) { (bits: Int64) in Int(bits) }
        case .int32: return elements(entry) { (bits: Int32) in Int(bits) }
        case .int16: return elements(entry) { (bits: Int16) in Int(bits) }
        case .int8: return elements(entry) { (bits: Int8) in Int(bits) }
        case .uint32: return elements(entry) { (bits: UInt32) in Int(bits) }
        case .uint16: return elements(entry) { (bits: UInt16) in Int(bits) }
        case .uint8: return elements(entry) { (bits: UInt8) in Int(bits) }
        case .bool: return elements(entry) { (bits: UInt8) in bits == 0 ? 0 : 1 }
        case .uint64:
            let wide = elements(entry) { (bits: UInt64) in bits }
            if let place = wide.firstIndex(where: { $0 > UInt64(Int.max) }) {
                throw SafetensorsFault(
                    file: path, tensor: name, offset: entry.bytes.lowerBound + 8 * place,
                    reason: "\(wide[place]) is larger than any supported integer")
            }
            return wide.map { Int($0) }
        default: throw fault(entry, "has type \(entry.type.rawValue), expected integers")
        }
    }

    private func fault(_ entry: SafetensorsEntry, _ reason: String) -> SafetensorsFault {
        SafetensorsFault(file: path, tensor: entry.name, offset: entry.bytes.lowerBound, reason: reason)
    }

    /// Reads elements stored as `Bits`, little-endian and at any alignment.
    private func elements<Bits: FixedWidthInteger, Element>(
        _ entry: SafetensorsEntry, _ convert: (Bits) -> Element
    ) -> [Element] {
        data.withUnsafeBytes { all in
            entry.type.elements(UnsafeRawBufferPointer(rebasing: all[entry.bytes]), convert)
        }
    }

    /// The elements of a tensor as they lie in the file: row-major, little-endian, in their own type.
    package func bytes(_ name: String) throws(SafetensorsFault) -> Data {
        let range = try entry(name).bytes
        return data[data.startIndex + range.lowerBound..<data.startIndex + range.upperBound]
    }
}
