internal import CProcesses
import Foundation

/// Lines in memory that a process and the children which it starts one after another write for each other.
///
/// They are on no disk, belong to nobody else and are gone with the processes, however these end. What a process has written whole is there, whatever
/// becomes of it afterwards.
package final class SharedLines: Sendable {
    let descriptor: Int32

    /// - Throws: `POSIXError` where the system has no such files.
    package init() throws {
        descriptor = regulus_memory_file()
        // Every write goes behind the last one. The position that threads and processes share would not do: for files in memory, Linux lets two writes
        // begin at the same one.
        guard descriptor >= 0, fcntl(descriptor, F_SETFL, O_APPEND) == 0 else { throw POSIXError(number: errno) }
    }

    /// Those that a parent has opened.
    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Appends a line, from any thread.
    ///
    /// - Parameter line: without a line break.
    /// - Throws: `POSIXError` where there is no memory for it.
    package func append(_ line: Data) throws {
        let newline = Data([UInt8(ascii: "\n")])
        // In one piece, and not in the line of another that was not written to its end.
        let piece = newline + line + newline
        let count = piece.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count == piece.count else { throw POSIXError(number: count < 0 ? errno : ENOSPC) }
    }

    /// All lines so far, without empty ones.
    package var all: [Data] {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_size > 0 else { return [] }
        var content = Data(count: Int(facts.st_size))
        let count = content.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return content.prefix(max(0, count)).split(separator: UInt8(ascii: "\n")).map { Data($0) }
    }
}
