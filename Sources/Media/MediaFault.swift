import Foundation

/// Why a picture, a video or a sound cannot be used: which file, and why.
package struct MediaFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as the caller named it.
    package let path: String
    /// What is wrong, in a phrase without a full stop.
    package let reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { "\(path): \(reason)" }

    /// The fault of a file that is missing, no regular file or empty; nil where there is something to decode.
    ///
    /// FFmpeg answers an empty file with "end of file" and a folder with "invalid data"; this names what is there.
    static func beforeOpening(_ path: String) -> MediaFault? {
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            return MediaFault(path: path, reason: errno == ENOENT ? "there is no such file" : String(cString: strerror(errno)))
        }
        guard facts.st_mode & S_IFMT == S_IFREG else { return MediaFault(path: path, reason: "not a regular file") }
        return facts.st_size == 0 ? MediaFault(path: path, reason: "the file is empty") : nil
    }
}
