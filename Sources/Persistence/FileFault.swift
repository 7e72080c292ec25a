import Foundation

/// Something the file system refused, with the path and the system's own reason.
package struct FileFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done, as it reads after "cannot": `write`, `read`, `rename to` …
    package let action: String
    /// The file or folder concerned, as the caller named it.
    package let path: String
    /// Why: the text of `strerror` or a sentence.
    package let reason: String

    package init(action: String, path: String, reason: String) {
        self.action = action
        self.path = path
        self.reason = reason
    }

    /// A fault from the current value of `errno`, or from `code` where it was kept.
    package init(action: String, path: String, code: Int32 = errno) {
        self.init(action: action, path: path, reason: String(cString: strerror(code)))
    }

    package var description: String { "cannot \(action) \(path): \(reason)" }
}
