import Foundation

/// A file of named arrays in any format that is read: safetensors, npy, npz, pickles of NumPy arrays, PyTorch files, HDF5 and MATLAB 5.
///
/// Its content tells the format, its name does not. Opening reads names and shapes; elements stay in the file until they are asked for.
/// Anything may be in the file: every fault is thrown, with the file, the key and the reason, and nothing in it is executed.
package struct ArrayFile: Sendable {
    /// An array of the file.
    package struct Entry: Hashable, Sendable {
        /// Its key: for nested dictionaries and groups the keys on the way, joined by dots.
        package let name: String
        /// Nil for an array of strings.
        package let type: ElementType?
        /// Extents, first axis first; empty for a scalar.
        package let shape: [Int]

        package init(name: String, type: ElementType?, shape: [Int]) {
            (self.name, self.type, self.shape) = (name, type, shape)
        }

        /// `video [64×3×100]`.
        package var summary: String {
            "\(name) [\(shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×"))\(type == nil ? " strings" : "")]"
        }
    }

    /// The key of the array in a file that holds just one, without a name.
    package static let onlyName = "array"

    /// The file as the caller named it.
    package let path: String
    package let format: String
    /// In the order of the file.
    package let entries: [Entry]
    /// Values that are not read, named in the same way as arrays.
    package let opaque: [OpaqueValue]
    /// Free text beside the arrays, by key; empty for formats without it.
    package let metadata: [String: String]

    private let source: any ArraySource
    private let places: [String: Int]

    /// Opens the file at `path`.
    package init(_ path: String) throws(WeightsFault) {
        try self.init(Data(mapping: path), named: path)
    }

    /// Takes the content of a file from memory; `name` stands for the file in messages.
    package init(_ data: Data, named name: String) throws(WeightsFault) {
        let source = try Self.source(data, file: name)
        path = name
        self.source = source
        (format, entries, opaque, metadata) = (source.format, source.entries, source.opaque, source.metadata)
        places = Dictionary(source.entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        guard !entries.isEmpty else {
            let first =
                opaque.first.map { "; \($0.name.isEmpty ? "it" : JSONValue.quoted($0.name)) is \($0.kind), which is not read: \($0.wayOut)" } ?? ""
            throw WeightsFault(file: name, reason: "the file has no arrays that are read\(first)")
        }
    }

    private static func source(_ data: Data, file: String) throws(WeightsFault) -> any ArraySource {
        if data.isEmpty { throw WeightsFault(file: file, reason: "the file is empty") }
        if data.starts(with: NumPyHeader.magic) { return try NumPyArraySource(data, file: file) }
        if data.starts(with: [0x50, 0x4b]) {
            let archive: ZipArchive
            do {
                archive = try ZipArchive(data)
            } catch {
                throw WeightsFault(file: file, error)
            }
            return archive.entries.contains { $0.name.hasSuffix("/data.pkl") }
                ? try PickledArrays(torch: data, file: file) : try NumPyArchiveSource(archive, size: data.count, file: file)
        }
        // Before pickles: a header may be as long as the byte says that begins a pickle.
        if SafetensorsHeader.begins(data) { return SafetensorsSource(file: try SafetensorsFile(data, named: file)) }
        if data.first == PickleOpcode.version.rawValue { return try PickledArrays(pickle: data, file: file) }
        if MatlabFile.begins(data) { return try MatlabFile(data, file: file) }
        if HDF5File.begins(data) { return try HDF5File(data, file: file) }
        if data.starts(with: [0x28]) || data.starts(with: Array("c".utf8)) {
            throw WeightsFault(file: file, reason: "looks like a pickle of protocol 0 or 1; write it with protocol=4")
        }
        throw WeightsFault(
            file: file, offset: 0,
            reason: "is none of the formats that are read: safetensors, npy, npz, pickle, PyTorch, HDF5, MATLAB 5")
    }

    package var names: [String] { entries.map(\.name) }

    /// The description of the array called `name`; nil where there is none.
    package subscript(name: String) -> Entry? { places[name].map { entries[$0] } }

    /// An array of numbers.
    ///
    /// - Throws: where there is none of this name, or its elements are not numbers or cannot be read.
    package func array(_ name: String) throws(WeightsFault) -> any StoredArray {
        guard let entry = self[name] else { throw absent(name) }
        guard entry.type != nil else {
            throw WeightsFault(file: path, place: "array \(JSONValue.quoted(name))", reason: "holds strings, expected numbers")
        }
        return try source.array(name)
    }

    /// The elements of an array of strings; nil for one of numbers.
    package func texts(_ name: String) throws(WeightsFault) -> [String]? {
        guard let entry = self[name] else { throw absent(name) }
        return entry.type == nil ? try source.texts(name) : nil
    }

    private func absent(_ name: String) -> WeightsFault {
        let unread = opaque.first { $0.name == name || $0.name.hasPrefix(name + ".") }
        return WeightsFault(
            file: path, place: "array \(JSONValue.quoted(name))",
            reason: unread.map { "is \($0.kind), which is not read; save numbers or strings, as with numpy.save(…, array.astype('float32'))" }
                ?? "the file has no such array")
    }
}

/// What the reader of a format provides.
protocol ArraySource: Sendable {
    var format: String { get }
    var entries: [ArrayFile.Entry] { get }
    var opaque: [OpaqueValue] { get }
    var metadata: [String: String] { get }

    /// An array of numbers that is among the entries.
    func array(_ name: String) throws(WeightsFault) -> any StoredArray
    /// An array of strings that is among the entries.
    func texts(_ name: String) throws(WeightsFault) -> [String]
}

extension ArraySource {
    var opaque: [OpaqueValue] { [] }
    var metadata: [String: String] { [:] }
}

/// The tensors of a safetensors file.
private struct SafetensorsSource: ArraySource {
    let file: SafetensorsFile

    var format: String { "safetensors" }
    var entries: [ArrayFile.Entry] {
        file.entries.sorted { $0.name < $1.name }.map { ArrayFile.Entry(name: $0.name, type: $0.type, shape: $0.shape) }
    }
    var opaque: [OpaqueValue] { file.opaque }
    var metadata: [String: String] { file.metadata }

    func array(_ name: String) throws(WeightsFault) -> any StoredArray {
        let entry = try file.entry(name)
        let data = try file.bytes(name)
        do {
            let layout = try StridedLayout(packed: entry.type, shape: entry.shape, byteCount: data.count)
            return MappedArray(file: file.path, name: name, layout: layout, data: data)
        } catch {
            throw WeightsFault(file: file.path, tensor: name, reason: error.reason)
        }
    }

    func texts(_ name: String) throws(WeightsFault) -> [String] { [] }
}
