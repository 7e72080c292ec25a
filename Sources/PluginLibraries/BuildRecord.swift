import Foundation
import Persistence
import Processes

/// How this program was compiled: the modules in its folder, and the compiler arguments that SwiftPM
/// recorded for the module `Regulus`.
///
/// SwiftPM writes `description.json` into the folder of the modules; the arguments for C modules
/// (module maps, header folders) are recorded nowhere else.
package struct BuildRecord {
    /// The folder of `.swiftmodule` files.
    let modules: String
    /// The compiler's path.
    let compiler: String
    /// What a compiler needs in order to import the modules.
    let arguments: [String]
    /// Where the compiler kept the C modules that it had read; nil where that is not recorded.
    private let moduleCache: String?
    /// The folder of Regulus's own package, where its sources are still there.
    package let package: String?

    /// - Parameter executable: the program's file, in the folder where SwiftPM built it.
    /// - Throws: `PluginFault` where it is not in the folder it was built in, or that folder was built
    ///   again since.
    package init(executable: String) throws(PluginFault) {
        let file = URL(fileURLWithPath: executable).resolvingSymlinksInPath()
        let folder = file.deletingLastPathComponent()
        modules = folder.appendingPathComponent("Modules").path
        let module = "\(modules)/Regulus.swiftmodule"
        guard let moduleDate = Self.date(module), let programDate = Self.date(file.path) else {
            throw PluginFault(
                modules, "the modules that this program was built from are missing; build Regulus from source and run the program in .build")
        }
        guard moduleDate <= programDate else {
            throw PluginFault(module, "the module is newer than the program \(file.path); build the program again first")
        }
        let record = folder.appendingPathComponent("description.json").path
        guard let text = FileManager.default.contents(atPath: record).map({ String(decoding: $0, as: UTF8.self) }),
            let description = try? JSONSerialization.jsonObject(with: Data(Self.placed(text, in: folder.path).utf8)) as? [String: Any],
            let commands = description["swiftCommands"] as? [String: [String: Any]],
            let command = commands.values.first(where: { $0["moduleName"] as? String == "Regulus" }),
            let recorded = command["executable"] as? String, let arguments = command["otherArguments"] as? [String]
        else {
            throw PluginFault(record, "SwiftPM's record of the build is missing or of an unknown form; build with `swift build`")
        }
        guard let compiler = Self.compiler(recorded: recorded) else {
            throw PluginFault(
                recorded, "the Swift compiler that built this program is not here, and there is no swiftc in PATH; plug-ins are compiled with that toolchain")
        }
        self.compiler = compiler
        // An installed program brings the headers that its modules were built with; they come before those of this machine.
        let headers = folder.appendingPathComponent("include").path
        self.arguments = (Folder.exists(headers) ? ["-I", headers] : []) + Self.importing(arguments)
        moduleCache = arguments.firstIndex(of: "-module-cache-path").flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
        let source = (command["sources"] as? [String])?.first.map { URL(fileURLWithPath: $0) }
        // Sources/Regulus/<file> in its package.
        let root = source?.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
        package = root.flatMap { FileManager.default.fileExists(atPath: $0 + "/Package.swift") ? $0 : nil }
    }

    /// Whether the program has a module of a name, which none beside it can have.
    package func hasModule(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(modules)/\(name).swiftmodule") }

    /// The record of an installed program, which writes its own folder as `@REGULUS@` so that the
    /// program can be moved.
    static func placed(_ record: String, in folder: String) -> String { record.replacing("@REGULUS@", with: folder) }

    /// The compiler that is used: the one that built the program, otherwise, on another machine, the one that `PATH` leads to. A compiler of another
    /// version says so itself when it reads the modules.
    static func compiler(recorded: String, path: String = ProcessInfo.processInfo.environment["PATH"] ?? "") -> String? {
        FileManager.default.isExecutableFile(atPath: recorded) ? recorded : SearchPath.executable("swiftc", in: path)
    }

    /// A folder for the C modules that the compiler reads: the build's own where this user may write in it, otherwise one that the user's plug-ins
    /// share.
    ///
    /// - Parameter spare: the folder to use where the user has none.
    func moduleCache(otherwise spare: String, in environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        if let moduleCache, Folder.exists(moduleCache), access(moduleCache, W_OK) == 0 { return moduleCache }
        let caches = environment["XDG_CACHE_HOME"] ?? environment["HOME"].map { $0 + "/.cache" }
        guard let folder = caches.map({ $0 + "/regulus/modules" }), folder.hasPrefix("/"), (try? Folder.create(folder)) != nil,
            access(folder, W_OK) == 0
        else { return spare }
        return folder
    }

    /// Those of a module's arguments that say what can be imported and for which machine.
    static func importing(_ arguments: [String]) -> [String] {
        var kept: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if ["-Xcc", "-target", "-sdk", "-resource-dir"].contains(argument), let value = rest.popFirst() {
                kept += [argument, value]
            } else if argument.hasPrefix("-I"), argument.count > 2 {
                kept.append(argument)
            }
        }
        return kept
    }

    private static func date(_ path: String) -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }
}

/// One build of the program: what a plug-in library is compiled for.
package struct ProgramBuild: Sendable, Hashable {
    /// The program's file.
    package let executable: String
    /// SHA-256 of that file: equal only where compiler, framework and options were.
    package let fingerprint: String

    /// - Throws: `PluginFault` where the program cannot read its own file.
    package init(executable: String) throws(PluginFault) {
        self.executable = executable
        do throws(FileFault) {
            fingerprint = try SHA256Digest(ofFile: executable).hex
        } catch {
            throw PluginFault(executable, "the program cannot read its own file (\(error.reason))")
        }
    }

    /// The running program, also where its file has been replaced since it started.
    package static let running = "/proc/self/exe"
}
