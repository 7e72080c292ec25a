import Foundation
import Processes
import Registration

/// Loads plug-in libraries into the running program.
///
/// No code of a library runs before the library is known to be complete and compiled for exactly this
/// build, and none runs in this process before it has run in a child process: a registration that
/// crashes, hangs or ends the program becomes a `PluginFault`.
package struct PluginLoader {
    /// The arguments that make a program run ``PluginProbe``, before the paths of the libraries.
    package static let probeCommand = "plugin-probe"
    /// How long all registrations together may take, in seconds.
    private static let patience = 60.0

    private let build: ProgramBuild
    private let probe: @Sendable (_ paths: [String]) throws -> ChildProcess

    /// - Parameter build: the program that the libraries have to fit: the running one.
    package init(for build: ProgramBuild) {
        self.build = build
        probe = { paths in
            // No stack trace of the child's crash: it takes seconds and does not help the user of a plug-in.
            try ChildProcess.run(
                build.executable, [Self.probeCommand] + paths, environment: ["SWIFT_BACKTRACE": "enable=no"], limit: Self.patience)
        }
    }

    /// Registers the components of libraries, in order; a library that is named twice is loaded once.
    ///
    /// - Throws: `PluginFault` for the first one that cannot be used; the registrar then stays as it
    ///   was.
    package func load(_ paths: [String], into registrar: inout PluginRegistrar) throws(PluginFault) {
        var libraries: [PluginLibrary] = []
        for path in paths {
            let library = try PluginLibrary(path, for: build)
            guard !libraries.contains(where: { $0.path == library.path }) else { continue }
            if let other = libraries.first(where: { $0.module == library.module }) {
                throw PluginFault(path, "its module \(library.module) is also that of \(other.name); types of equal names would be mixed up")
            }
            libraries.append(library)
        }
        guard !libraries.isEmpty else { return }
        try rehearse(libraries)
        var extended = registrar
        for library in libraries { try Self.register(library.path, name: library.name, in: &extended) }
        registrar = extended
    }

    /// Registers everything in a child process first.
    private func rehearse(_ libraries: [PluginLibrary]) throws(PluginFault) {
        let child: ChildProcess
        do {
            child = try probe(libraries.map(\.path))
        } catch {
            throw PluginFault(libraries[0].name, "the program cannot start itself to try it out: \(error)")
        }
        let transcript = PluginProbe.Transcript(child.output)
        if let fault = transcript.fault, libraries.indices.contains(fault.library) {
            throw PluginFault(libraries[fault.library].name, fault.reason)
        }
        guard transcript.registered < libraries.count else { return }
        let reason =
            switch child.end {
            case .signal(let number): "its registration crashed (\(String(cString: strsignal(number))))"
            case .code(let code): "its registration ended the program with exit code \(code)"
            case .timeout: "its registration did not end within \(Int(Self.patience)) seconds"
            }
        throw PluginFault(libraries[transcript.registered].name, reason + PrintedLines.last(3, of: child.messages).map { "\n  \($0)" }.joined())
    }

    /// Loads a library and calls its entry point.
    static func register(_ path: String, name: String, in registrar: inout PluginRegistrar) throws(PluginFault) {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let text = dlerror().map { String(cString: $0) } ?? "it cannot be loaded"
            let hint = text.contains("undefined symbol") ? "; is the program linked with -Xlinker --export-dynamic?" : ""
            throw PluginFault(name, text + hint)
        }
        // Never closed: its types and functions are in use from here on.
        guard let symbol = dlsym(handle, PluginRecord.entryPoint) else {
            throw PluginFault(name, "it has no entry point '\(PluginRecord.entryPoint)'")
        }
        typealias Entry = @convention(c) (UnsafeMutableRawPointer) -> Void
        let entry = unsafeBitCast(symbol, to: Entry.self)
        let before = registrar.additions.count
        let origin = registrar.origin
        registrar.origin = .library(path: name)
        withUnsafeMutablePointer(to: &registrar) { entry($0) }
        registrar.origin = origin
        if let failure = registrar.failure {
            registrar.failure = nil
            throw PluginFault(name, failure)
        }
        guard registrar.additions.count > before else { throw PluginFault(name, "it registers nothing") }
    }
}

/// The child's side of ``PluginLoader``: registers libraries and reports on standard output how far it
/// came.
package enum PluginProbe {
    private static let begin = "registered "
    private static let failed = "failed "

    /// Registers libraries on what the program has, and reports each.
    package static func run(_ paths: [String], on registrar: PluginRegistrar) {
        // A crash is expected here; a core file would only fill the disk.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        // What a plug-in prints must not be taken for the report.
        let report = dup(STDOUT_FILENO)
        dup2(STDERR_FILENO, STDOUT_FILENO)
        var registrar = registrar
        for (index, path) in paths.enumerated() {
            do throws(PluginFault) {
                try PluginLoader.register(path, name: path, in: &registrar)
                say("\(begin)\(index)", to: report)
            } catch {
                say("\(failed)\(index) \(Data(error.reason.utf8).base64EncodedString())", to: report)
                return
            }
        }
    }

    private static func say(_ line: String, to descriptor: Int32) {
        try? FileHandle(fileDescriptor: descriptor).write(contentsOf: Data((line + "\n").utf8))
    }

    /// What a child reported.
    struct Transcript {
        /// How many libraries registered everything.
        let registered: Int
        /// The library that could not, and why.
        let fault: (library: Int, reason: String)?

        init(_ output: String) {
            let lines = output.split(separator: "\n")
            registered = lines.count { $0.hasPrefix(begin) }
            let words = lines.first { $0.hasPrefix(failed) }?.split(separator: " ")
            fault = words.flatMap { words in
                guard words.count == 3, let library = Int(words[1]), let reason = Data(base64Encoded: String(words[2])) else { return nil }
                return (library, String(decoding: reason, as: UTF8.self))
            }
        }
    }
}
