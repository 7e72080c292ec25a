import ArgumentParser
import Configuration
import Training

/// The command line: `regulus run`, `check`, `measure`, `evaluate`, `embed`, `predict`, `report`, `diff`, `list`, `describe`, `plugin`, `data`, `weights`, `bench`.
struct RegulusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regulus",
        abstract: "Trains ablations of regularizers on multimodal models and prints the comparison.",
        discussion: """
            A recipe (YAML) names a data set, a model and the rows of an ablation, each a list of regularizers. Every row is trained \
            on every held-out domain and seed.

            Exit codes: 0 all trials finished, 1 something failed while running, 2 the recipe or the arguments are wrong, 75 stopped by \
            a signal with everything saved.
            """,
        version: "Regulus \(Version.current)",
        subcommands: [
            RunCommand.self, RunsCommand.self, CheckCommand.self, MeasureCommand.self, EvaluateCommand.self, EmbedCommand.self,
            PredictCommand.self, ReportCommand.self, DiffCommand.self, ListCommand.self, DescribeCommand.self, PluginCommand.self,
            DataCommand.self, WeightsCommand.self, BenchCommand.self, PluginProbeCommand.self,
        ])
}

extension RegulusCommand {
    /// - Parameter word: the first argument.
    /// - Throws: `CommandFault` where it is meant as a command, and there is no such, with the nearest one.
    static func checkName(_ word: String?) throws(CommandFault) {
        let commands = configuration.subcommands.filter { $0.configuration.shouldDisplay }.compactMap { $0.configuration.commandName }
        let known = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
        guard let word, !word.hasPrefix("-"), !known.contains(word) else { return }
        let hint = nearestName(to: word, among: commands).map { "; did you mean '\($0)'?" } ?? ""
        throw .input("error: there is no command '\(word)'\(hint)\ncommands: \(commands.joined(separator: ", ")); regulus --help tells more")
    }
}

/// What ends a command with a message and an exit code.
struct CommandFault: Error {
    let text: String
    let code: Int32

    /// The user's input is wrong: exit code 2.
    static func input(_ text: String) -> CommandFault { CommandFault(text: text, code: 2) }

    /// Something failed while running: exit code 1.
    static func failure(_ text: String) -> CommandFault { CommandFault(text: text, code: 1) }
}
