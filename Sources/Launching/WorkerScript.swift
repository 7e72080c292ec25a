import Persistence

/// The script that each worker runs.
package struct WorkerScript: Sendable {
    /// The folder that a user's relative paths count from.
    package var folder: String
    /// The program's file.
    package var program: String
    /// Arguments of `run` besides those that make it a worker.
    package var arguments: [String]
    /// Wishes of the user, which count before those that are set here.
    package var options: [BatchOption]
    /// Cores of each worker.
    package var cores: Int
    /// Where workers say what they do.
    package var place: LaunchFolder

    package init(folder: String, program: String, arguments: [String], options: [BatchOption], cores: Int, place: LaunchFolder) {
        self.folder = folder
        self.program = program
        self.arguments = arguments
        self.options = options
        self.cores = cores
        self.place = place
    }

    /// What is asked of `sbatch`: the later of two options of one name counts.
    var allOptions: [BatchOption] {
        let own = [
            // A percent sign introduces a number of Slurm's.
            BatchOption("output", place.path.replacing("%", with: "%%") + "/%A_%a.log"), BatchOption("open-mode", "append"),
            BatchOption("cpus-per-task", "\(cores)"),
            // A minute to save what is running. B: the program takes the script's place, it is no step of the job.
            BatchOption("signal", "B:TERM@60"),
            // Slurm itself starts a worker anew whose node has failed.
            BatchOption("requeue"),
        ]
        let names = Set(options.map { $0.name == "no-requeue" ? "requeue" : $0.name })
        return own.filter { !names.contains($0.name) } + options
    }

    /// The script's text. Words of the user are quoted, so that none is read as anything but a word.
    package var text: String {
        let own = [
            // Slurm may have been told another number than Regulus, by an option of the user's.
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

    /// Between these quotation marks a shell replaces nothing.
    private static func quoted(_ word: String) -> String { "'" + word.replacing("'", with: "'\\''") + "'" }
}
