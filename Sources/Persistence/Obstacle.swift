import Foundation

/// Something of another kind in the place of a file or a folder: nothing can be written there until somebody has moved it.
///
/// It is not this program's to remove, since a program writes no folder where it keeps a file, and what is in it would be lost.
package struct Obstacle: Hashable, Sendable, CustomStringConvertible {
    /// What belongs in a place.
    package enum Place: Sendable { case file, folder }

    package let path: String
    private let isFolder: Bool

    /// What is in the way of a file or a folder; nil where nothing is.
    ///
    /// A link to a folder is a folder where one belongs; a file takes the place of any link. A named pipe or a device in the place of a file is
    /// no obstacle either: a file that is written takes its name.
    package init?(at path: String, of place: Place) {
        var facts = stat()
        let parent = Folder.parent(of: path)
        if (place == .folder ? stat(path, &facts) : lstat(path, &facts)) == 0 {
            let isFolder = facts.st_mode & S_IFMT == S_IFDIR
            guard isFolder != (place == .folder) else { return nil }
            self.init(path: path, isFolder: isFolder)
        } else if errno == ENOTDIR, !parent.isEmpty, parent != path {
            self.init(at: parent, of: .folder)
        } else if place == .folder, Folder.isLink(path) {
            // It leads nowhere, and cannot become a folder.
            self.init(path: path, isFolder: false)
        } else {
            return nil
        }
    }

    private init(path: String, isFolder: Bool) {
        self.path = path
        self.isFolder = isFolder
    }

    package var description: String { isFolder ? "\(path) is a folder, where a file belongs" : "\(path) is not the folder that belongs there" }
}
