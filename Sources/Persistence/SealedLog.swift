import Foundation

/// A growing file of JSON values, one a line, in which a change, a gap and a line that was taken away are noticed.
///
/// Each line carries the digest of its own bytes and that of the line before it. Writers append under the file's lock, each line in one
/// piece; on a file system without locks two lines may follow the same one, which is not damage. What a crash leaves of a line is a line by itself, and
/// is reported as one. Like `SealedDocument` it guards against damage, not against somebody who means to deceive.
package struct SealedLog: Sendable {
    /// A line that is not what was written.
    package struct Damage: Hashable, Sendable, CustomStringConvertible {
        package let path: String
        /// Counted from 1.
        package let line: Int
        package let reason: String

        package var description: String { "line \(line) of \(path) \(reason)" }
    }

    package let path: String
    /// More bytes than this are nobody's log.
    private static let longest = 64 << 20

    package init(_ path: String) {
        self.path = path
    }

    /// Appends a value as one line, and creates the file where there is none.
    ///
    /// - Throws: `FileFault`, also where the value has no JSON form.
    package func append(_ value: some Encodable) throws(FileFault) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let entry: String
        do {
            entry = String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw FileFault(action: "append to", path: path, reason: "the value has no JSON form: \(error)")
        }
        let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT | O_APPEND, action: "append to")
        do throws(FileFault) { try file.lock() } catch {
            // Without locks, as on some network folders, a line is still written in one piece.
        }
        let content = try FileContents.copied(path, limit: Self.longest)
        let last = Self.lines(of: content).last.flatMap { Self.parsed($0)?.digest } ?? Self.none
        let isTorn = content.last.map { $0 != UInt8(ascii: "\n") } ?? false
        let body = "\"after\":\"\(last)\",\"entry\":\(entry)}"
        let line = "{\"sha256\":\"\(SHA256Digest(of: body).hex)\",\(body)\n"
        try file.write(Data(((isTorn ? "\n" : "") + line).utf8))
        try file.synchronize()
    }

    /// The values of all lines that are what was written, and the others.
    ///
    /// - Throws: `FileFault` where the file cannot be read. A missing one has no lines.
    package func read<Value: Decodable>(as type: Value.Type) throws(FileFault) -> (values: [Value], damages: [Damage]) {
        guard FileContents.size(path) != nil else { return ([], []) }
        let lines = Self.lines(of: try FileContents.copied(path, limit: Self.longest))
        var (values, damages, known): ([Value], [Damage], Set<String>) = ([], [], [Self.none])
        var hasDamageBefore = false
        for (index, line) in lines.enumerated() {
            func damage(_ reason: String) -> Damage { Damage(path: path, line: index + 1, reason: reason) }
            guard let parsed = Self.parsed(line), SHA256Digest(of: Data(parsed.body)).hex == parsed.digest else {
                damages.append(damage("is not what was written"))
                hasDamageBefore = true
                // What follows it names the digest that it claims to have.
                if let digest = Self.parsed(line)?.digest { known.insert(digest) }
                continue
            }
            let after = String(decoding: parsed.body.dropFirst(Self.afterKey.count).prefix(Self.none.count), as: UTF8.self)
            // A torn line has no digest that the next could name.
            if !known.contains(after), !hasDamageBefore { damages.append(damage("follows one that is missing")) }
            hasDamageBefore = false
            known.insert(parsed.digest)
            do {
                values.append(try JSONDecoder().decode(Entry<Value>.self, from: Data(line)).entry)
            } catch {
                damages.append(damage("is not what this version of the program writes"))
            }
        }
        return (values, damages)
    }

    private struct Entry<Value: Decodable>: Decodable { let entry: Value }

    private static let none = String(repeating: "0", count: 64)
    private static let afterKey = "\"after\":\""
    private static let opening = Data("{\"sha256\":\"".utf8)
    private static let separator = Data("\",".utf8)

    private static func lines(of content: Data) -> [Data] { content.split(separator: UInt8(ascii: "\n")).map { Data($0) } }

    /// The digest that a line claims and the bytes that it is of; nil where the line has another form.
    private static func parsed(_ line: Data) -> (digest: String, body: Data)? {
        guard line.starts(with: opening), line.count > opening.count + none.count + separator.count else { return nil }
        let digest = line.dropFirst(opening.count).prefix(none.count)
        // The next line quotes it: whatever else a damaged line has in its place would damage that one too.
        guard digest.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }) else {
            return nil
        }
        let rest = line.dropFirst(opening.count + none.count)
        guard rest.starts(with: separator) else { return nil }
        let body = Data(rest.dropFirst(separator.count))
        guard body.starts(with: Data(afterKey.utf8)) else { return nil }
        return (String(decoding: digest, as: UTF8.self), body)
    }
}
