import Foundation
import Synchronization

/// What a process does when a mapped file is cut short by another program, or its disk fails, while it is read: it ends with one line that names
/// the file, as for other data that cannot be read, instead of a crash.
///
/// The system says so with SIGBUS, in the middle of whatever reads the memory, so that nothing may be allocated and no lock be taken here: the
/// file's name is found in `/proc/self/maps`, with plain system calls and memory that is there beforehand.
package enum CutFile {
    /// The exit code: that of wrong input.
    private static let exitCode: Int32 = 2

    /// Room for a line of the list of mappings, whose paths have at most 4096 bytes; and what the signal did before. Both are safe because
    /// they are set once, before the handler that reads them.
    nonisolated(unsafe) private static var line = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    nonisolated(unsafe) private static var before = sigaction()

    /// Whether a thread is at it: several may read the same file.
    private static let isEnding = Atomic(false)

    /// Takes up SIGBUS. What comes of anything but a file stays as it was.
    package static func watch() {
        if line.isEmpty { line = .allocate(byteCount: 8192, alignment: 16) }
        // Made before a handler needs it: a handler must not wait for anything.
        isEnding.store(false, ordering: .relaxed)
        var action = sigaction()
        action.__sigaction_handler.sa_sigaction = { _, info, _ in
            if let address = info?.pointee._sifields._sigfault.si_addr, info?.pointee.si_code == 2 /* BUS_ADRERR, which Swift does not see */ {
                CutFile.end(at: UInt(bitPattern: address))
            }
            // The instruction is tried again, and fails as it would have; a signal that another process sent has to be sent again.
            sigaction(SIGBUS, &CutFile.before, nil)
            if (info?.pointee.si_code ?? 0) <= 0 { raise(SIGBUS) }
        }
        action.sa_flags = Int32(SA_SIGINFO) | Int32(SA_ONSTACK)
        sigaction(SIGBUS, &action, &before)
    }

    /// Ends the process with the file that is mapped at an address; returns where there is none.
    private static func end(at address: UInt) {
        // The first one ends the process, also where it finds nothing.
        while isEnding.exchange(true, ordering: .relaxed) { pause() }
        guard let path = path(at: address, in: line) else { return }
        say("\nerror: cannot read ")
        _ = write(STDERR_FILENO, path.baseAddress, path.count)
        say(": it was cut short while it was in use, or its disk fails\nWhat was finished or saved before is kept.\n")
        // A parent that watches is told that this is no plug-in's doing.
        CallTrace.end()
        _exit(exitCode)
    }

    private static func say(_ text: StaticString) { _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount) }

    /// The path of the file that is mapped at an address; nil where there is none.
    ///
    /// - Parameters:
    ///   - line: room for a line, in which the path is returned.
    static func path(at address: UInt, in line: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
        let file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var count = 0
        var byte: UInt8 = 0
        while read(file, &byte, 1) == 1 {
            if byte != UInt8(ascii: "\n") {
                if count < line.count { line[count] = byte }
                count += 1
                continue
            }
            let length = min(count, line.count)
            count = 0
            // `start-end rights offset device inode   path`, the numbers in base 16.
            var (bounds, bound, place): ((UInt, UInt), Int, Int) = ((0, 0), 0, 0)
            while place < length, line[place] != UInt8(ascii: " ") {
                let digit = line[place]
                place += 1
                if digit == UInt8(ascii: "-") {
                    bound = 1
                    continue
                }
                let value = UInt(digit >= UInt8(ascii: "a") ? digit &- 87 : digit &- 48)
                if bound == 0 { bounds.0 = bounds.0 << 4 | value } else { bounds.1 = bounds.1 << 4 | value }
            }
            guard address >= bounds.0, address < bounds.1 else { continue }
            while place < length, line[place] != UInt8(ascii: "/") { place += 1 }
            guard place < length, let start = line.baseAddress else { return nil }
            return UnsafeRawBufferPointer(start: start + place, count: length - place)
        }
        return nil
    }
}
