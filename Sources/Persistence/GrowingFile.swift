import Foundation

/// A file that others read while it grows, piece by piece.
///
/// What is appended is written behind the bytes that are known to be as they should; nothing before them is read or written again, so that a
/// piece costs the same however long the file has become. Nothing is waited for: a file that must survive a power failure is an `AtomicFile`
/// or a `SealedLog`. What a kill or a power failure leaves of the last piece is cut off when the file is gone on with, for which its reader has
/// to tell a whole piece from a torn one.
package struct GrowingFile: Sendable {
    private let path: String
    /// How many bytes are as they should be.
    package private(set) var count: Int
    /// Whether something may lie behind them.
    private var mayHoldMore: Bool

    /// Begins the file anew; what was there is replaced at once, so that a reader sees the old file or the new one.
    ///
    /// - Throws: `FileFault`.
    package init(beginning content: Data, at path: String) throws(FileFault) {
        try AtomicFile.write(content, to: path, durability: .none)
        (self.path, count, mayHoldMore) = (path, content.count, false)
    }

    /// Goes on with a file that is there.
    ///
    /// - Parameter count: how many of its bytes are as they should be; what lies behind them is cut off when something is appended.
    package init(continuing path: String, keeping count: Int) {
        (self.path, self.count, mayHoldMore) = (path, count, true)
    }

    /// Appends a piece.
    ///
    /// Several processes may append the same pieces at once: each writes the same bytes to the same place.
    ///
    /// - Throws: `FileFault`, also where the file is no longer there.
    package mutating func append(_ piece: Data) throws(FileFault) {
        let file = try FileDescriptor(opening: path, flags: O_WRONLY, action: "append to")
        if mayHoldMore { try file.truncate(to: count) }
        mayHoldMore = false
        try file.write(piece, at: count)
        count += piece.count
    }
}
