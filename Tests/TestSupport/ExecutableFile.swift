import Foundation

/// A program of a test's own, such as a shell script.
package enum ExecutableFile {
    /// Writes it by another process.
    ///
    /// What this process writes itself cannot be started while a child that another test forked meanwhile still has the file open ("Text file busy").
    package static func write(_ text: String, to file: URL) throws {
        let source = file.appendingPathExtension("text")
        try Data(text.utf8).write(to: source)
        let copying = Process()
        copying.executableURL = URL(fileURLWithPath: "/bin/sh")
        copying.arguments = ["-c", #"cp "$0" "$1" && chmod 755 "$1" && rm "$0""#, source.path, file.path]
        try copying.run()
        copying.waitUntilExit()
        guard copying.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
}
