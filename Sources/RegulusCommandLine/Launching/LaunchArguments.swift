import ArgumentParser
import Foundation
import Launching
import Results

/// Where the trainings of a run are done, and what Slurm is asked for.
struct LaunchArguments: ParsableArguments {
    enum Launcher: String, CaseIterable, ExpressibleByArgument {
        case local, slurm
    }

    @Option(help: "Where to train: in this process (local), or in workers submitted to Slurm (slurm).")
    var launcher = Launcher.local

    @Option(help: "With --launcher slurm: the number of workers; 4 by default, and never more than there are trainings.")
    var workers: Int?

    @Option(help: "With --launcher slurm: the partition; the default of the cluster unless given.")
    var partition: String?

    @Option(
        help: ArgumentHelp(
            "With --launcher slurm: the time limit of a worker. A worker that reaches it saves its trainings and is submitted again.",
            valueName: "[days-]hours:minutes:seconds"))
    var time: String?

    @Option(help: ArgumentHelp("With --launcher slurm: the memory of a worker, for example 16G.", valueName: "size"))
    var memory: String?

    @Option(
        name: .customLong("sbatch-option"),
        help: ArgumentHelp(
            "With --launcher slurm: any other option of sbatch, for example account=vision or exclusive. May be repeated.", valueName: "name=value"))
    var options: [String] = []

    @Option(help: "With --launcher slurm: how many times a worker that ends while work is left is resubmitted; 3 by default.")
    var resubmissions: Int?

    @Option(help: ArgumentHelp("With --launcher slurm: time between two queries of Slurm's queue; 10 by default.", valueName: "seconds"))
    var pollEvery: Double?

    var isSlurm: Bool { launcher == .slurm }

    func validate() throws {
        let given: [(String, Bool)] = [
            ("workers", workers != nil), ("partition", partition != nil), ("time", time != nil), ("memory", memory != nil),
            ("sbatch-option", !options.isEmpty), ("resubmissions", resubmissions != nil), ("poll-every", pollEvery != nil),
        ]
        if !isSlurm, let name = given.first(where: { $0.1 })?.0 { throw ValidationError("--\(name) needs --launcher slurm") }
        // Slurm's default limit, which many clusters keep, is 1001 jobs in one array.
        if let workers, !(1...1000).contains(workers) { throw ValidationError("--workers must be between 1 and 1000") }
        if let resubmissions, !(0...1000).contains(resubmissions) { throw ValidationError("--resubmissions must be between 0 and 1000") }
        if let pollEvery, !(0.05...3600).contains(pollEvery) { throw ValidationError("--poll-every must be between 0.05 and 3600 seconds") }
        do { _ = try batchOptions } catch { throw ValidationError("\(error)") }
    }

    /// The arguments again, as one would type them.
    var words: [String] {
        guard isSlurm else { return [] }
        let single: [(String, String?)] = [
            ("--workers", workers.map { "\($0)" }), ("--partition", partition), ("--time", time), ("--memory", memory),
        ]
        let given = single.flatMap { name, value in value.map { [name, $0] } ?? [] }
        return ["--launcher", "slurm"] + given + options.flatMap { ["--sbatch-option", $0] }
    }

    /// What `sbatch` is asked for besides what Regulus sets itself.
    var batchOptions: [BatchOption] {
        get throws(LaunchFault) {
            var all: [BatchOption] = []
            for (name, value) in [("partition", partition), ("time", time), ("mem", memory)] {
                guard let value else { continue }
                let option = BatchOption(name, value)
                try option.checkValue()
                all.append(option)
            }
            for text in options { all.append(try BatchOption(parsing: text)) }
            try BatchOption.check(all)
            return all
        }
    }
}

/// The arguments of a worker, made from those of the run that submits it.
///
/// They are what the user typed, without the options that concern only the submitting process. An
/// option that changes a trial therefore reaches the workers without being listed here.
enum WorkerArguments {
    private static let withValue: Set<String> = [
        "--launcher", "--workers", "--partition", "--time", "--memory", "--sbatch-option", "--resubmissions", "--poll-every", "--threads",
        "--out",
    ]
    private static let flags: Set<String> = ["--json", "--keep-failures"]
    /// The options that a worker in Slurm's queue was given and does not pass on to processes of its own.
    private static let workersOwn: Set<String> = ["--progress-file", "--trial-timeout", "--measure-timeout"]

    /// - Parameters:
    ///   - arguments: the arguments of `run`, without the name `run` itself.
    ///   - isolated: whether the worker is a child process on this machine, and not a job in Slurm's queue.
    static func make(from arguments: [String], isolated: Bool = false) -> [String] {
        var kept: [String] = []
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" { return kept + [word] + rest }
            let name = String(word.prefix { $0 != "=" })
            if flags.contains(word) || (isolated && word == "--worker") { continue }
            guard withValue.contains(name) || (isolated && workersOwn.contains(name)) else {
                kept.append(word)
                continue
            }
            if name == word { _ = rest.popFirst() }
        }
        return kept
    }
}

extension WorkerScript {
    /// What each worker of a run does: this very program with the same arguments.
    ///
    /// - Throws: `CommandFault` where a path or an option has no form in a script.
    init(_ arguments: RecipeArguments, launch: LaunchArguments, folder: RunFolder) throws {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        guard let program = link, !program.hasSuffix(" (deleted)") else {
            throw CommandFault.failure("error: the program's file has been replaced since it started; workers would run another program")
        }
        let place = LaunchFolder(folder.slurm)
        do throws(LaunchFault) {
            try BatchOption("output", place.path).checkValue()
            self.init(
                folder: FileManager.default.currentDirectoryPath, program: program,
                arguments: ["--keep-failures", "--out", folder.root.path]
                    + WorkerArguments.make(from: Array(CommandLine.arguments.dropFirst(2))),
                options: try launch.batchOptions, cores: arguments.givenThreads ?? arguments.threadsPerTrial, place: place)
        } catch {
            throw CommandFault(error)
        }
    }
}
