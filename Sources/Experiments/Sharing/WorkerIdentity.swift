import Foundation

/// Which process on which machine: what a claim on a trial says about its holder.
struct WorkerIdentity: Codable, Hashable, Sendable {
    /// Host name, boot and process namespace: process numbers mean something only within these.
    let host: String
    let process: Int32
    /// When the process started, in clock ticks since the boot: a process number may be given again.
    let started: String

    /// This process.
    static let own = WorkerIdentity(host: hostText, process: getpid(), started: startTime(of: getpid()) ?? "")

    /// Whether this is known to be over; false for a process that runs, and for one on another machine.
    var isGone: Bool {
        guard host == Self.own.host else { return false }
        return Self.startTime(of: process) != started
    }

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
