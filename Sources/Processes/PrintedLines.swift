import Foundation

/// The last of what another program printed, as a message quotes it.
///
/// A line of it may be of any length and may hold what a terminal would obey: it is cut, and control characters are left out.
package enum PrintedLines {
    /// How many characters of a line are kept.
    private static let longest = 300
    /// How much of the end of a file is looked at, in bytes.
    private static let tail: UInt64 = 4096

    /// The last lines of a text; blank ones do not count.
    package static func last(_ count: Int, of text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).suffix(count).map { line in
            String(String.UnicodeScalarView(line.unicodeScalars.prefix(longest).filter { $0.properties.generalCategory != .control }))
        }
    }

    /// The last lines of a file, of which only the end is read; none where it cannot be read.
    ///
    /// - Parameter start: the position in the file before which nothing counts.
    package static func last(_ count: Int, ofFile path: String, from start: UInt64 = 0) -> [String] {
        guard let file = FileHandle(forReadingAtPath: path), let size = try? file.seekToEnd() else { return [] }
        try? file.seek(toOffset: max(start, size - min(size, tail)))
        return last(count, of: String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self))
    }
}
