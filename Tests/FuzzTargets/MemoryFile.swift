import Foundation

/// Files for readers that take only those, in a folder that is memory where the system has one.
enum MemoryFile {
    static let folder: String = {
        let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : FileManager.default.temporaryDirectory.path
        let folder = "\(base)/regulus-fuzz-\(getpid())"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: MemoryFile.folder) }
        return folder
    }()

    /// Writes a file; a name with slashes makes the folders that it needs.
    static func write(_ data: Data, _ name: String) {
        let file = URL(fileURLWithPath: "\(folder)/\(name)")
        if name.contains("/") { try? FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true) }
        try? data.write(to: file)
    }
}
