import Foundation

/// Which process on which machine: what a claim on a trial, or the name of a file that is being written, says about its holder.
package struct ProcessIdentity: Codable, Hashable, Sendable {
    /// Host name, boot and process namespace: process numbers mean something only within these.
    package let host: String
    package let process: Int32
    /// When the process started, in clock ticks since the boot: a process number may be given again.
    package let started: String

    /// This process.
    package static let own = ProcessIdentity(host: hostText, process: getpid(), started: startTime(of: getpid()) ?? "")

    /// Whether this is known to be over; false for a process that runs, and for one on another machine.
    package var isGone: Bool { host == Self.own.host && Self.isGone(process, started: started) }

    private static func isGone(_ process: Int32, started: String) -> Bool { startTime(of: process) != started }

    // MARK: Short form

    /// The identity in a file's name, `<host>-<process>-<started>`, with the host as the beginning of its digest.
    static let ownMark = "\(hostMark)-\(own.process)-\(own.started)"

    private static let hostMark = String(SHA256Digest(of: own.host).hex.prefix(12))

    /// Whether the process of a mark is known to be over; false for one that runs, one on another machine, and what is no mark.
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

    /// The 22nd field of `/proc/PID/stat`; nil for no process, or one that is dead and only not waited for.
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
