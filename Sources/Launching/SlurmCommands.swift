import Configuration
import Foundation
import Processes

/// The commands of Slurm, each run as a child process with a list of arguments: no shell interprets
/// what users wrote.
package struct SlurmCommands: Sendable {
    /// The folders in which the commands are looked for, as `PATH` has them; nil for those of this process.
    private let path: String?

    package init(path: String? = nil) { self.path = path }

    /// Submits workers.
    ///
    /// - Parameters:
    ///   - script: the path of their script.
    ///   - name: the array's name, by which ``jobs(named:)`` finds it.
    ///   - options: as in the script.
    /// - Returns: the number of the array.
    /// - Throws: `LaunchFault`, with the words of `sbatch`.
    func submit(_ script: String, name: String, workers: [Int], options: [BatchOption]) throws(LaunchFault) -> Int {
        let arguments =
            ["--parsable", "--job-name=\(name)", "--array=\(Self.ranges(workers))"] + options.map(\.argument) + ["--", script]
        let child = try run("sbatch", arguments)
        guard child.end == .code(0) else { throw refusal(child, partition: options.last { $0.name == "partition" }?.value) }
        guard let job = Self.job(submitted: child.output) else {
            let line = child.output.split(whereSeparator: \.isNewline).last ?? ""
            throw .unreachable("sbatch did not answer with the number of a job but with '\(line.prefix(200))'")
        }
        return job
    }

    /// The array in the answer of `sbatch --parsable`: `123`, or `123;cluster`, in the last line.
    static func job(submitted output: String) -> Int? {
        output.split(whereSeparator: \.isNewline).last.flatMap { line in Int(line.prefix { $0 != ";" }) }
    }

    /// The states of arrays' workers, as far as Slurm remembers them.
    func states(of jobs: [Int]) throws(LaunchFault) -> [WorkerID: WorkerState] {
        guard !jobs.isEmpty else { return [:] }
        let fields = "arrayjobid:|,arraytaskid:|,state:|,exit_code:|,reason:|,nodelist:|"
        let child = try run(
            "squeue", ["--jobs=\(Self.list(jobs))", "--array", "--states=all", "--noheader", "--Format=\(fields)"])
        // Asked for a single job, squeue fails where the controller has forgotten it; asked for several, it lists the others.
        if child.end != .code(0), !child.messages.contains("Invalid job id") { throw Self.unreachable("squeue", child) }
        return Self.states(listed: child.output)
    }

    /// The states in the lines that `squeue` prints: array, worker, state, exit code, reason and node, each with a bar behind it.
    static func states(listed output: String) -> [WorkerID: WorkerState] {
        var states: [WorkerID: WorkerState] = [:]
        for line in output.split(whereSeparator: \.isNewline) {
            let values = line.split(separator: "|", omittingEmptySubsequences: false)
            guard values.count >= 6, let job = Int(values[0]), let worker = Int(values[1]) else { continue }
            let state = WorkerState(String(values[2]))
            states[WorkerID(job: job, worker: worker)] = WorkerState(
                state.word, end: state.isOver ? WorkerState.End(values[3]) : nil, reason: state.word == "PENDING" ? String(values[4]) : nil,
                node: values[5].isEmpty ? nil : String(values[5]))
        }
        return states
    }

    /// The states that Slurm's accounting remembers; empty where there is no accounting.
    func pastStates(of jobs: [Int]) -> [WorkerID: WorkerState] {
        let arguments = [
            "--jobs=\(Self.list(jobs))", "--allocations", "--noheader", "--parsable2", "--format=JobID,State,ExitCode,NodeList",
        ]
        guard !jobs.isEmpty, let child = try? run("sacct", arguments), child.end == .code(0) else { return [:] }
        return Self.pastStates(listed: child.output)
    }

    /// The states in the lines that `sacct` prints: worker, state, exit code and node, with bars between them.
    static func pastStates(listed output: String) -> [WorkerID: WorkerState] {
        var states: [WorkerID: WorkerState] = [:]
        for line in output.split(whereSeparator: \.isNewline) {
            let values = line.split(separator: "|", omittingEmptySubsequences: false)
            // "CANCELLED by 1000"
            guard values.count >= 4, let id = WorkerID(values[0]), let word = values[1].split(separator: " ").first else { continue }
            states[id] = WorkerState(String(word), end: WorkerState.End(values[2]), node: String(values[3]))
        }
        return states
    }

    /// The arrays of a name that Slurm knows.
    func jobs(named name: String) throws(LaunchFault) -> [Int] {
        let child = try run("squeue", ["--name=\(name)", "--states=all", "--noheader", "--Format=arrayjobid:|"])
        guard child.end == .code(0) else { throw Self.unreachable("squeue", child) }
        return Self.jobs(listed: child.output)
    }

    /// The arrays in the lines that `squeue` prints, each with a bar behind it.
    static func jobs(listed output: String) -> [Int] {
        Set(output.split(whereSeparator: \.isNewline).compactMap { Int($0.prefix { $0 != "|" }) }).sorted()
    }

    /// Ends workers. Workers that have already ended are not an error.
    func cancel(_ workers: [WorkerID]) throws(LaunchFault) {
        guard !workers.isEmpty else { return }
        let child = try run("scancel", workers.map(\.description))
        if child.end != .code(0) { throw Self.unreachable("scancel", child) }
    }

    private func partitions() -> [String] {
        let child = try? run("sinfo", ["--noheader", "--format=%R"])
        return (child?.output ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private func refusal(_ child: ChildProcess, partition: String?) -> LaunchFault {
        let words = Self.excerpt(child)
        // These are about the controller, not about what was asked.
        let temporary = ["Unable to contact", "timed out", "temporarily", "Connection refused", "Zero Bytes", "Transport endpoint"]
        if child.end == .timeout || temporary.contains(where: { words.contains($0) }) { return Self.unreachable("sbatch", child) }
        var lines = ["sbatch does not take the workers:", words]
        if let partition, words.contains("partition") {
            let names = partitions()
            if !names.isEmpty, !names.contains(partition) {
                lines.append("  = partitions here: \(names.joined(separator: ", "))")
                if let nearest = nearestName(to: partition, among: names) { lines.append("  = did you mean '\(nearest)'?") }
            }
        }
        return .refused(lines.joined(separator: "\n"))
    }

    private static func unreachable(_ name: String, _ child: ChildProcess) -> LaunchFault {
        .unreachable("\(name) failed:\n" + excerpt(child))
    }

    /// What a command printed, indented.
    private static func excerpt(_ child: ChildProcess) -> String {
        let lines = PrintedLines.last(8, of: child.messages).map { "  \($0)" }
        if child.end == .timeout { return (lines + ["  no answer within \(Int(patience)) seconds"]).joined(separator: "\n") }
        return lines.isEmpty ? "  (it gave no reason)" : lines.joined(separator: "\n")
    }

    /// The longest time in seconds that a command may take: a busy controller makes some wait for a
    /// minute.
    private static let patience = 120.0

    /// What the names of variables begin with by which users give Slurm's commands options of their own, and those in which Slurm tells a
    /// job about itself, some of which `sbatch` and `srun` take for options when a run is started from inside a job. `SLURM_CONF` and the
    /// like, which say where the cluster is, are kept.
    private static let optionVariables = ["SBATCH_", "SQUEUE_", "SCANCEL_", "SACCT_", "SINFO_", "SALLOC_", "SRUN_", "SCONTROL_"]
    private static let clusterVariables: Set<String> = [
        "SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_JWT", "SLURM_CLUSTERS", "SLURM_SACK_JWKS", "SLURM_SACK_KEY", "SLURM_TIME_FORMAT",
    ]

    private static var hiddenVariables: [String] {
        optionVariables + ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("SLURM_") && !clusterVariables.contains($0) }
    }

    private func run(_ name: String, _ arguments: [String]) throws(LaunchFault) -> ChildProcess {
        guard let program = path.map({ SearchPath.executable(name, in: $0) }) ?? SearchPath.executable(name) else {
            throw .refused(
                "\(name) is not in PATH: Slurm's commands are needed where workers are submitted from, which is usually a cluster's login node")
        }
        do {
            return try ChildProcess.run(program, arguments, hiding: Self.hiddenVariables, limit: Self.patience)
        } catch {
            throw .unreachable("\(program) cannot be started: \(error)")
        }
    }

    private static func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }

    /// `1-3,5` for 1, 2, 3 and 5.
    static func ranges(_ numbers: [Int]) -> String {
        var ranges: [ClosedRange<Int>] = []
        for number in Set(numbers).sorted() {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}
