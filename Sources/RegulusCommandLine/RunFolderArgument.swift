import ArgumentParser
import Persistence

/// The run folder of a command that works on one.
struct RunFolderArgument: ParsableArguments {
    @Argument(help: "The run folder.", completion: .directory, transform: { UserPath.expanded($0) })
    var folder: String

    func validate() throws {
        if folder.isEmpty { throw ValidationError("the run folder needs a path") }
    }
}
