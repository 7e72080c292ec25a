import Foundation

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
