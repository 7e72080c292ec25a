import Foundation
import TestSupport

/// Slurm's commands as shell scripts in a temporary folder (from those in `commands`, which `Faults/run` uses too), with the answers of the real ones. `sbatch` starts each worker as a process of
/// its own, or none, and lets a test say what becomes of it.
package final class FakeSlurm: Sendable {
    package let folder: URL

    /// - Parameter isIdle: whether workers are only written down, and nothing is started.
    package init(isIdle: Bool = false) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("fake-slurm-\(UUID().uuidString)")
        let commands = folder.appendingPathComponent("bin")
        try FileManager.default.createDirectory(at: commands, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("jobs"), withIntermediateDirectories: true)
        let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("commands")
        for name in try FileManager.default.contentsOfDirectory(atPath: scripts.path) {
            let text = try String(contentsOf: scripts.appendingPathComponent(name), encoding: .utf8)
            try ExecutableFile.write("#!/bin/sh\nF='\(folder.path)'\n\(text)", to: commands.appendingPathComponent(name))
        }
        if isIdle { try set("idle", "") }
    }

    deinit {
        for process in processes { kill(process, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    /// For `PATH`: these commands, and the system's others.
    package var path: String { "\(folder.path)/bin:/usr/bin:/bin" }

    /// How often, and with which arguments, workers were submitted.
    package var submissions: [String] {
        (try? String(contentsOf: folder.appendingPathComponent("submissions"), encoding: .utf8))?.split(separator: "\n").map(String.init) ?? []
    }

    /// Changes how the commands behave: `refusal` (what sbatch says and does not submit), `lost-answer` (sbatch submits, and fails),
    /// `down` (squeue fails), `accounting` (what sacct prints), `idle`.
    package func set(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }

    package func unset(_ name: String) throws { try FileManager.default.removeItem(at: folder.appendingPathComponent(name)) }

    /// What squeue says of a worker: state, the number of `wait`, reason, node.
    package func say(_ worker: String, _ state: String, status: Int = 0, reason: String = "None", node: String = "node1") throws {
        try set("jobs/\(worker)/state", "\(state)|\(status)|\(reason)|\(node)")
    }

    /// Lets squeue forget a worker.
    package func forget(_ worker: String) throws { try unset("jobs/\(worker)") }

    /// The process of a worker that was started; nil where it has not been yet.
    package func process(_ worker: String) -> pid_t? {
        let text = try? String(contentsOf: folder.appendingPathComponent("jobs/\(worker)/pid"), encoding: .utf8)
        return text.flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private var processes: [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("jobs").path)) ?? []
        return names.filter { state($0)?.hasPrefix("RUNNING") == true }.compactMap(process)
    }

    private func state(_ worker: String) -> String? {
        try? String(contentsOf: folder.appendingPathComponent("jobs/\(worker)/state"), encoding: .utf8)
    }
}
