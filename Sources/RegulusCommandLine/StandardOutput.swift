import Foundation

/// Where results go. Writing never crashes: a full disk or a closed descriptor becomes a message.
enum StandardOutput {
    /// Unsafe only in name: it is changed once, at the start.
    nonisolated(unsafe) private static var file = FileHandle.standardOutput

    /// Keeps the output for this program's own results: whatever else is printed goes where messages go.
    static func keepForResults() {
        let own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 5)
        guard own >= 0 else { return }
        file = FileHandle(fileDescriptor: own, closeOnDealloc: false)
        dup2(STDERR_FILENO, STDOUT_FILENO)
    }

    /// Writes one line, or several, at once.
    ///
    /// - Throws: `CommandFault` where the output cannot be written, so that nobody takes a lost result for a success.
    static func print(_ text: String) throws(CommandFault) {
        do {
            try file.write(contentsOf: Data((text + "\n").utf8))
        } catch {
            throw .failure("error: cannot write to standard output: \(error.localizedDescription)")
        }
    }
}
