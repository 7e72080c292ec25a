import Foundation
import Persistence
import Results

/// Puts a report into the run folder.
package struct ReportWriter: Sendable {
    private let write: @Sendable (Data, URL) throws -> Void

    /// - Parameter write: how one file is written; atomically, so that a reader never sees half a report.
    package init(write: @escaping @Sendable (Data, URL) throws -> Void = { try AtomicFile.write($0, to: $1.path) }) {
        self.write = write
    }

    /// Writes `report.md` and `report.csv`, replacing those of an earlier report.
    ///
    /// - Throws: what writing throws, for example when the folder cannot be written to.
    package func write(_ report: Report, to folder: RunFolder) throws {
        try write(Data(report.document().markdown().utf8), folder.markdownReport)
        try write(Data(report.csv().utf8), folder.csvReport)
    }
}
