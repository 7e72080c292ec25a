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
                MappedFile.forget(pointer)
                munmap(pointer, size)
                FileContents.bytesMapped.wrappingSubtract(size, ordering: .relaxed)
            })
    }
}
