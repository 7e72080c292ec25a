import Foundation

/// Where messages for people go, so that standard output holds results only.
enum StandardError {
    static func print(_ text: String) { write(text + "\n") }

    /// Writes as far as possible: that nobody can read messages is no reason to end a run.
    static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

    static var isTerminal: Bool { isatty(FileHandle.standardError.fileDescriptor) == 1 }
}
