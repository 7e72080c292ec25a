import Foundation

/// A 64-bit little-endian ELF file, as far as plug-ins need it, read without trusting any number in it.
///
/// Source: System V ABI, "Object Files"; names as in `elf.h`.
struct ELFFile {
    /// What is wrong with a file, as it reads after "the file".
    struct Fault: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private struct Section {
        let name: String
        let type: Int
        let link: Int
        let bytes: Range<Int>
    }

    /// The kinds of files, by `e_type`.
    private enum Kind { static let relocatable = 1, executable = 2, shared = 3 }
    private enum SectionType { static let withoutBytes = 8, dynamicSymbols = 11 }
    private enum SegmentType { static let loaded = 1, interpreter = 3 }

    private let data: Data
    private let sections: [Section]

    /// - Throws: where `data` is anything but a complete shared library for this machine's processor.
    init(library data: Data) throws(Fault) {
        self.data = data
        guard data.count >= 4, data.prefix(4).elementsEqual([0x7F, 0x45, 0x4C, 0x46]) else {
            throw Fault(data.isEmpty ? "is empty" : "is not a shared library (it does not begin as an ELF file does)")
        }
        let reader = Reader(data: data)
        guard data.count >= 64 else { throw Reader.truncated }
        guard data[4] == 2, data[5] == 1 else { throw Fault("is for another kind of processor (not 64-bit little-endian)") }
        let machine = try reader.number(at: 18, bytes: 2)
        guard machine == Self.machine else {
            throw Fault("is for another processor (ELF machine \(machine); this one is \(Self.machine))")
        }
        let type = try reader.number(at: 16, bytes: 2)
        switch type {
        case Kind.relocatable: throw Fault("is an object file, not a shared library")
        case Kind.executable: throw Fault("is a program, not a shared library")
        case Kind.shared: break
        default: throw Fault("is not a shared library (ELF type \(type))")
        }
        try Self.checkSegments(reader)
        sections = try Self.sections(reader)
    }

    /// The content of the section of a name.
    func section(_ name: String) -> Data? {
        sections.first { $0.name == name && $0.type != SectionType.withoutBytes }.map { data[$0.bytes] }
    }

    /// The place of that content in the file.
    func place(ofSection name: String) -> Range<Int>? { sections.first { $0.name == name && $0.type != SectionType.withoutBytes }?.bytes }

    /// Whether the library defines a symbol that others can look up.
    func defines(_ symbol: String) throws(Fault) -> Bool {
        let reader = Reader(data: data)
        for table in sections where table.type == SectionType.dynamicSymbols {
            guard sections.indices.contains(table.link) else { throw Fault("is damaged: its symbols have no names") }
            let names = sections[table.link].bytes
            for start in stride(from: table.bytes.lowerBound, to: table.bytes.upperBound - 23, by: 24) {
                // st_name, st_info, st_other, st_shndx: section 0 is where undefined symbols are.
                guard try reader.number(at: start + 6, bytes: 2) != 0 else { continue }
                let name = try reader.number(at: start, bytes: 4)
                if reader.text(at: name, in: names, is: symbol) { return true }
            }
        }
        return false
    }

    private static var machine: Int {
        #if arch(x86_64)
            62
        #elseif arch(arm64)
            183
        #else
            0
        #endif
    }

    private static func checkSegments(_ reader: Reader) throws(Fault) {
        let table = try reader.number(at: 32, bytes: 8)
        let (size, count) = (try reader.number(at: 54, bytes: 2), try reader.number(at: 56, bytes: 2))
        guard size == 56, count > 0 else { throw Fault("is damaged: it has no program headers") }
        try reader.check(table, count: size * count)
        for header in stride(from: table, to: table + size * count, by: size) {
            let type = try reader.number(at: header, bytes: 4)
            if type == SegmentType.interpreter { throw Fault("is a program, not a shared library") }
            guard type == SegmentType.loaded else { continue }
            try reader.check(try reader.number(at: header + 8, bytes: 8), count: try reader.number(at: header + 32, bytes: 8))
        }
    }

    private static func sections(_ reader: Reader) throws(Fault) -> [Section] {
        let table = try reader.number(at: 40, bytes: 8)
        let (size, count) = (try reader.number(at: 58, bytes: 2), try reader.number(at: 60, bytes: 2))
        guard size == 64, count > 0 else { throw Fault("is damaged: it has no section headers") }
        try reader.check(table, count: size * count)
        var headers: [(name: Int, section: Section)] = []
        for header in stride(from: table, to: table + size * count, by: size) {
            let type = try reader.number(at: header + 4, bytes: 4)
            let start = try reader.number(at: header + 24, bytes: 8)
            let length = type == SectionType.withoutBytes || type == 0 ? 0 : try reader.number(at: header + 32, bytes: 8)
            if length > 0 { try reader.check(start, count: length) }
            let bytes = length > 0 ? start..<start + length : 0..<0
            let section = Section(name: "", type: type, link: try reader.number(at: header + 40, bytes: 4), bytes: bytes)
            headers.append((try reader.number(at: header, bytes: 4), section))
        }
        let names = try reader.number(at: 62, bytes: 2)
        guard headers.indices.contains(names) else { throw Fault("is damaged: its sections have no names") }
        let text = headers[names].section.bytes
        return headers.map { header in
            let section = header.section
            return Section(name: reader.text(at: header.name, in: text), type: section.type, link: section.link, bytes: section.bytes)
        }
    }
}

/// Reads numbers and names at offsets that the file gives, checking each offset first.
private struct Reader {
    static let truncated = ELFFile.Fault("is damaged or cut short: it refers to bytes beyond its end")

    let data: Data

    /// - Throws: where the bytes do not all lie in the file.
    func check(_ start: Int, count: Int) throws(ELFFile.Fault) {
        guard start >= 0, count >= 0, start <= data.count, count <= data.count - start else { throw Self.truncated }
    }

    func number(at start: Int, bytes count: Int) throws(ELFFile.Fault) -> Int {
        try check(start, count: count)
        let value = data[start..<start + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let number = Int(exactly: value) else { throw Self.truncated }
        return number
    }

    /// The text that ends with a zero byte or with its table; empty where it lies outside.
    func text(at offset: Int, in table: Range<Int>) -> String {
        guard offset < table.count else { return "" }
        return String(decoding: data[(table.lowerBound + offset)..<table.upperBound].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The same as comparing with ``text(at:in:)``, without making each text.
    func text(at offset: Int, in table: Range<Int>, is name: String) -> Bool {
        guard offset < table.count else { return false }
        return data[(table.lowerBound + offset)..<table.upperBound].starts(with: Array(name.utf8) + [0])
    }
}
