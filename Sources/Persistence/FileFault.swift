import Foundation

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

    static let isFolder = "it is a folder, not a file"
    private static let reasonsOfKind = Set([EISDIR, ENOTDIR, EEXIST].map { String(cString: strerror($0)) } + [isFolder])
}
