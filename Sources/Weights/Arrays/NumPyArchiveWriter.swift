import Foundation
import Persistence
import Tensors

/// What collects named arrays and writes them as one file.
package protocol ArrayFileWriter {
    /// Adds an array of 32-bit numbers, elements in row-major order.
    ///
    /// - Precondition: the name is new and the shape fits the elements.
    mutating func add(_ name: String, _ elements: [Float], shape: [Int])

    /// Adds an array of 64-bit integers, elements in row-major order.
    ///
    /// - Precondition: the name is new and the shape fits the elements.
    mutating func add(_ name: String, _ elements: [Int], shape: [Int])

    /// Writes the file at `path`: complete, or not at all.
    func write(to path: String, durability: AtomicFile.Durability) throws(FileFault)
}

extension SafetensorsWriter: ArrayFileWriter {}

/// Collects arrays and writes them as an `npz` file, which `numpy.load` reads: a zip archive of `npy` files that are stored as they are.
///
/// The bytes depend on what was added, in which order, and on nothing else. Sizes are written in the archive's 64-bit form, so that there is no
/// limit of 4 GiB (PKWARE, APPNOTE.TXT, 6.3.10; NumPy's format 1.0).
package struct NumPyArchiveWriter: ArrayFileWriter, Sendable {
    private var members: [(name: String, contents: Data)] = []

    package init() {}

    package mutating func add(_ name: String, _ elements: [Float], shape: [Int]) {
        add(name, "<f4", shape, elements.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) })
    }

    package mutating func add(_ name: String, _ elements: [Int], shape: [Int]) {
        add(name, "<i8", shape, elements.map { Int64($0).littleEndian }.withUnsafeBytes { Data($0) })
    }

    /// Adds an array of strings.
    ///
    /// - Precondition: the name is new.
    package mutating func add(_ name: String, texts: [String]) {
        let scalars = texts.map { $0.unicodeScalars.map(\.value.littleEndian) }
        let width = max(1, scalars.map(\.count).max() ?? 0)
        let padded = scalars.flatMap { $0 + [UInt32](repeating: 0, count: width - $0.count) }
        add(name, "<U\(width)", [texts.count], padded.withUnsafeBytes { Data($0) })
    }

    private mutating func add(_ name: String, _ type: String, _ shape: [Int], _ elements: Data) {
        let file = name + ".npy"
        require(!members.contains { $0.name == file }, "the name \(name) was added twice")
        let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var description = Data("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
        // Elements begin at a multiple of 64 bytes, and the description ends with a line.
        let beginning = 10
        description.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 63 - (beginning + description.count) % 64))
        description.append(UInt8(ascii: "\n"))
        var contents = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0])
        contents.append(littleEndian: UInt16(description.count))
        members.append((file, contents + description + elements))
    }

    package func write(to path: String, durability: AtomicFile.Durability = .whole) throws(FileFault) {
        try AtomicFile.write(to: path, durability: durability) { (writer) throws(FileFault) in
            var directory = Data()
            var place = 0
            for (name, contents) in members {
                let checksum = Inflation.checksum(contents)
                let header = Self.entry(0x0403_4b50, of: name, checksum, sizes: [contents.count, contents.count])
                directory.append(Self.entry(0x0201_4b50, of: name, checksum, sizes: [contents.count, contents.count, place]))
                try writer.append(header)
                try writer.append(contents)
                place += header.count + contents.count
            }
            try writer.append(directory + end(of: directory, at: place))
        }
    }

    /// The header before a file's bytes, or its entry in the directory, which also says where that header is.
    ///
    /// - Parameters:
    ///   - signature: which of the two.
    ///   - sizes: the expanded and the stored size and, in the directory, the place of the header.
    private static func entry(_ signature: UInt32, of name: String, _ checksum: UInt32, sizes: [Int]) -> Data {
        let isInDirectory = sizes.count > 2
        var entry = Data()
        entry.append(littleEndian: signature)
        // Version 4.5 made it, where that is asked, and is needed, for 64-bit sizes.
        if isInDirectory { entry.append(littleEndian: UInt16(45)) }
        entry.append(littleEndian: UInt16(45))
        // Names are UTF-8; nothing is compressed; midnight of the first of January 1980.
        for number in [1 << 11, 0, 0, 0x21] as [UInt16] { entry.append(littleEndian: number) }
        entry.append(littleEndian: checksum)
        for _ in 0..<2 { entry.append(littleEndian: UInt32.max) }
        entry.append(littleEndian: UInt16(name.utf8.count))
        entry.append(littleEndian: UInt16(4 + 8 * sizes.count))
        if isInDirectory {
            // No comment, the first part, no attributes; the place is among the sizes.
            for number in [0, 0, 0, 0, 0] as [UInt16] { entry.append(littleEndian: number) }
            entry.append(littleEndian: UInt32.max)
        }
        entry.append(Data(name.utf8))
        entry.append(littleEndian: UInt16(1))
        entry.append(littleEndian: UInt16(8 * sizes.count))
        for size in sizes { entry.append(littleEndian: UInt64(size)) }
        return entry
    }

    /// The 64-bit end record, where it is, and the plain end record, which refers to it.
    private func end(of directory: Data, at place: Int) -> Data {
        var end = Data()
        end.append(littleEndian: UInt32(0x0606_4b50))
        end.append(littleEndian: UInt64(44))
        for number in [45, 45] as [UInt16] { end.append(littleEndian: number) }
        for number in [0, 0] as [UInt32] { end.append(littleEndian: number) }
        for number in [members.count, members.count, directory.count, place] { end.append(littleEndian: UInt64(number)) }
        end.append(littleEndian: UInt32(0x0706_4b50))
        end.append(littleEndian: UInt32(0))
        end.append(littleEndian: UInt64(place + directory.count))
        end.append(littleEndian: UInt32(1))
        end.append(littleEndian: UInt32(0x0605_4b50))
        for number in [0, 0, UInt16.max, UInt16.max] as [UInt16] { end.append(littleEndian: number) }
        for _ in 0..<2 { end.append(littleEndian: UInt32.max) }
        end.append(littleEndian: UInt16(0))
        return end
    }
}

extension Data {
    /// Appends a number, its lowest byte first.
    fileprivate mutating func append(littleEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}
