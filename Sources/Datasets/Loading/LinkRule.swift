import Configuration
import Foundation
import Synchronization

/// What becomes of a symbolic link that leads out of the folder of a table, or of a folder of arrays; the option `links` of a recipe.
///
/// Such a table or folder may come from anybody: what it names is read from its own folder and from nowhere else, whatever way a path takes
/// there: `..`, the beginning of the file system, or a link. Where one's own links lead to a scratch disk, `follow` says so.
public enum LinkRule: String, CaseIterable, Sendable {
    /// A link that leads out of the folder is refused.
    case inside
    /// Links are followed wherever they lead.
    case follow

    /// The option that chooses between them.
    static let summary = "symbolic links that lead out of the folder of a table or of arrays are refused (inside) or followed (follow)"
}

/// A folder that files are read from by the names that a table or the folder itself gives.
///
/// The file system is asked once for each folder below it, and once for each file.
final class ConfinedFolder: Sendable {
    /// The folder, as it was given.
    let path: String
    private let rule: LinkRule
    /// Where the folder really is, with a slash at its end; nil where it cannot be said.
    private let real: String?
    /// For each folder below it that was met, whether it lies inside.
    private let known = Mutex<[String: Bool]>([:])

    /// - Parameters:
    ///   - path: of the folder, which may itself be a link: it is the user who names it.
    ///   - rule: what becomes of links below it.
    init(_ path: String, _ rule: LinkRule) {
        (self.path, self.rule) = (path, rule)
        real = Self.real(path).map { $0 == "/" ? $0 : $0 + "/" }
    }

    /// Whether a path below the folder leaves it by its text: it begins at the top of the file system, or climbs.
    static func climbs(_ text: String) -> Bool { text.hasPrefix("/") || text.split(separator: "/").contains("..") }

    /// Whether a link on the way to a file leads out of the folder. A file that is not there, and links in a circle, do not: whoever opens them
    /// says what is wrong.
    ///
    /// - Parameter text: the path below the folder.
    func isLeft(by text: String) -> Bool {
        guard rule == .inside, let real else { return false }
        func isOutside(_ path: String) -> Bool { Self.real(path).map { !($0 + "/").hasPrefix(real) } ?? false }
        let file = "\(path)/\(text)"
        if let slash = text.lastIndex(of: "/") {
            let folder = String(text[..<slash])
            let isOut = known.withLock { $0[folder] }
            if let isOut {
                if isOut { return true }
            } else {
                let isOut = isOutside("\(path)/\(folder)")
                known.withLock { $0[folder] = isOut }
                if isOut { return true }
            }
        }
        var facts = stat()
        guard lstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFLNK else { return false }
        return isOutside(file)
    }

    /// Where a path leads once all links are followed; nil where it leads nowhere.
    private static func real(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }
}
