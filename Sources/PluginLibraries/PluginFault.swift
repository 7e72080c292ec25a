/// A plug-in that cannot be used, with the file or folder and the reason.
package struct PluginFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file or folder, as the user named it.
    package let path: String
    /// What is wrong with it, and what would help.
    package let reason: String

    package init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { "plug-in \(path): \(reason)" }
}
