import ArgumentParser
import Foundation
import Persistence
import PluginLibraries
import Recipes
import Registration
import Reports
import Training

/// `regulus plugin`: starts, compiles and tests plug-ins.
struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "Creates, compiles and tests your own plug-ins.",
        subcommands: [PluginNewCommand.self, PluginBuildCommand.self, PluginTestCommand.self])
}

/// `regulus plugin build DIR`: a library for exactly this build of the program.
struct PluginBuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Compiles a plug-in to a library for this build of the program.",
        discussion: """
            The library is loaded with --plugin, or by a recipe that names it under plugins:. It only fits this build of the program. Compile it again \
            whenever the program has been rebuilt.
            """)

    @Argument(help: "The plug-in's folder: a package, or Swift files.", completion: .directory, transform: { UserPath.expanded($0) })
    var folder: String

    @Option(
        name: [.short, .customLong("output")], help: "The library to write; lib<Module>.so in that folder by default.", transform: { UserPath.expanded($0) })
    var output: String?

    func validate() throws {
        if folder.isEmpty { throw ValidationError("the plug-in needs a folder") }
        if output?.isEmpty == true { throw ValidationError("-o needs the path of a file") }
    }

    func run() throws {
        try StandardOutput.print(try PluginCompiler.library(of: folder, to: output))
    }
}

extension PluginCompiler {
    /// Compiles a plug-in for the running program. It takes seconds, so that a terminal says what is going on.
    static func library(of folder: String, to output: String?) throws(CommandFault) -> String {
        do throws(PluginFault) {
            let compiler = try PluginCompiler(for: try ProgramBuild(executable: ProgramBuild.running))
            if StandardError.isTerminal { StandardError.print("compiling \(DisplayText.singleLine(folder))") }
            return try compiler.compile(folder, to: output)
        } catch {
            throw .input("error: \(error)")
        }
    }
}

/// `regulus plugin new NAME`: something small that works, to be changed.
struct PluginNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Writes a small working plug-in with options, a test and a recipe, for you to change.",
        discussion: """
            Without a flag the plug-in is a regularizer. A regularizer may be a folder in Plugins of Regulus's own package. Everything else is a \
            separate package, which is compiled to a library unless --standalone is given. If the sources of this program are not on this machine, the \
            plug-in is written without a package, which `regulus plugin build` and `regulus plugin test` do not need. No existing file is changed; \
            lines to add to existing files are printed.
            """)

    @Argument(help: "Its name in recipes: lowercase letters, digits and hyphens.")
    var name: String

    @Flag(help: "What it is.")
    var kind: Scaffold.Kind = .regularizer

    @Flag(help: "A separate package with its own program, instead of a folder in Plugins.")
    var standalone = false

    @Flag(help: "A separate package that is compiled to a library for this program.")
    var library = false

    @Option(
        help: "Where to write it: the folder of Regulus's package or, for a separate package, the folder in which to create it.", completion: .directory,
        transform: { UserPath.expanded($0) })
    var directory = "."

    @Option(
        help: """
            For separate packages: the folder of Regulus's package, or the address of its repository (https://…, git@… or file://…). By default the \
            folder from which this program was built, if it still exists.
            """)
    var regulus: String?

    func validate() throws {
        if standalone && library { throw ValidationError("--standalone and --library cannot be combined") }
        if directory.isEmpty || regulus?.isEmpty == true { throw ValidationError("a folder needs a path") }
    }

    func run() throws {
        guard let registrar = Program.registrar else { return }
        guard let name = PluginName(name) else {
            throw CommandFault.input(
                "error: '\(name)' cannot be the name of a plug-in: it takes lowercase letters, digits and single hyphens, as in 'entropy-bonus'")
        }
        guard !Scaffold.reservedTypes.contains(name.type) else {
            throw CommandFault.input("error: '\(name.kebab)' would make a type \(name.type), which Swift or Regulus has already")
        }
        guard !registrar.components[kind.component].contains(where: { $0.name == name.kebab }) else {
            let owner = registrar.origin(of: name.kebab, kind.component)
            throw CommandFault.input("error: there is a \(kind.noun) '\(name.kebab)' already (\(owner))")
        }
        let door: Scaffold.Door = standalone ? .program : library || kind != .regularizer ? .library : .folder
        let module = "\(name.type)Plugin"
        if door != .folder, (try? BuildRecord(executable: ProgramBuild.running))?.hasModule(module) == true {
            throw CommandFault.input("error: '\(name.kebab)' would make a module \(module), which Regulus has already")
        }
        let scaffold = Scaffold(name: name, kind: kind, door: door, directory: directory, regulus: try dependency(for: door))
        try scaffold.write()
        try StandardOutput.print(scaffold.nextSteps)
    }

    /// Regulus's package, as a package below `directory` refers to it; nil for a library where it is not on this machine.
    private func dependency(for door: Scaffold.Door) throws -> Scaffold.Dependency? {
        if door == .folder { return .folder(directory) }
        if let regulus {
            if regulus.contains("://") || regulus.hasPrefix("git@") { return .repository(url: regulus, version: Version.current) }
            let folder = UserPath.expanded(regulus)
            guard Scaffold.isRegulus(folder) else { throw CommandFault.input("error: --regulus \(regulus): this is not Regulus's package") }
            return .folder(URL(fileURLWithPath: folder).standardizedFileURL.path)
        }
        if let package = (try? BuildRecord(executable: ProgramBuild.running))?.package { return .folder(package) }
        if door == .library { return nil }
        throw CommandFault.input(
            "error: the package that this program was built from is not here; give its folder, or its repository's address, with --regulus")
    }
}

extension Scaffold.Kind: EnumerableFlag {
    static func help(for value: Scaffold.Kind) -> ArgumentHelp? {
        switch value {
        case .regularizer: "Anything that shapes training beyond the base loss."
        case .encoder: "A network that turns one modality into embeddings."
        case .fusion: "A network that turns all embeddings into a prediction."
        case .model: "A whole model, in place of encoders and a fusion."
        case .dataset: "A data set."
        case .measurement: "Something that is measured on trained models."
        case .task: "A base loss with its scores."
        }
    }
}

/// `regulus plugin-probe FILE…`: the child in which libraries register for the first time; see `PluginLoader`.
struct PluginProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: PluginLoader.probeCommand, shouldDisplay: false)

    @Argument(parsing: .allUnrecognized)
    var paths: [String]

    func run() throws {
        guard let registrar = Program.registrar else { return }
        PluginProbe.run(paths, on: registrar)
    }
}

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
