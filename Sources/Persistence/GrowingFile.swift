import Foundation

/// Files that others read while they grow.
package enum GrowingFile {
    /// Brings the file at `path` to `content`.
    ///
    /// To a file that holds a beginning of it the rest is added, so that a reader goes on where it stands; anything else is replaced
    /// atomically. Several processes may bring one file to contents of which one begins with the other.
    ///
    /// - Parameter mayHoldMore: whether a file that goes on after `content` is left as it is.
    /// - Throws: `FileFault`.
    package static func extend(_ path: String, to content: Data, mayHoldMore: Bool = false) throws(FileFault) {
        let present: Data
        do throws(FileFault) { present = try FileContents.mapped(path) } catch { return try AtomicFile.write(content, to: path) }
        if present == content || mayHoldMore && present.starts(with: content) { return }
        guard content.starts(with: present) else { return try AtomicFile.write(content, to: path) }
        let file = try FileDescriptor(opening: path, flags: O_WRONLY, action: "write")
        // At its place, not at the end: whoever else adds the same writes the same bytes to the same place.
        try file.write(content.dropFirst(present.count), at: present.count)
    }
}
