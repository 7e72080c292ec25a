import Foundation
import Persistence

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
