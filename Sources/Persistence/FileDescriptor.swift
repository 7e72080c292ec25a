import Foundation
import Synchronization

/// An open regular file or folder that is closed with its owner; every call is repeated when a signal
/// interrupts it.
///
/// The kind of file is checked before anything is read: named pipes, sockets and devices are refused,
/// because reading one may block forever. Foundation's `FileHandle` loses `errno`, and with it the
/// reason that a user needs to see.
package struct FileDescriptor: ~Copyable, Sendable {
    private let number: Int32
    private let path: String

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - flags: of `open`; with `O_DIRECTORY` a folder is opened, else an ordinary file, links followed.
    ///   - mode: the permissions of a file that is created, before the umask.
    ///   - action: what is being done, for the message.
    package init(opening path: String, flags: Int32, mode: mode_t = 0o666, action: String) throws(FileFault) {
        var number: Int32
        // Opening a named pipe would wait for its other end, and a terminal could become this process's own.
        repeat { number = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode) } while number < 0 && errno == EINTR
        let code = errno
        var facts = stat()
        guard number >= 0 else {
            let kind = stat(path, &facts) == 0 && code == ENXIO ? Self.kind(facts) : nil
            throw kind.map { FileFault(action: action, path: path, reason: $0) } ?? FileFault(action: action, path: path, code: code)
        }
        let isKnown = fstat(number, &facts) == 0
        if flags & O_DIRECTORY == 0, let kind = isKnown ? Self.kind(facts) : "its kind cannot be found out" {
            close(number)
            throw FileFault(action: action, path: path, reason: kind)
        }
        // File systems in user space may heed it on ordinary files too.
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) & ~O_NONBLOCK)
        self.number = number
        self.path = path
    }

    /// What is wrong with the kind of a file; nil for an ordinary one.
    private static func kind(_ facts: stat) -> String? {
        switch facts.st_mode & S_IFMT {
        case S_IFREG: nil
        case S_IFDIR: FileFault.isFolder
        case S_IFIFO: "it is a named pipe, not a file"
        case S_IFSOCK: "it is a socket, not a file"
        default: "it is a device, not a file"
        }
    }

    deinit { close(number) }

    /// The size in bytes.
    package func size() throws(FileFault) -> Int {
        var facts = stat()
        guard fstat(number, &facts) == 0 else { throw FileFault(action: "read", path: path) }
        return Int(facts.st_size)
    }

    /// Writes all of `bytes`, however many calls that takes.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileFault) {
        var rest = bytes
        while !rest.isEmpty {
            let written = Foundation.write(number, rest.baseAddress, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw FileFault(action: "write", path: path)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    /// Writes all of `data`.
    func write(_ data: Data) throws(FileFault) {
        // `withUnsafeBytes` would widen the type of what its body throws; a `Result` carries it through.
        let outcome = data.withUnsafeBytes { bytes in
            Result { () throws(FileFault) in try write(bytes) }
        }
        try outcome.get()
    }

    /// Writes all of `data`, beginning at `offset`.
    func write(_ data: Data, at offset: Int) throws(FileFault) {
        guard lseek(number, off_t(offset), SEEK_SET) >= 0 else { throw FileFault(action: "write", path: path) }
        try write(data)
    }

    /// Fills `bytes` from `offset` on; returns how many were there.
    package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileFault) -> Int {
        var filled = 0
        while filled < bytes.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
            let got = pread(number, rest.baseAddress, rest.count, off_t(offset + filled))
            if got < 0 {
                if errno == EINTR { continue }
                throw FileFault(action: "read", path: path)
            }
            if got == 0 { break }
            filled += got
        }
        return filled
    }

    /// Writes all of `bytes` from `offset` on, however many calls that takes.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileFault) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let written = pwrite(number, rest.baseAddress, rest.count, off_t(offset + done))
            if written < 0 {
                if errno == EINTR { continue }
                throw FileFault(action: "write", path: path)
            }
            done += written
        }
    }

    /// Asks the system to write the content to the medium.
    ///
    /// A medium that cannot do so (a pipe, some network folders) answers `EINVAL` or `ENOTSUP`, which
    /// is not an error.
    package func synchronize() throws(FileFault) {
        guard fsync(number) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw FileFault(action: "write", path: path)
        }
    }

    /// Shortens the file to `size` bytes.
    package func truncate(to size: Int) throws(FileFault) {
        guard ftruncate(number, off_t(size)) == 0 else { throw FileFault(action: "write", path: path) }
    }

    /// Takes the file's advisory lock, waiting for it if necessary; closing the file releases it.
    package func lock() throws(FileFault) {
        while flock(number, LOCK_EX) != 0 {
            guard errno == EINTR else { throw FileFault(action: "lock", path: path) }
        }
    }

    /// Maps the first `count` bytes for reading.
    func mapped(count: Int) throws(FileFault) -> Data {
        guard count > 0 else { return Data() }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, number, 0), address != MAP_FAILED else {
            throw FileFault(action: "read", path: path)
        }
        FileContents.bytesMapped.wrappingAdd(count, ordering: .relaxed)
        return Data(
            bytesNoCopy: address, count: count,
            deallocator: .custom { pointer, size in
                munmap(pointer, size)
                FileContents.bytesMapped.wrappingSubtract(size, ordering: .relaxed)
            })
    }
}

/// An operation that the file system refused, with the path and the system's reason.
package struct FileFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done, as it reads after "cannot": `write`, `read`, `rename to` …
    package let action: String
    /// The file or folder concerned, as the caller named it.
    package let path: String
    /// Why: the text of `strerror` or a sentence.
    package let reason: String

    /// The system's number of it; nil where it is a sentence of ours.
    private let code: Int32?

    package init(action: String, path: String, reason: String) {
        (self.action, self.path, self.reason, code) = (action, path, reason, nil)
    }

    /// A fault from the current value of `errno`, or from `code` where it was kept.
    package init(action: String, path: String, code: Int32 = errno) {
        (self.action, self.path, reason, self.code) = (action, path, String(cString: strerror(code)), code)
    }

    /// Whether the file may be there and whole all the same: permissions, a file system that does not answer, a disk's error, too many open files.
    ///
    /// What cannot be read is not to be taken for absent or damaged, and be replaced.
    package var mayPass: Bool { code.map { ![ENOENT, ENOTDIR, EISDIR].contains($0) } ?? false }

    package var description: String { "cannot \(action) \(path): \(reason)" }

    /// What is in the way where something of another kind is, as a folder in the place of a file; nil for every other reason.
    package var obstacle: Obstacle? {
        guard Self.reasonsOfKind.contains(reason) else { return nil }
        return Obstacle(at: path, of: action == "create folder" || action == "list" ? .folder : .file)
    }

    fileprivate static let isFolder = "it is a folder, not a file"
    private static let reasonsOfKind = Set([EISDIR, ENOTDIR, EEXIST].map { String(cString: strerror($0)) } + [isFolder])
}

/// Reads whole files, with the system's reason where that fails.
package enum FileContents {
    /// The bytes of all files that are mapped at the moment, whether they were read or not.
    package static var mappedCount: Int { bytesMapped.load(ordering: .relaxed) }

    fileprivate static let bytesMapped = Atomic(0)

    /// The bytes of the file at `path`, mapped into memory: pages are read when they are first touched.
    ///
    /// The mapping stays valid when the file is replaced by `AtomicFile`. If another program shortens
    /// the file in place while it is mapped, reading it cannot be made safe: copy what is kept for
    /// long.
    package static func mapped(_ path: String) throws(FileFault) -> Data {
        let file = try FileDescriptor(opening: path, flags: O_RDONLY, action: "read")
        return try file.mapped(count: try file.size())
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
