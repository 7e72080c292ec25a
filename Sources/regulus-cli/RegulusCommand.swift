import ArgumentParser
import Experiments
import Foundation

/// The command line: `regulus run`, `check`, `diff`, `list`, `describe`, `weights`, `bench`.
@main
struct RegulusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regulus",
        abstract: "Trains ablations of regularizers on multimodal models and prints the comparison.",
        discussion: """
            A recipe (YAML) names a data set, a model and the rows of an ablation, each a list of regularizers. Every row is trained \
            on every held-out domain and seed.

            Exit codes: 0 all trials finished, 1 something failed while running, 2 the recipe or the arguments are wrong.
            """,
        version: "Regulus \(Version.current)",
        subcommands: [
            RunCommand.self, CheckCommand.self, DiffCommand.self, ListCommand.self, DescribeCommand.self, BenchCommand.self, WeightsCommand.self,
        ])

    static func main() {
        // A stream that was closed beforehand would lend its number to the next file, and messages would go into that.
        for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let fault as CommandFault {
            StandardError.print(fault.text)
            exit(withError: ExitCode(fault.code))
        } catch {
            // ArgumentParser answers a wrong argument with 64; here every wrong input is 2.
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code == .success {
                print(text)
            } else if code == .failure, !(error is ExitCode) {
                StandardError.print("error: \(error)")
            } else if !text.isEmpty {
                StandardError.print(text)
            }
            exit(withError: code == .validationFailure ? ExitCode(2) : code)
        }
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
