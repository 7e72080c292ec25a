import Foundation
import Launching
import Results

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
