import Foundation
import Synchronization

/// Reads whole files, with the system's reason where that fails.
package enum FileContents {
    /// The bytes of all files that are mapped at the moment, whether they were read or not.
    package static var mappedCount: Int { bytesMapped.load(ordering: .relaxed) }

    static let bytesMapped = Atomic(0)

    /// The bytes of the file at `path`, mapped into memory: pages are read when they are first touched.
    ///
    /// The mapping stays valid when the file is replaced by `AtomicFile`. If another program shortens
    /// the file in place while it is mapped, reading it cannot be made safe: copy what is kept for
    /// long.
    package static func mapped(_ path: String) throws(FileFault) -> Data {
        let file = try FileDescriptor(opening: path, flags: O_RDONLY, action: "read")
        let data = try file.mapped(count: try file.size())
        MappedFile.keep(file, mappedAs: data)
        return data
    }

    /// A copy of the bytes of a small file, which another program may shorten meanwhile.
    ///
    /// - Parameter limit: the most bytes that it may have.
    package static func copied(_ path: String, limit: Int = 256 << 20) throws(FileFault) -> Data {
        let file = try FileDescriptor(opening: path, flags: O_RDONLY, action: "read")
        let size = try file.size()
        guard size <= limit else { throw FileFault(action: "read", path: path, reason: "it has \(size) bytes, more than \(limit)") }
        guard size > 0 else { return Data() }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { bytes.deallocate() }
        let count = try file.read(into: bytes, at: 0)
        return Data(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }

    /// The text of the file at `path`, which must be UTF-8.
    package static func text(_ path: String) throws(FileFault) -> String {
        let data = try mapped(path)
        if let text = String(data: data, encoding: .utf8) { return text }
        // A line end is no part of a longer character, so that lines can be told apart in text of any encoding like this one.
        let line = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).firstIndex { String(data: $0, encoding: .utf8) == nil }
        throw FileFault(action: "read", path: path, reason: "not UTF-8 text" + (line.map { " in line \($0 + 1)" } ?? ""))
    }

    /// The size in bytes of the file at `path`, links followed; nil where there is none.
    package static func size(_ path: String) -> Int? {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int(facts.st_size) : nil
    }

    /// When the file at `path` was last written, links followed; nil where there is none.
    package static func date(_ path: String) -> Date? {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        return Date(timeIntervalSince1970: Double(facts.st_mtim.tv_sec) + Double(facts.st_mtim.tv_nsec) / 1e9)
    }

    /// Pieces of the file at `path`, one after the other; one that reaches beyond its end is shorter.
    ///
    /// - Parameters:
    ///   - offsets: where each begins.
    ///   - count: bytes in each.
    package static func pieces(of path: String, at offsets: [Int], count: Int) throws(FileFault) -> Data {
        let file = try FileDescriptor(opening: path, flags: O_RDONLY, action: "read")
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { piece.deallocate() }
        var data = Data()
        for offset in offsets {
            let filled = try file.read(into: piece, at: offset)
            data.append(contentsOf: piece[..<filled])
        }
        return data
    }
}
