import Foundation
import Persistence

/// The code that makes results. It is part of every plan's hash, so that a result of other code is never taken for one of this code.
package enum ProgramCode {
    /// SHA-256 of the running program's own file, 64 hexadecimal digits, read once when it is first asked for.
    ///
    /// Where the file cannot be read it is a name that no other process has: then nothing is reused.
    package static let digest = (try? SHA256Digest(ofFile: "/proc/self/exe").hex) ?? UUID().uuidString
}

/// The version for people. It decides nothing.
package enum Version {
    package static let current = "0.1.0"
}
