import Foundation

/// A temporary folder for generated media, removed with its owner.
package final class MediaFolder: Sendable {
    package let path: String

    package init() throws {
        path = NSTemporaryDirectory() + "regulus-media-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file below the folder, whose own folder is made.
    package func file(_ name: String) throws -> String {
        let full = "\(path)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (full as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        return full
    }

    package func write(_ data: Data, to name: String) throws -> String {
        let full = try file(name)
        try data.write(to: URL(fileURLWithPath: full))
        return full
    }
}
