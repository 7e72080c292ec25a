import ArgumentParser
import Persistence
import PluginLibraries
import Recipes
import Registration

/// The plug-in libraries of one run of the program.
struct PluginArguments: ParsableArguments {
    @Option(
        name: .customLong("plugin"),
        help: ArgumentHelp("Loads a plug-in library that `regulus plugin build` made. May be repeated.", valueName: "file"),
        completion: .file(extensions: ["so"]), transform: { UserPath.expanded($0) })
    var paths: [String] = []

    func validate() throws {
        if paths.contains("") { throw ValidationError("--plugin needs the path of a library") }
    }

    /// What the program knows with the libraries of the arguments and of a recipe.
    ///
    /// - Parameter named: libraries that a recipe names; they come first.
    /// - Throws: `CommandFault` where a library cannot be used, at its place in the recipe where it has one.
    func components(with named: [LocatedPath] = []) throws -> KnownComponents {
        guard var registrar = Program.registrar else { throw CommandFault.failure("error: the program has not been started") }
        let all = named.map(\.path) + paths
        guard !all.isEmpty else { return try KnownComponents(registrar) }
        try ForeignCodeGuard.enter()
        do throws(PluginFault) {
            try PluginLoader(for: try ProgramBuild(executable: ProgramBuild.running)).load(all, into: &registrar)
        } catch {
            if let place = named.first(where: { $0.path == error.path }) {
                throw CommandFault.input("\(RecipeError([Diagnostic("\(error)", at: place.location)]))\n\nnothing was run")
            }
            throw CommandFault.input("error: \(error)")
        }
        return try KnownComponents(registrar)
    }
}
