import Foundation

/// A Slurm cluster of one controller and two nodes on this machine, in a temporary folder, without authentication or accounting.
package final class SlurmCluster {
    package enum Node: String, CaseIterable { case node1, node2 }

    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    /// Why no cluster can be started here; nil where one can.
    package static let obstacle = findObstacle()

    private static func findObstacle() -> String? {
        let missing = ["slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo"].filter { program($0) == nil }
        if !missing.isEmpty { return "Slurm is not installed (apt-get install slurm-wlm): no \(missing.joined(separator: ", "))" }
        // One machine can be only one node unless each daemon has a folder and a port of its own, which root may give it.
        if geteuid() != 0 { return "the daemons of Slurm's nodes need root" }
        do {
            _ = try SlurmCluster()
            return nil
        } catch {
            return "Slurm is installed and does not start: \(error)"
        }
    }

    private let folder: URL
    private var controller: Daemon?
    private var nodes: [Node: Daemon] = [:]

    /// Starts the cluster and waits until both nodes are ready.
    ///
    /// - Throws: `Fault` with the last lines of the daemons' logs where they are not within 20 seconds.
    package init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("slurm-\(UUID().uuidString.prefix(8))")
        for name in ["state"] + Node.allCases.map(\.rawValue) {
            try FileManager.default.createDirectory(at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        let ports = try Self.freePorts(1 + Node.allCases.count)
        try Data(configuration(ports).utf8).write(to: configurationFile)
        if Self.canDisableGroups {
            try Data("CgroupPlugin=disabled\n".utf8).write(to: folder.appendingPathComponent("cgroup.conf"))
        }
        controller = try start("slurmctld", ["-D", "-c", "-f", configurationFile.path])
        for node in Node.allCases { try start(node) }
        let end = Date() + 20
        while idleNodes < Node.allCases.count {
            guard Date() < end else { throw Fault(description: "Slurm's daemons did not get ready:\n\(logs)") }
            usleep(100_000)
        }
    }

    deinit {
        for node in Node.allCases { fail(node) }
        controller?.kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// What programs need to find this cluster.
    package var environment: [String: String] { ["SLURM_CONF": configurationFile.path] }

    private var configurationFile: URL { folder.appendingPathComponent("slurm.conf") }

    /// Lets a node fail as from a power cut: its daemon and everything that it has started are gone at once.
    package func fail(_ node: Node) {
        guard let daemon = nodes[node] else { return }
        nodes[node] = nil
        daemon.kill()
        let workers = self.workers(on: node)
        // What watches over a worker would report its end.
        for worker in workers { if let watcher = Self.parent(of: worker), watcher > 1 { kill(watcher, SIGKILL) } }
        for worker in workers { kill(worker, SIGKILL) }
    }

    package func start(_ node: Node) throws {
        nodes[node] = try start("slurmd", ["-D", "-N", node.rawValue, "-f", configurationFile.path])
    }

    /// The processes that run as batch scripts on a node.
    package func workers(on node: Node) -> [pid_t] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { pid_t($0) } ?? []
        return all.filter { process in
            guard let data = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
            let variables = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            return variables.contains("SLURMD_NODENAME=\(node)") && variables.contains("SLURM_CONF=\(configurationFile.path)")
        }
    }

    /// The states of the nodes, as `sinfo` prints them: `idle`, `mixed`, `down*` …
    package var nodeStates: [String: String] {
        let lines = output("sinfo", ["--noheader", "--Node", "--partition=short", "--Format=nodelist:|,statelong:|"]).split(separator: "\n")
        let pairs = lines.map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }.filter { $0.count == 2 }
        return Dictionary(pairs.map { ($0[0], $0[1]) }) { first, _ in first }
    }

    private var idleNodes: Int { nodeStates.values.count { $0 == "idle" } }

    private func configuration(_ ports: [Int]) -> String {
        let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? "localhost"
        let own = """
            ClusterName=regulus
            SlurmctldHost=\(host)(127.0.0.1)
            SlurmctldPort=\(ports[0])
            SlurmUser=root
            SlurmdUser=root
            AuthType=auth/none
            CredType=cred/none
            AuthInfo=cred_expire=5
            SlurmctldPidFile=\(folder.path)/slurmctld.pid
            SlurmctldLogFile=\(folder.path)/slurmctld.log
            SlurmdPidFile=\(folder.path)/%n.pid
            SlurmdLogFile=\(folder.path)/%n.log
            StateSaveLocation=\(folder.path)/state
            SlurmdSpoolDir=\(folder.path)/%n
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            SwitchType=switch/none
            MpiDefault=none
            JobAcctGatherType=jobacct_gather/none
            AccountingStorageType=accounting_storage/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core
            SchedulerType=sched/builtin
            SlurmdParameters=config_overrides
            SlurmdTimeout=4
            KillWait=5
            ReturnToService=2
            PartitionName=short Nodes=node1,node2 Default=YES MaxTime=60 State=UP
            PartitionName=long Nodes=node1,node2 MaxTime=INFINITE State=UP
            """
        let nodes = zip(Node.allCases, ports.dropFirst()).map { node, port in
            "NodeName=\(node) NodeHostname=\(host) NodeAddr=127.0.0.1 Port=\(port) CPUs=2 RealMemory=1000 State=UNKNOWN"
        }
        return (nodes + [own]).joined(separator: "\n") + "\n"
    }

    private func start(_ name: String, _ arguments: [String]) throws -> Daemon {
        guard let program = Self.program(name) else { throw Fault(description: "no \(name)") }
        return try Daemon(program, arguments, environment: ProcessInfo.processInfo.environment.merging(environment) { $1 })
    }

    private func output(_ name: String, _ arguments: [String]) -> String {
        guard let program = Self.program(name) else { return "" }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "" }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    private var logs: String {
        ["slurmctld", "node1", "node2"].map { name in
            let text = (try? String(contentsOf: folder.appendingPathComponent("\(name).log"), encoding: .utf8)) ?? ""
            return "\(name): " + text.split(separator: "\n").suffix(5).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func program(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// Since 23.02 Slurm wants to be told where it is not to group processes.
    private static var canDisableGroups: Bool {
        guard let program = program("slurmd") else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-V"]
        let pipe = Pipe()
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return false }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let version = text.firstMatch(of: /(\d+)\.(\d+)/), let year = Int(version.1), let month = Int(version.2) else { return false }
        return (year, month) >= (23, 2)
    }

    private static func parent(of process: pid_t) -> pid_t? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? pid_t(fields[1]) : nil
    }

    /// Ports that nobody listens on.
    private static func freePorts(_ count: Int) throws -> [Int] {
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        return try (0..<count).map { _ in
            let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            sockets.append(number)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, length) == 0 && getsockname(number, $0, &length) == 0 }
            }
            guard number >= 0, isBound else { throw Fault(description: "no free port") }
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}
