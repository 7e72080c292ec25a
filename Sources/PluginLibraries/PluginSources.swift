import Foundation
import Persistence

/// The Swift files of a plug-in, and the name of its module.
struct PluginSources {
    let files: [String]
    let module: String

    /// A package's library (`Sources/<Module>`), or else the Swift files that lie in the folder itself.
    ///
    /// - Throws: `PluginFault` where there are none, or several to choose from.
    init(folder: String) throws(PluginFault) {
        guard Folder.exists(folder) else { throw PluginFault(folder, "there is no such folder") }
        let sources = folder + "/Sources"
        guard Folder.exists(sources) else {
            let files = try Self.swiftFiles(in: folder).filter { !$0.hasSuffix("/Package.swift") && !$0.hasSuffix("Tests.swift") }
            guard !files.isEmpty else { throw PluginFault(folder, "it has no Swift files, nor a folder Sources") }
            let name = URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
            guard let plugin = PluginName(typed: name) else {
                throw PluginFault(folder, "'\(name)' cannot be the name of a Swift module; rename the folder")
            }
            self.files = files
            module = plugin.type
            return
        }
        var candidates: [(name: String, files: [String])] = []
        for name in try Self.names(in: sources) where Folder.exists("\(sources)/\(name)") {
            let files = try Self.swiftFiles(in: "\(sources)/\(name)")
            // A program around the plug-in is no part of the library.
            if !files.isEmpty, !files.contains(where: { $0.hasSuffix("/main.swift") }) { candidates.append((name, files)) }
        }
        guard let only = candidates.first, candidates.count == 1 else {
            let found = candidates.isEmpty ? "none" : candidates.map(\.name).joined(separator: ", ")
            throw PluginFault(sources, "it should hold one library target; found \(found)")
        }
        guard PluginName.isIdentifier(only.name) else {
            throw PluginFault("\(sources)/\(only.name)", "'\(only.name)' cannot be the name of a Swift module; rename the folder")
        }
        (module, files) = only
    }

    private static func names(in folder: String) throws(PluginFault) -> [String] {
        do throws(FileFault) { return try Folder.names(in: folder) } catch { throw PluginFault(error.path, error.reason) }
    }

    private static func swiftFiles(in folder: String) throws(PluginFault) -> [String] {
        var files: [String] = []
        for name in try names(in: folder) {
            let path = "\(folder)/\(name)"
            if name.hasSuffix(".swift"), !Folder.exists(path) { files.append(path) }
            // A folder of tests or of an earlier build is not the plug-in.
            if Folder.exists(path), !["Tests", "Sources"].contains(name) { files += try swiftFiles(in: path) }
        }
        return files
    }
}
