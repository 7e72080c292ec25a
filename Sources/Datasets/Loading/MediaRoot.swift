import Configuration
import Foundation
import Media
import Persistence

/// The folder of a data set on disk, and what is expected below it.
enum MediaRoot {
    /// Checks that a data set's split folder is where it belongs and that media can be decoded.
    ///
    /// - Parameter layout: the files below the root, one pattern a line.
    /// - Throws: `DatasetFault` that prints the layout and what was found instead.
    static func check(_ root: String, splits: String, layout: [String]) throws(DatasetFault) {
        guard FFmpegSupport.isAvailable else { throw DatasetFault(message: FFmpegSupport.remedy) }
        guard !Folder.exists("\(root)/\(splits)") else { return }
        let expected = "below the root:\n" + layout.map { "    " + $0 }.joined(separator: "\n")
        guard Folder.exists(root) else {
            throw DatasetFault(option: "root", message: "option root: there is no folder \(root)", expected: expected)
        }
        let names = ((try? Folder.names(in: root)) ?? []).prefix(12)
        let found = names.isEmpty ? "it is empty" : "found " + names.joined(separator: ", ")
        // A user often names the folder above or the one inside.
        let nested = names.first { Folder.exists("\(root)/\($0)/\(splits)") }
        throw DatasetFault(
            option: "root", message: "option root: there is no folder \(splits) in \(root); \(found)", expected: expected,
            suggestion: nested.map { "\(root)/\($0)" })
    }
}
