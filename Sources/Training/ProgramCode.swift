import Foundation
import Persistence

/// The code that makes results. It is part of every plan's hash, so that a result of other code is never taken for one of this code.
package enum ProgramCode {
    /// The digest of what the linker computed from the whole program, and where it left nothing, that of the program's file: 64 hexadecimal
    /// digits, found once when it is first asked for. Reading tens of megabytes would be most of the start of a small study.
    ///
    /// Where the file cannot be read either, it is a name that no other process has: then nothing is reused.
    package static let digest: String = {
        let program = "/proc/self/exe"
        if let identifier = ProgramFile.buildIdentifier(of: program) { return SHA256Digest(of: identifier).hex }
        return (try? SHA256Digest(ofFile: program).hex) ?? UUID().uuidString
    }()
}

/// The version for people. It decides nothing.
package enum Version {
    package static let current = "0.1.0"
}
