import Foundation

/// Makes and lists folders, with the system's reason where that fails.
package enum Folder {
    /// Makes the folder at `path` and those above it; it may exist already.
    package static func create(_ path: String) throws(FileFault) {
        if mkdir(path, 0o777) == 0 { return }
        let code = errno
        if code == EEXIST, exists(path) { return }
        let parent = (path as NSString).deletingLastPathComponent
        guard code == ENOENT, !parent.isEmpty, parent != path else {
            throw FileFault(action: "create folder", path: path, code: code)
        }
        try create(parent)
        guard mkdir(path, 0o777) == 0 || (errno == EEXIST && exists(path)) else {
            throw FileFault(action: "create folder", path: path)
        }
    }

    /// Creates the folder at `path` for files of this program only: a symbolic link in its place is
    /// removed, and its target is left alone.
    package static func createReplacingLink(_ path: String) throws(FileFault) {
        if isLink(path), unlink(path) != 0, errno != ENOENT { throw FileFault(action: "replace the link", path: path) }
        try create(path)
    }

    /// Whether `path` itself is a symbolic link.
    package static func isLink(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFLNK
    }

    /// Removes the folder at `path` with everything in it, as far as possible. Symbolic links are
    /// removed, not followed.
    package static func remove(_ path: String) {
        if isLink(path) {
            unlink(path)
            return
        }
        guard let stream = opendir(path) else { return }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(stream)
        for name in names {
            let inside = "\(path)/\(name)"
            var facts = stat()
            if lstat(inside, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR { remove(inside) } else { unlink(inside) }
        }
        rmdir(path)
    }

    /// Whether `path` is a folder.
    package static func exists(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in the folder at `path`, sorted, without those that begin with a dot.
    package static func names(in path: String) throws(FileFault) -> [String] {
        guard let stream = opendir(path) else { throw FileFault(action: "list", path: path) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// Bytes that may still be written where the folder at `path` is, or would come to be; nil where the system does not say.
    package static func freeBytes(at path: String) -> Int? {
        var facts = statvfs()
        guard statvfs(path.isEmpty ? "." : path, &facts) == 0 else {
            let parent = (path as NSString).deletingLastPathComponent
            return path.isEmpty || parent == path ? nil : freeBytes(at: parent)
        }
        return Int(facts.f_bavail) * Int(facts.f_frsize)
    }

    /// Bytes that the files in the folder at `path` and below it occupy; holes in them take none.
    package static func occupiedBytes(at path: String) -> Int {
        let files = FileManager.default.enumerator(atPath: path)
        var sum = 0
        while let name = files?.nextObject() as? String {
            var facts = stat()
            if stat("\(path)/\(name)", &facts) == 0, facts.st_mode & S_IFMT == S_IFREG { sum += Int(facts.st_blocks) * 512 }
        }
        return sum
    }
}

/// A path as a user writes it, in a recipe or as an argument.
///
/// One rule holds for all of them: `~`, and what begins with `~/`, refers to the home folder, which is
/// taken from the variable `HOME` or else from the system's list of users. Everything else is taken
/// literally; a name such as `~user` has no special meaning. Relative paths count from the folder of
/// the file that contains them; those of arguments count from the current folder.
package enum UserPath {
    /// The path that the system can open, in which nothing is left for a library to expand.
    ///
    /// - Parameter home: the home folder; by default that of the process.
    package static func expanded(_ text: String, home: String? = nil) -> String {
        guard text.hasPrefix("~") else { return text }
        guard text == "~" || text.hasPrefix("~/") else { return "./" + text }
        return (home ?? homeFolder) + text.dropFirst()
    }

    private static var homeFolder: String {
        if let variable = getenv("HOME"), variable.pointee != 0 { return String(cString: variable) }
        guard let entry = getpwuid(getuid()), let folder = entry.pointee.pw_dir else { return "/" }
        return String(cString: folder)
    }
}
