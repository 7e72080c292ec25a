import Foundation
import Registration

/// The child's side of ``PluginLoader``: registers libraries and says on standard output how far it came.
package enum PluginProbe {
    private static let begin = "registered "
    private static let failed = "failed "

    /// Registers libraries on what the program has, and reports each.
    package static func run(_ paths: [String], on registrar: PluginRegistrar) {
        // A crash is expected here, and no reason to fill a disk.
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
