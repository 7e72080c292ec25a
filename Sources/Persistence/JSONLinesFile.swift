import Foundation

/// A growing file of JSON values, one per line.
///
/// Every line is appended in one piece under a lock. A crash can leave an unfinished last line: reading
/// ignores it, and the next append removes it first.
package struct JSONLinesFile: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Appends `value` as one line and creates the file where there is none. Keys are sorted.
    ///
    /// - Throws: `FileFault`, also where `value` has no JSON form (a non-finite number).
    package func append(_ value: some Encodable) throws(FileFault) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var line: Data
        do {
            line = try encoder.encode(value)
        } catch {
            throw FileFault(action: "append to", path: path, reason: "the value has no JSON form: \(error)")
        }
        line.append(UInt8(ascii: "\n"))
        let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT | O_APPEND, action: "append to")
        try file.lock()
        try cutUnfinishedLine(of: file)
        try file.write(line)
    }

    /// The values of all finished lines.
    ///
    /// - Throws: `FileFault` naming the line that is not a JSON form of `Value`.
    package func read<Value: Decodable>(as type: Value.Type) throws(FileFault) -> [Value] {
        let data = try FileContents.mapped(path)
        guard let end = data.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        var values: [Value] = []
        for (index, line) in data[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            do {
                values.append(try JSONDecoder().decode(type, from: Data(line)))
            } catch {
                throw FileFault(action: "read line \(index + 1) of", path: path, reason: "not the expected JSON: \(error)")
            }
        }
        return values
    }

    /// Removes what follows the last line break.
    private func cutUnfinishedLine(of file: borrowing FileDescriptor) throws(FileFault) {
        let size = try file.size()
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
        defer { piece.deallocate() }
        var end = size
        while end > 0 {
            let start = max(0, end - piece.count)
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: piece[..<(end - start)]), at: start)
            if let last = piece[..<count].lastIndex(of: UInt8(ascii: "\n")) {
                end = start + last + 1
                break
            }
            end = start
        }
        if end < size { try file.truncate(to: end) }
    }
}

/// Files that others read while they grow.
package enum GrowingFile {
    /// Makes the file at `path` hold `content`.
    ///
    /// Where the file already holds the beginning of the content, the rest is appended, so that a
    /// reader continues where it is; otherwise the file is replaced atomically. Several processes may
    /// do this at once if one's content begins with the other's. It is not waited for until the content is on the medium.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - content: all of its future content.
    ///   - mayHoldMore: whether a file that continues after `content` is left as it is.
    /// - Throws: `FileFault`.
    package static func extend(_ path: String, to content: Data, mayHoldMore: Bool = false) throws(FileFault) {
        let present: Data
        do throws(FileFault) { present = try FileContents.mapped(path) } catch { return try AtomicFile.write(content, to: path, isDurable: false) }
        if present == content || mayHoldMore && present.starts(with: content) { return }
        guard content.starts(with: present) else { return try AtomicFile.write(content, to: path, isDurable: false) }
        let file = try FileDescriptor(opening: path, flags: O_WRONLY, action: "write")
        // At its offset, not at the end: another process that adds the same writes the same bytes to the same place.
        try file.write(content.dropFirst(present.count), at: present.count)
    }
}
