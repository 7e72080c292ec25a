import Foundation

/// Where results go. Writing never crashes: a full disk or a closed descriptor becomes a message.
enum StandardOutput {
    /// Writes one line, or several, at once.
    ///
    /// - Throws: `CommandFault` where the output cannot be written, so that nobody takes a lost result for a success.
    static func print(_ text: String) throws(CommandFault) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
        } catch {
            throw .failure("error: cannot write to standard output: \(error.localizedDescription)")
        }
    }
}
