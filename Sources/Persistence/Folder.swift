import Foundation

/// Makes and lists folders, with the system's reason where that fails.
package enum Folder {
    /// Makes the folder at `path` and those above it; it may exist already.
    package static func create(_ path: String) throws(FileFault) {
        if mkdir(path, 0o777) == 0 { return }
        let code = errno
        if code == EEXIST, exists(path) { return }
        let parent = Folder.parent(of: path)
        guard code == ENOENT, !parent.isEmpty, parent != path else {
            throw FileFault(action: "create folder", path: path, code: code)
        }
        try create(parent)
        guard mkdir(path, 0o777) == 0 || (errno == EEXIST && exists(path)) else {
            throw FileFault(action: "create folder", path: path)
        }
    }

    /// The path of the folder that a file or folder lies in; empty for a name without a folder, `/` for what lies at the top.
    ///
    /// Foundation's own function ends the process where the path is a single character.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
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
            let parent = Folder.parent(of: path)
            return path.isEmpty || parent == path ? nil : freeBytes(at: parent)
        }
        return freeBytes(facts)
    }

    /// Some file systems, such as those in front of an object store, name more blocks than can be counted.
    static func freeBytes(_ facts: statvfs) -> Int {
        let (bytes, overflows) = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
        return overflows ? .max : Int(clamping: bytes)
    }

    /// Bytes that the files in the folder at `path` and below it occupy; holes in them take none.
    package static func occupiedBytes(at path: String) -> Int {
        let files = FileManager.default.enumerator(atPath: path)
        var sum = 0
        while let name = files?.nextObject() as? String {
            var facts = stat()
            if stat("\(path)/\(name)", &facts) == 0, facts.st_mode & S_IFMT == S_IFREG { sum += min(Int(facts.st_blocks), 1 << 40) * 512 }
        }
        return sum
    }
}
