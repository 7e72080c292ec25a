import Foundation

/// A growing file of JSON values, one a line, in which a change, a gap and a line that was taken away are noticed.
///
/// Each line carries the digest of its own bytes and that of the line before it. Writers append under the file's lock, each line in one
/// piece; on a file system without locks two lines may follow the same one, which is not damage. What a crash leaves of a line is a line by itself, and
/// is reported as one.
///
/// Nothing follows the last line, so a second file, the seal, says how many lines there were and which was the last: lines that are taken away from the
/// end, all of them too, are noticed by that. The seal is written after the line, so that the log may be longer than it says, and never shorter. Like
/// `SealedDocument` it guards against damage, not against somebody who means to deceive.
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
    /// Where the seal lies: beside the log.
    package var sealPath: String { path + ".seal" }
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
        let seal = self.seal.known
        let content = try FileContents.copied(path, limit: Self.longest)
        let lines = Self.lines(of: content)
        var last = lines.last.flatMap { Self.parsed($0)?.digest } ?? Self.none
        // Where the last line is gone, this one follows it all the same: that it is missing must not be forgotten with the next look.
        if let seal, last != seal.last, !lines.contains(where: { Self.parsed($0)?.digest == seal.last }) { last = seal.last }
        let isTorn = content.last.map { $0 != UInt8(ascii: "\n") } ?? false
        let body = "\"after\":\"\(last)\",\"entry\":\(entry)}"
        let digest = SHA256Digest(of: body).hex
        let line = "{\"sha256\":\"\(digest)\",\(body)\n"
        try file.write(Data(((isTorn ? "\n" : "") + line).utf8))
        try file.synchronize()
        try write(Seal(lines: max(lines.count, min(seal?.lines ?? 0, Int.max - 1)) + 1, last: digest))
    }

    /// The values of all lines that are what was written, and the others.
    ///
    /// - Throws: `FileFault` where the file cannot be read. A missing one has no lines.
    package func read<Value: Decodable>(as type: Value.Type) throws(FileFault) -> (values: [Value], damages: [Damage]) {
        // Before the log, which another process may lengthen meanwhile.
        let (seal, isDamaged) = self.seal
        let lines = FileContents.size(path) == nil ? [] : Self.lines(of: try FileContents.copied(path, limit: Self.longest))
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
        if isDamaged { damages.append(Damage(path: sealPath, line: 1, reason: "is not what was written")) }
        // A line that is there and damaged has been named already.
        if let seal, !known.contains(seal.last), lines.count < seal.lines {
            damages.append(Damage(path: path, line: lines.count + 1, reason: "is missing: there were \(seal.lines) lines"))
        }
        return (values, damages)
    }

    /// What the log was when a line was last appended.
    private struct Seal: Codable {
        /// How many lines it had.
        let lines: Int
        /// The digest of the last.
        let last: String
    }

    /// The seal; nil where there is none, as of a log that an earlier version wrote, and where it is damaged.
    private var seal: (known: Seal?, isDamaged: Bool) {
        guard FileContents.size(sealPath) != nil else { return (nil, false) }
        guard let data = try? FileContents.copied(sealPath, limit: 4096), let document = SealedDocument.content(of: data),
            let seal = try? JSONDecoder().decode(Seal.self, from: document), Self.isDigest(seal.last.utf8), seal.lines > 0
        else { return (nil, true) }
        return (seal, false)
    }

    private func write(_ seal: Seal) throws(FileFault) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let document: Data
        do { document = try encoder.encode(seal) } catch { throw FileFault(action: "write", path: sealPath, reason: "\(error)") }
        // An older one is no damage: the log is then longer than it says.
        try AtomicFile.write(SealedDocument.sealing(document), to: sealPath, durability: .content)
    }

    private struct Entry<Value: Decodable>: Decodable { let entry: Value }

    private static let none = String(repeating: "0", count: 64)
    private static let afterKey = "\"after\":\""
    private static let opening = Data("{\"sha256\":\"".utf8)
    private static let separator = Data("\",".utf8)

    private static func lines(of content: Data) -> [Data] { content.split(separator: UInt8(ascii: "\n")).map { Data($0) } }

    private static func isDigest(_ text: some Collection<UInt8>) -> Bool {
        text.count == none.utf8.count
            && text.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
    }

    /// The digest that a line claims and the bytes that it is of; nil where the line has another form.
    private static func parsed(_ line: Data) -> (digest: String, body: Data)? {
        guard line.starts(with: opening), line.count > opening.count + none.count + separator.count else { return nil }
        let digest = line.dropFirst(opening.count).prefix(none.count)
        // The next line quotes it: whatever else a damaged line has in its place would damage that one too.
        guard isDigest(digest) else { return nil }
        let rest = line.dropFirst(opening.count + none.count)
        guard rest.starts(with: separator) else { return nil }
        let body = Data(rest.dropFirst(separator.count))
        guard body.starts(with: Data(afterKey.utf8)) else { return nil }
        return (String(decoding: digest, as: UTF8.self), body)
    }
}
