import Foundation

/// A process on a machine: what a claim on a trial, or the name of a file that is being written, tells
/// about its holder.
package struct ProcessIdentity: Codable, Hashable, Sendable {
    /// Host name, boot and process namespace: process numbers have a meaning only within these.
    package let host: String
    package let process: Int32
    /// When the process started, in clock ticks since the boot, because process numbers are reused.
    package let started: String

    /// This process.
    package static let own = ProcessIdentity(host: hostText, process: getpid(), started: startTime(of: getpid()) ?? "")

    /// Whether the process is known to have ended; false for a running process and for one on another
    /// machine.
    package var isGone: Bool { host == Self.own.host && Self.isGone(process, started: started) }

    private static func isGone(_ process: Int32, started: String) -> Bool { startTime(of: process) != started }

    // MARK: Short form

    /// The identity in a file's name, `<host>-<process>-<started>`, with the host as the beginning of its digest.
    static let ownMark = "\(hostMark)-\(own.process)-\(own.started)"

    private static let hostMark = String(SHA256Digest(of: own.host).hex.prefix(12))

    /// Whether the process of a mark is known to have ended; false for a running one, for one on
    /// another machine, and for text that is not a mark.
    static func isGone(mark: some StringProtocol) -> Bool {
        let parts = mark.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == hostMark, let process = Int32(parts[1]) else { return false }
        return isGone(process, started: String(parts[2]))
    }

    // MARK: What the system says

    private static var hostText: String {
        let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
        let namespace = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
        return [ProcessInfo.processInfo.hostName, boot.trimmingCharacters(in: .whitespacesAndNewlines), namespace].joined(separator: " ")
    }

    /// The 22nd field of `/proc/PID/stat`; nil where there is no such process, or it has ended and only
    /// waits to be reaped.
    private static func startTime(of process: Int32) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            // The second field, the command's name in parentheses, may hold anything.
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return String(fields[19])
    }
}
