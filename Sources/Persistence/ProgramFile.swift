import Foundation

/// What an executable file says of itself.
package enum ProgramFile {
    /// The identifier that the linker computed from the whole content of a program (the note `GNU build-id`), in
    /// hexadecimal digits: other code has another one, and stripping symbols keeps it.
    ///
    /// - Returns: nil where the file cannot be read, is no 64-bit ELF file in this machine's order of bytes, or has none.
    package static func buildIdentifier(of path: String) -> String? {
        guard let data = try? FileContents.mapped(path) else { return nil }
        return buildIdentifier(in: data)
    }

    /// The same of a file's content.
    static func buildIdentifier(in data: Data) -> String? {
        let file = Bytes(data)
        guard data.starts(with: [0x7F, UInt8(ascii: "E"), UInt8(ascii: "L"), UInt8(ascii: "F"), 2, 1]),
            let table = file.count(at: 32, as: UInt64.self), let size = file.count(at: 54, as: UInt16.self),
            let number = file.count(at: 56, as: UInt16.self)
        else { return nil }
        for index in 0..<number {
            let header = table + index * size
            guard file.count(at: header, as: UInt32.self) == noteSegment, let start = file.count(at: header + 8, as: UInt64.self),
                let length = file.count(at: header + 32, as: UInt64.self), let alignment = file.count(at: header + 48, as: UInt64.self)
            else { continue }
            let notes = file.part(start, length)
            if let found = notes.flatMap({ buildIdentifier(amongNotes: $0, alignment: alignment == 8 ? 8 : 4) }) { return found }
        }
        return nil
    }

    /// Walks notes: the lengths of name and content, a kind, the name, the content, both padded.
    private static func buildIdentifier(amongNotes notes: Bytes, alignment: Int) -> String? {
        var offset = 0
        while let nameLength = notes.count(at: offset, as: UInt32.self), let length = notes.count(at: offset + 4, as: UInt32.self),
            let kind = notes.count(at: offset + 8, as: UInt32.self)
        {
            func padded(_ length: Int) -> Int { (length + alignment - 1) / alignment * alignment }
            let content = offset + 12 + padded(nameLength)
            if kind == identifierKind, length > 0, let name = notes.part(offset + 12, nameLength), name.data.elementsEqual(Data("GNU\0".utf8)),
                let identifier = notes.part(content, length)
            {
                return identifier.data.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            }
            offset = content + padded(length)
        }
        return nil
    }

    /// `PT_NOTE`, and `NT_GNU_BUILD_ID`.
    private static let (noteSegment, identifierKind) = (4, 3)

    /// Numbers at places of a file, none of which is trusted to exist.
    private struct Bytes {
        let data: Data

        init(_ data: Data) { self.data = data }

        /// An unsigned number that fits into a place of the file or a length; nil beyond the end, and where it is larger than any file.
        func count<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Int? {
            guard let bytes = part(offset, MemoryLayout<Number>.size)?.data else { return nil }
            let value = bytes.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            return value < 1 << 40 ? Int(value) : nil
        }

        func part(_ offset: Int, _ length: Int) -> Bytes? {
            guard offset >= 0, length >= 0, offset <= data.count, length <= data.count - offset else { return nil }
            let start = data.startIndex + offset
            return Bytes(data[start..<start + length])
        }
    }
}
