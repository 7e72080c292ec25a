import Foundation

/// A path as a user writes it, in a recipe or as an argument.
///
/// One rule holds for all of them: `~` and what begins with `~/` lies in the home folder, which the variable `HOME` names, or where there is
/// none the system's list of users. Everything else is taken as it stands; a name such as `~user` has no meaning of its own. Relative paths
/// count from the folder of the file in which they stand, those of arguments from the current folder.
package enum UserPath {
    /// The path that the system can open, in which nothing is left for a library to expand by a rule of its own.
    ///
    /// - Parameter home: the home folder; that of the process unless said otherwise.
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
