import ArgumentParser
import PluginLibraries

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
