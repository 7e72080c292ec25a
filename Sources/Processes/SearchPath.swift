import Foundation

/// The folders in which programs are looked for.
package enum SearchPath {
    /// The path of a program that `PATH` leads to; nil where there is none.
    ///
    /// - Parameter folders: the value of `PATH`; an empty entry in it is passed over.
    package static func executable(
        _ name: String, in folders: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
    ) -> String? {
        folders.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { path in
            var facts = stat()
            return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
        }
    }
}
