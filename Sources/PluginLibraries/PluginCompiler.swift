import Foundation
import Persistence
import Processes

/// Compiles a folder of Swift files to a library that one build of the program can load.
///
/// The library contains the plug-in alone. Everything it uses from the framework is left unresolved and
/// found in the program when it is loaded, so that every type exists once.
package struct PluginCompiler {
    /// How long the compiler may take, in seconds.
    private static let patience = 600.0

    private let build: ProgramBuild
    private let record: BuildRecord

    /// - Throws: `PluginFault` where the program's modules or its compiler are missing.
    package init(for build: ProgramBuild) throws(PluginFault) {
        self.build = build
        record = try BuildRecord(executable: build.executable)
        guard let program = try? FileContents.mapped(build.executable), program.range(of: Data("libswiftCore.so".utf8)) != nil else {
            throw PluginFault(build.executable, "this program contains the Swift runtime (-static-stdlib), which libraries could not share")
        }
    }

    /// Compiles the plug-in in a folder.
    ///
    /// - Parameter output: the library to write; `lib<Module>.so` in the folder by default.
    /// - Returns: the library's path.
    /// - Throws: `PluginFault` with the compiler's messages. An older library is untouched then.
    package func compile(_ folder: String, to output: String? = nil) throws(PluginFault) -> String {
        let sources = try PluginSources(folder: folder)
        let output = output ?? "\(folder)/lib\(sources.module).so"
        let temporary = FileManager.default.temporaryDirectory.appendingPathComponent("regulus-plugin-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        do {
            try Folder.create(temporary)
            let entry = "\(temporary)/RegulusEntry.swift"
            let library = "\(temporary)/library.so"
            let text = PluginRecord(build: build.fingerprint, module: sources.module, compiler: try compilerVersion()).text
            try AtomicFile.write(Self.entry(record: text), to: entry)
            try run(sources, entry: entry, library: library, folder: folder, moduleCache: record.moduleCache(otherwise: "\(temporary)/modules"))
            try AtomicFile.write(try sealed(library, folder: folder), to: output)
        } catch let fault as PluginFault {
            throw fault
        } catch {
            throw PluginFault(folder, "\(error)")
        }
        return output
    }

    private func run(_ sources: PluginSources, entry: String, library: String, folder: String, moduleCache: String) throws {
        // The compiler would call it a circular dependency.
        guard !record.hasModule(sources.module) else {
            throw PluginFault(
                folder, "its module is called \(sources.module), and Regulus has one of that name; call the folder in Sources and its target otherwise")
        }
        let arguments =
            ["-O", "-whole-module-optimization", "-parse-as-library", "-swift-version", "6", "-emit-library", "-module-name", sources.module]
            + ["-module-cache-path", moduleCache, "-I", record.modules] + record.arguments
            // Found in the program when the library is loaded.
            + ["-Xlinker", "--unresolved-symbols=ignore-all", "-o", library, entry] + sources.files
        let child = try ChildProcess.run(record.compiler, arguments, limit: Self.patience)
        if case .timeout = child.end { throw PluginFault(folder, "the compiler \(record.compiler) did not end within \(Int(Self.patience)) s") }
        guard child.end == .code(0) else {
            let messages = (child.output + child.messages).trimmingCharacters(in: .whitespacesAndNewlines)
            throw PluginFault(folder, "it does not compile\n\(messages)\(Self.hint(for: messages))")
        }
    }

    /// What to do about errors that do not say so themselves.
    private static func hint(for messages: String) -> String {
        if messages.contains("cannot find 'register' in scope") {
            return "\nA plug-in needs a function `public func register(in registrar: inout PluginRegistrar) throws`."
        }
        if messages.contains("could not build C module") {
            return "\nA header is missing. swift.org names what its toolchain needs on each system; on Debian, libc6-dev, libstdc++-dev and gcc."
        }
        return ""
    }

    private func sealed(_ path: String, folder: String) throws -> Data {
        let data = try FileContents.mapped(path)
        do throws(ELFFile.Fault) {
            let file = try ELFFile(library: data)
            guard let section = file.place(ofSection: PluginRecord.sectionName), let sealed = PluginRecord.sealed(data, section: section) else {
                throw ELFFile.Fault("has no record of its build")
            }
            return sealed
        } catch {
            throw PluginFault(folder, "the file that the compiler wrote \(error.reason)")
        }
    }

    private func compilerVersion() throws(PluginFault) -> String {
        let child = try? ChildProcess.run(record.compiler, ["--version"], limit: 60)
        guard let line = child?.output.split(separator: "\n").first else {
            throw PluginFault(record.compiler, "the Swift compiler does not run")
        }
        return String(line)
    }

    /// The file that makes a library of a plug-in: its record as constant data, and its entry point.
    private static func entry(record: String) -> String {
        var bytes = Array(record.utf8)
        bytes += Array(repeating: 0, count: 8 - bytes.count % 8)
        let words = stride(from: 0, to: bytes.count, by: 8).map { start in
            bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        return """
            import Registration

            @section("\(PluginRecord.sectionName)") @used
            private let regulusRecord: (\(words.map { _ in "UInt64" }.joined(separator: ", "))) = (
                \(words.map { "0x" + String($0, radix: 16) }.joined(separator: ", "))
            )

            @_cdecl("\(PluginRecord.entryPoint)")
            public func regulusRegister(_ registrar: UnsafeMutableRawPointer) {
                PluginRegistrar.enter(registrar) { try register(in: &$0) }
            }

            """
    }
}
