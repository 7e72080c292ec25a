import Foundation
import Persistence

/// Where the files come from that a recipe extends and includes.
package struct RecipeFiles: Sendable {
    /// The contents of a file.
    package var read: @Sendable (_ path: String) throws(FileFault) -> Data
    /// What relative paths of recipes that are not in a folder of their own refer to; absolute.
    package var currentFolder: String

    package init(currentFolder: String, read: @escaping @Sendable (_ path: String) throws(FileFault) -> Data) {
        self.currentFolder = currentFolder
        self.read = read
    }

    /// The file system.
    package static var disk: RecipeFiles {
        RecipeFiles(currentFolder: FileManager.default.currentDirectoryPath) { (path) throws(FileFault) in
            try FileContents.mapped(path)
        }
    }

    /// A path that stands in a file, as the program has to open it: relative to the folder of that file, `~/` in the home folder.
    static func resolve(_ path: String, in file: String) -> String {
        let path = UserPath.expanded(path)
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return normalized(path) }
        return normalized(file[...slash] + path)
    }

    /// The path from the root.
    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : Self.normalized(currentFolder + "/" + path)
    }

    /// Without `.`, `//` and, where a folder is left again, `..`.
    private static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}

/// A path that a recipe names, as the program has to open it, and where it stands.
package struct LocatedPath: Sendable, Hashable {
    package let path: String
    package let location: SourceLocation

    package init(path: String, location: SourceLocation) {
        self.path = path
        self.location = location
    }
}
