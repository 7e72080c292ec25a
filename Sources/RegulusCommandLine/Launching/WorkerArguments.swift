/// The arguments of a worker, made from those of the run that submits it.
///
/// They are what the user typed less what is the submitting process's own, so that an option that changes a trial reaches the workers
/// without being named here.
enum WorkerArguments {
    private static let withValue: Set<String> = [
        "--launcher", "--workers", "--partition", "--time", "--memory", "--sbatch-option", "--resubmissions", "--poll-every", "--threads",
        "--out",
    ]
    private static let flags: Set<String> = ["--json", "--keep-failures"]
    /// What a worker that is itself in Slurm's queue was given, and its own processes are not.
    private static let workersOwn: Set<String> = ["--progress-file", "--trial-timeout"]

    /// - Parameters:
    ///   - arguments: those of `run`, its own name left out.
    ///   - isolated: whether they are for a process beside this one, and not for Slurm's queue.
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
