import Foundation

/// The folder of a run folder in which everything about submitted workers lies.
///
/// ```
/// worker.sh            the script of each worker
/// array.json           which workers were submitted: ArrayRecord
/// <array>_<worker>.log what a worker says
/// <worker>.json        what it is at
/// ```
package struct LaunchFolder: Hashable, Sendable {
    package let path: String

    package init(_ url: URL) { path = url.path }

    package var script: String { "\(path)/worker.sh" }
    package var record: String { "\(path)/array.json" }
    package func log(_ id: WorkerID) -> String { "\(path)/\(id).log" }
    package func progress(_ worker: Int) -> String { "\(path)/\(worker).json" }

    /// The last lines of what a worker said, indented; nil where it said nothing.
    package func excerpt(_ id: WorkerID, lines count: Int = 4) -> String? {
        guard let file = FileHandle(forReadingAtPath: log(id)) else { return nil }
        defer { try? file.close() }
        let size = (try? file.seekToEnd()) ?? 0
        try? file.seek(toOffset: size > 4096 ? size - 4096 : 0)
        let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).suffix(count).map { line in
            "  " + String(String.UnicodeScalarView(line.unicodeScalars.prefix(300).filter { $0.properties.generalCategory != .control }))
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}
