import Foundation

/// Files that others read while they grow.
package enum GrowingFile {
    /// Makes the file at `path` hold `content`.
    ///
    /// Where the file already holds the beginning of the content, the rest is appended, so that a
    /// reader continues where it is; otherwise the file is replaced atomically. Several processes may
    /// do this at once if one's content begins with the other's. Nothing is waited for: what a power failure takes of the file is appended again.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - content: all of its future content.
    ///   - mayHoldMore: whether a file that continues after `content` is left as it is.
    /// - Throws: `FileFault`.
    package static func extend(_ path: String, to content: Data, mayHoldMore: Bool = false) throws(FileFault) {
        let present: Data
        do throws(FileFault) { present = try FileContents.mapped(path) } catch { return try AtomicFile.write(content, to: path, durability: .none) }
        if present == content || mayHoldMore && present.starts(with: content) { return }
        guard content.starts(with: present) else { return try AtomicFile.write(content, to: path, durability: .none) }
        let file = try FileDescriptor(opening: path, flags: O_WRONLY, action: "write")
        // At its offset, not at the end: another process that adds the same writes the same bytes to the same place.
        try file.write(content.dropFirst(present.count), at: present.count)
    }
}
