import Foundation
import Persistence
import Tensors

/// Collects tensors and writes them as one safetensors file.
///
/// The bytes depend on what was added, not on the order in which it was: tensors are laid out by falling element
/// size, then by name, as the format's own library does, so that each is aligned; metadata is sorted by key.
package struct SafetensorsWriter: Sendable {
    /// Free text for the header's `__metadata__`.
    package var metadata: [String: String]

    private struct Item: Sendable {
        let name: String
        let type: ElementType
        let shape: [Int]
        let contents: Contents
        let byteCount: Int
    }

    private enum Contents: Sendable {
        case bytes(Data)
        /// Rows that are made while the file is written.
        case blocks(rows: Int, rowsPerBlock: Int, @Sendable (Range<Int>) throws(FileFault) -> Data)
    }

    private var items: [Item] = []
    private var names: Set<String> = ["__metadata__"]

    package init(metadata: [String: String] = [:]) {
        self.metadata = metadata
    }

    /// Adds an F32 tensor, elements in row-major order.
    /// - Precondition: the name is new and the shape fits the elements.
    package mutating func add(_ name: String, _ elements: [Float], shape: [Int]) {
        add(name, .float32, shape, elements.map { $0.bitPattern.littleEndian })
    }

    /// Adds an I32 tensor.
    /// - Precondition: the name is new and the shape fits the elements.
    package mutating func add(_ name: String, _ elements: [Int32], shape: [Int]) {
        add(name, .int32, shape, elements.map(\.littleEndian))
    }

    /// Adds an I64 tensor.
    /// - Precondition: the name is new and the shape fits the elements.
    package mutating func add(_ name: String, _ elements: [Int], shape: [Int]) {
        add(name, .int64, shape, elements.map { Int64($0).littleEndian })
    }

    private mutating func add<Bits: FixedWidthInteger>(
        _ name: String, _ type: ElementType, _ shape: [Int], _ elements: [Bits]
    ) {
        add(name, type, shape: shape, bytes: elements.withUnsafeBytes { Data($0) })
    }

    /// Adds a tensor of any type: its elements in row-major order, little-endian.
    /// - Precondition: the name is new and the shape fits the bytes.
    package mutating func add(_ name: String, _ type: ElementType, shape: [Int], bytes: Data) {
        require(names.insert(name).inserted, "the name \(name) was added twice or is reserved")
        // With a 0 among them, the other extents may be any and their product beyond counting.
        require(
            (shape.contains(0) ? 0 : shape.reduce(type.size, *)) == bytes.count,
            "\(name): shape \(shape) does not fit \(bytes.count / type.size) elements")
        items.append(Item(name: name, type: type, shape: shape, contents: .bytes(bytes), byteCount: bytes.count))
    }

    /// Adds a tensor whose rows, along its first axis, are made block by block while the file is written.
    ///
    /// - Parameter block: the elements of some rows, row-major and little-endian.
    /// - Precondition: the name is new, there is a first axis, and each block has the bytes that the shape says.
    package mutating func add(
        _ name: String, _ type: ElementType, shape: [Int], rowsPerBlock: Int, block: @escaping @Sendable (Range<Int>) throws(FileFault) -> Data
    ) {
        require(names.insert(name).inserted, "the name \(name) was added twice or is reserved")
        require(!shape.isEmpty && rowsPerBlock > 0, "\(name): a shape \(shape) has no rows to be made in blocks of \(rowsPerBlock)")
        let size = shape.contains(0) ? 0 : shape.reduce(type.size, *)
        items.append(
            Item(name: name, type: type, shape: shape, contents: .blocks(rows: shape[0], rowsPerBlock: rowsPerBlock, block), byteCount: size))
    }

    /// The header with its length, padded with blanks so that the data begin at a multiple of 8.
    private func header(of items: [Item]) -> Data {
        var members: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }
                .map { "\(JSONValue.quoted($0.key)):\(JSONValue.quoted($0.value))" }
            members.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
        }
        var offset = 0
        for item in items {
            let shape = item.shape.map(String.init).joined(separator: ",")
            let end = offset + item.byteCount
            members.append(
                "\(JSONValue.quoted(item.name)):"
                    + "{\"dtype\":\"\(item.type.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var text = Data("{\(members.joined(separator: ","))}".utf8)
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text
    }

    private var laidOut: [Item] {
        items.sorted { $0.type.size != $1.type.size ? $0.type.size > $1.type.size : $0.name < $1.name }
    }

    /// The whole file in memory.
    /// - Precondition: nothing was added that is made in blocks.
    package func encoded() -> Data {
        let items = laidOut
        return items.reduce(into: header(of: items)) { data, item in
            guard case .bytes(let bytes) = item.contents else { stop("encoded: \(item.name) is made while a file is written") }
            data.append(bytes)
        }
    }

    /// Writes the file at `path`: complete, or not at all.
    package func write(to path: String, durability: AtomicFile.Durability = .whole) throws(FileFault) {
        let items = laidOut
        try AtomicFile.write(to: path, durability: durability) { (writer) throws(FileFault) in
            try writer.append(header(of: items))
            for item in items {
                switch item.contents {
                case .bytes(let bytes): try writer.append(bytes)
                case .blocks(let rows, let rowsPerBlock, let block):
                    var written = 0
                    for start in stride(from: 0, to: rows, by: rowsPerBlock) {
                        let data = try block(start..<min(start + rowsPerBlock, rows))
                        written += data.count
                        try writer.append(data)
                    }
                    require(written == item.byteCount, "\(item.name): \(written) bytes were made for a shape of \(item.byteCount)")
                }
            }
        }
    }
}
