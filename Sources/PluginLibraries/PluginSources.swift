import Foundation
import Persistence

/// The Swift files of a plug-in, and the name of its module.
struct PluginSources {
    let files: [String]
    let module: String

    /// The files of a package's library (`Sources/<Module>`), otherwise those in the folder itself.
    ///
    /// - Throws: `PluginFault` where there are none, or several libraries to choose from.
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
            // A program in the same package is not part of the library.
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

/// A plug-in's name as recipes write it, and as a Swift type.
package struct PluginName: Hashable, Sendable {
    /// `entropy-bonus`.
    package let kebab: String
    /// `EntropyBonus`.
    package let type: String

    /// - Returns: nil for anything but lowercase letters, digits and single hyphens between them, beginning with a letter.
    package init?(_ kebab: String) {
        let words = kebab.split(separator: "-", omittingEmptySubsequences: false)
        let isLegal = words.allSatisfy { word in
            !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        }
        guard isLegal, kebab.utf8.count <= 64, let first = kebab.utf8.first, (0x61...0x7A).contains(first) else { return nil }
        self.kebab = kebab
        type = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// A name that may already be that of a type.
    init?(typed name: String) {
        if let plugin = PluginName(name) {
            self = plugin
        } else if Self.isIdentifier(name) {
            (kebab, type) = (name.lowercased(), name)
        } else {
            return nil
        }
    }

    /// Whether a module can be called so.
    static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
        }
    }
}
