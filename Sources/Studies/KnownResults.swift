import Foundation
import Results

/// Results that were read whole, with the files beside them, so that a command reads each once, however many of its steps ask for it.
///
/// A result counts as long as its file is the one that was read: another that took its place, or one that was written to, is not known.
package struct KnownResults: Sendable {
    /// Which file lies at a path, and in which state.
    struct Mark: Hashable {
        private let device: UInt64
        private let number: UInt64
        private let size: Int64
        /// When anything of it was changed last; no program can set that time.
        private let changed: [Int]

        /// Nil where there is no file.
        init?(of file: URL) {
            var facts = stat()
            guard stat(file.path, &facts) == 0 else { return nil }
            (device, number, size) = (UInt64(facts.st_dev), UInt64(facts.st_ino), Int64(facts.st_size))
            changed = [facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec]
        }
    }

    private var results: [URL: (mark: Mark, result: TrialResult)] = [:]

    package init() {}

    /// - Parameter mark: of the file before it was read, so that whoever replaced it in the meantime is noticed.
    mutating func add(_ result: TrialResult, at file: URL, marked mark: Mark?) {
        if let mark { results[file] = (mark, result) }
    }

    /// The result in a file; nil where it has to be read.
    func result(at file: URL) -> TrialResult? {
        guard let known = results[file], known.mark == Mark(of: file) else { return nil }
        return known.result
    }
}
