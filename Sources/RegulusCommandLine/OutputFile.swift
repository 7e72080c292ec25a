import Foundation

/// A file that a command writes.
enum OutputFile {
    /// Refuses an output that is one of the files that it is made from: the old file would be gone, with all that the new one does not hold.
    ///
    /// - Parameter inputs: paths that are read; what is no file is passed over.
    /// - Throws: `CommandFault` where it is one of them, under whatever name.
    static func check(_ path: String, isNoneOf inputs: [String]) throws(CommandFault) {
        guard let file = Identity(path), let input = inputs.first(where: { Identity($0) == file }) else { return }
        throw .input("error: \(path) is the file that is read\(input == path ? "" : " as \(input)"), and would be replaced; choose another name")
    }

    /// Which file a path leads to.
    private struct Identity: Equatable {
        let device: dev_t
        let number: ino_t

        /// Nil where there is no ordinary file.
        init?(_ path: String) {
            var facts = stat()
            guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
            (device, number) = (facts.st_dev, facts.st_ino)
        }
    }
}
