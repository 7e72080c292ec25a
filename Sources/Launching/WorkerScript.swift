import Configuration
import Persistence

/// The script that each worker runs.
package struct WorkerScript: Sendable {
    /// The folder that a user's relative paths count from.
    package var folder: String
    /// The program's file.
    package var program: String
    /// Arguments of `run` besides those that make it a worker.
    package var arguments: [String]
    /// Options of the user, which take precedence over those set here.
    package var options: [BatchOption]
    /// Cores of each worker.
    package var cores: Int
    /// Where workers write their progress.
    package var place: LaunchFolder

    package init(folder: String, program: String, arguments: [String], options: [BatchOption], cores: Int, place: LaunchFolder) {
        self.folder = folder
        self.program = program
        self.arguments = arguments
        self.options = options
        self.cores = cores
        self.place = place
    }

    /// The options for `sbatch`; of two options of one name the later one counts.
    var allOptions: [BatchOption] {
        let own = [
            // A percent sign would begin one of Slurm's placeholders.
            BatchOption("output", place.path.replacing("%", with: "%%") + "/%A_%a.log"), BatchOption("open-mode", "append"),
            BatchOption("cpus-per-task", "\(cores)"),
            // The signal comes a minute before the end, enough to save what is running. B: it goes to the script's process, which the program replaces.
            BatchOption("signal", "B:TERM@60"),
            // Slurm itself restarts a worker whose node has failed.
            BatchOption("requeue"),
        ]
        let names = Set(options.map { $0.name == "no-requeue" ? "requeue" : $0.name })
        return own.filter { !names.contains($0.name) } + options
    }

    /// The script's text. Words of the user are quoted, so that none is interpreted.
    package var text: String {
        let own = [
            // An option of the user may have given Slurm another number than Regulus.
            "--worker", "--threads \"${SLURM_CPUS_PER_TASK:-\(cores)}\"",
            "--progress-file \(Self.quoted(place.path))/\"$SLURM_ARRAY_TASK_ID\".json",
        ]
        let words = [Self.quoted(program), "run"] + own + arguments.map(Self.quoted)
        let lines =
            ["#!/bin/sh"] + allOptions.map(\.line) + [
                "cd \(Self.quoted(folder)) || { echo 'this node does not see the folder: a shared file system is needed' >&2; exit 2; }",
                "exec " + words.joined(separator: " "),
            ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// A word in single quotation marks, between which a shell replaces nothing.
    private static func quoted(_ word: String) -> String { "'" + word.spelling(["'": "'\\''"]) + "'" }
}

/// One option of `sbatch`, such as `--qos=high` or `--exclusive`.
package struct BatchOption: Hashable, Sendable {
    /// The long name, without hyphens before it.
    package let name: String
    /// Nil for an option that takes none.
    package let value: String?

    package init(_ name: String, _ value: String? = nil) {
        self.name = name
        self.value = value
    }

    /// Options that decide how workers are found again: Regulus sets these itself.
    private static let reserved = ["array", "job-name", "output", "parsable", "test-only", "wait", "wrap"]

    /// Reads `NAME=VALUE` or `NAME`, with or without hyphens before it.
    ///
    /// - Throws: `LaunchFault` where it has another form, or is Regulus's own to set.
    package init(parsing text: String) throws(LaunchFault) {
        let pieces = text.drop { $0 == "-" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(pieces.first ?? "")
        guard name.count > 1, name.first?.isLetter == true, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
            throw .refused("'\(text)' is not an option of sbatch: it has the form NAME=VALUE or NAME with a long name, as in qos=high")
        }
        guard !Self.reserved.contains(name) else {
            throw .refused("--\(name) is set by Regulus itself, since it has to find its workers and their logs again")
        }
        self.init(name, pieces.count > 1 ? String(pieces[1]) : nil)
        try checkValue()
    }

    /// - Throws: `LaunchFault` where the value cannot stand in a line of a script.
    package func checkValue() throws(LaunchFault) {
        guard let value else { return }
        if value.isEmpty { throw .refused("--\(name) needs a value") }
        let isWritable = value.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0 != "\"" && $0 != "\\" }
        if !isWritable { throw .refused("the value of --\(name) has a line break, a quotation mark or a backslash, which sbatch cannot read") }
    }

    /// Groups of options of which `sbatch` takes only one; those after `exclusive` decide who may share
    /// the node.
    private static let excluding: [Set<String>] = [
        ["mem", "mem-per-cpu", "mem-per-gpu"], ["exclusive", "oversubscribe"], ["requeue", "no-requeue"], ["nodelist", "nodefile"],
    ]

    /// Refuses options that are given twice, or that exclude each other: `sbatch` would silently take
    /// the last one.
    ///
    /// - Throws: `LaunchFault` that names both.
    package static func check(_ options: [BatchOption]) throws(LaunchFault) {
        for (index, option) in options.enumerated() {
            for other in options[..<index] {
                if other.name == option.name {
                    throw .refused("\(other.argument) and \(option.argument) are given; an option of sbatch is given once")
                }
                if excluding.contains(where: { $0.contains(other.name) && $0.contains(option.name) }) {
                    throw .refused("\(other.argument) and \(option.argument) exclude each other")
                }
            }
        }
    }

    /// As an argument of `sbatch`.
    var argument: String { "--\(name)" + (value.map { "=\($0)" } ?? "") }

    /// The option as a line of a script. `sbatch` ends it at a `#` or a space outside quotation marks.
    var line: String { "#SBATCH --\(name)" + (value.map { "=\"\($0)\"" } ?? "") }
}
