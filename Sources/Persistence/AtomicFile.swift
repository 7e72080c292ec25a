import Foundation

/// Writes files that are either complete or absent.
///
/// The content goes to a temporary name in the same folder, is flushed to the medium, and only then takes the
/// place of the final name. A reader, or a restart after a crash, sees the old file or the new one, never a part.
package enum AtomicFile {
    /// What of a file survives a power failure, once writing it has returned.
    package enum Durability: Sendable {
        /// The content and the name. Each is waited for until it is on the medium, which takes milliseconds.
        case whole
        /// The content: for a file whose folder is synchronized afterwards, with the last of several files that belong together.
        case content
        /// Nothing: the file may be empty or missing then. For what tells how a running program is getting on, and for what can be made again.
        case none
    }

    /// Takes the content of a file piece by piece, so that a large one need not be assembled in memory.
    package struct Writer: ~Copyable {
        fileprivate let file: FileDescriptor

        /// Appends `bytes`.
        package func append(_ bytes: UnsafeRawBufferPointer) throws(FileFault) {
            try file.write(bytes)
        }

        /// Appends `data`.
        package func append(_ data: Data) throws(FileFault) {
            try file.write(data)
        }
    }

    /// Replaces the file at `path` by `data`.
    ///
    /// - Throws: `FileFault`; the old file is then untouched and no temporary file is left.
    package static func write(_ data: Data, to path: String, durability: Durability = .whole) throws(FileFault) {
        try write(to: path, durability: durability) { (writer) throws(FileFault) in try writer.append(data) }
    }

    /// Replaces the file at `path` by `text` in UTF-8.
    package static func write(_ text: String, to path: String) throws(FileFault) {
        try write(Data(text.utf8), to: path)
    }

    /// Replaces the file at `path` by what `body` appends.
    ///
    /// - Throws: `FileFault` from the file system or from `body`; the old file is then untouched and no
    ///   temporary file is left.
    package static func write(
        to path: String, durability: Durability = .whole, _ body: (borrowing Writer) throws(FileFault) -> Void
    ) throws(FileFault) {
        let temporary = try prepared(path, durability: durability, body)
        try place(temporary, at: path)
        // Only after this does the new name survive a power failure.
        if durability == .whole { try synchronizeFolder(split(path).folder) }
    }

    /// Replaces several files that belong together, and waits until all of them are on the medium. That takes little longer than for
    /// one: waiting for the first brings the others along.
    ///
    /// - Throws: `FileFault`. Where one of them cannot be written, none has been replaced; no temporary file is left.
    package static func write(_ files: [(data: Data, path: String)]) throws(FileFault) {
        var waiting: [(temporary: String, path: String)] = []
        // Those that took their places are no longer there under these names.
        defer { for (temporary, _) in waiting { unlink(temporary) } }
        for (data, path) in files {
            let temporary = try prepared(path, durability: .none) { (writer) throws(FileFault) in try writer.append(data) }
            waiting.append((temporary, path))
        }
        for (temporary, path) in waiting {
            do throws(FileFault) {
                try FileDescriptor(opening: temporary, flags: O_RDWR, action: "write").synchronize()
            } catch {
                throw FileFault(action: error.action, path: path, reason: error.reason)
            }
        }
        for (temporary, path) in waiting { try place(temporary, at: path) }
        for folder in Set(files.map { split($0.path).folder }).sorted() { try synchronizeFolder(folder) }
    }

    /// Writes the content of a file under a temporary name beside it.
    ///
    /// - Returns: the temporary path.
    /// - Throws: `FileFault`, with `path` in place of the temporary one; nothing is left.
    private static func prepared(
        _ path: String, durability: Durability, _ body: (borrowing Writer) throws(FileFault) -> Void
    ) throws(FileFault) -> String {
        let (folder, name) = split(path)
        guard !name.isEmpty else {
            throw FileFault(action: "write", path: path, reason: "the path names a folder, not a file")
        }
        let temporary = "\(folder)/\(temporaryName(for: name))"
        do throws(FileFault) {
            let writer = Writer(file: try FileDescriptor(opening: temporary, flags: O_WRONLY | O_CREAT | O_EXCL, action: "write"))
            try body(writer)
            if durability != .none { try writer.file.synchronize() }
        } catch {
            unlink(temporary)
            throw error.path == temporary ? FileFault(action: error.action, path: path, reason: error.reason) : error
        }
        return temporary
    }

    /// Gives a temporary file the name that it was written for.
    private static func place(_ temporary: String, at path: String) throws(FileFault) {
        guard rename(temporary, path) != 0 else { return }
        let fault = FileFault(action: "write", path: path)
        unlink(temporary)
        throw fault
    }

    private static func synchronizeFolder(_ folder: String) throws(FileFault) {
        try FileDescriptor(opening: folder, flags: O_RDONLY | O_DIRECTORY, action: "write").synchronize()
    }

    /// A new name, hidden in listings, under which a file called `name` can begin. It says which process writes it.
    package static func temporaryName(for name: String) -> String {
        ".\(name).\(ProcessIdentity.ownMark).\(String(UInt64.random(in: 0 ... .max), radix: 36))\(suffix)"
    }

    private static let suffix = ".tmp"

    /// Removes temporary files that killed processes left in a folder. One that is missed costs disk
    /// space and nothing else.
    ///
    /// - Parameters:
    ///   - folder: a folder in which nobody else is writing these files.
    ///   - name: the file that was being written; nil for any.
    package static func removeTemporaries(in folder: String, of name: String? = nil) {
        for temporary in temporaries(in: folder, of: name) { unlink("\(folder)/\(temporary)") }
    }

    /// The same in a folder in which others may be writing: removes files of processes that are known
    /// to have ended, and files that nobody has touched for an hour, because nothing is known about
    /// processes on other machines.
    package static func removeAbandonedTemporaries(in folder: String, of name: String? = nil) {
        for temporary in temporaries(in: folder, of: name) {
            let path = "\(folder)/\(temporary)"
            let mark = temporary.dropLast(suffix.count).split(separator: ".").dropLast().last ?? ""
            if ProcessIdentity.isGone(mark: mark) || isOlderThanAnHour(path) { unlink(path) }
        }
    }

    private static func temporaries(in folder: String, of name: String?) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let prefix = name.map { ".\($0)." } ?? "."
        return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
    }

    private static func isOlderThanAnHour(_ path: String) -> Bool {
        var facts = stat()
        // A file may carry any date that fits into 64 bits.
        return stat(path, &facts) == 0 && facts.st_mtim.tv_sec < time(nil) - 3600
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
    }
}
