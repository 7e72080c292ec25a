import ArgumentParser
import BuiltIn
import Configuration
import Foundation
import Persistence
import Processes
import Registration
import Results
import Tensors
import Training

/// The whole program: what `main` of the `regulus` executable, and of a third party's own, calls.
package enum Program {
    /// What can be named in recipes without loading any library; set while a command runs.
    @TaskLocal static var registrar: PluginRegistrar?

    /// Runs the command that the process's arguments ask for, and ends the process with its exit code where that is not 0.
    ///
    /// - Parameter registering: what this program adds to Regulus.
    package static func run(registering: (inout PluginRegistrar) throws -> Void) {
        Subnormals.flush()
        ParentLink.attach()
        // A stream that was closed beforehand would lend its number to the next file, and messages would go into that.
        for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
        // A limit on the size of files is an error of the call that writes, as a full disk is, and no reason to end without a word.
        signal(SIGXFSZ, SIG_IGN)
        CutFile.watch()
        // What plug-ins print is for people, and no part of a result.
        if ParentLink.role != nil { StandardOutput.keepForResults() }
        do {
            try RegulusCommand.checkName(CommandLine.arguments.dropFirst().first)
            // Wrong arguments end here, before anything is registered; help is a command of the argument parser's own, which needs nothing.
            var command = try RegulusCommand.parseAsRoot()
            guard RegulusCommand.includes(type(of: command)) else { return try command.run() }
            guard OwnThread.isGranted else { throw CommandFault.failure("error: \(OwnThread.refusal)") }
            var registrar = try PluginRegistrar(regularizers: .builtIn())
            registrar.origin = .program
            try registering(&registrar)
            try $registrar.withValue(registrar) { try command.run() }
            endChild()
        } catch {
            endChild()
            end(with: error)
        }
    }

    /// Ends what a process into which plug-ins are loaded leaves to the process that started it.
    private static func endChild() {
        guard ParentLink.role != nil else { return }
        CallTrace.end()
        Descendants.end()
    }

    private static func end(with error: any Error) -> Never {
        switch error {
        case let fault as CommandFault:
            StandardError.print(fault.text)
            RegulusCommand.exit(withError: ExitCode(fault.code))
        case let fault as FileFault:
            end(with: CommandFault.file(fault))
        case let fault as RegistrationFault:
            StandardError.print("error: \(fault)")
            RegulusCommand.exit(withError: ExitCode(2))
        default:
            // ArgumentParser answers a wrong argument with 64; here every wrong input is 2.
            let code = RegulusCommand.exitCode(for: error)
            let text = RegulusCommand.fullMessage(for: error)
            if code == .success {
                // A command that ran in a child has said everything there, and ends here with nothing but its exit code.
                if !text.isEmpty { try? StandardOutput.print(text) }
            } else if code == .failure, !(error is ExitCode) {
                StandardError.print("error: \(error)")
            } else if !text.isEmpty {
                StandardError.print(text)
            }
            RegulusCommand.exit(withError: code == .validationFailure ? ExitCode(2) : code)
        }
    }
}

/// The command line: `regulus run`, `status`, `watch`, `check`, `register`, `measure`, `evaluate`, `embed`, `predict`, `report`, `diff`, `list`, `describe`, `plugin`, `data`, `weights`, `bench`.
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
            RunCommand.self, StatusCommand.self, WatchCommand.self, RunsCommand.self, CheckCommand.self, RegisterCommand.self, MeasureCommand.self,
            EvaluateCommand.self, EmbedCommand.self,
            PredictCommand.self, ReportCommand.self, ChoiceCommand.self, DiffCommand.self, ListCommand.self, DescribeCommand.self, PluginCommand.self,
            DataCommand.self, WeightsCommand.self, BenchCommand.self, PluginProbeCommand.self, ManualCommand.self,
        ])
}

extension ParsableCommand {
    /// Whether `other` is this command or one below it.
    fileprivate static func includes(_ other: any ParsableCommand.Type) -> Bool {
        self == other || configuration.subcommands.contains { $0.includes(other) }
    }
}

extension RegulusCommand {
    /// - Parameter word: the first argument.
    /// - Throws: `CommandFault` where it is meant as a command that does not exist, with the nearest
    ///   one.
    static func checkName(_ word: String?) throws(CommandFault) {
        let commands = configuration.subcommands.filter { $0.configuration.shouldDisplay }.compactMap { $0.configuration.commandName }
        let known = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
        guard let word, !word.hasPrefix("-"), !known.contains(word) else { return }
        let hint = suggestionText(nearestName(to: word, among: commands))
        throw .input("error: there is no command '\(word)'\(hint)\ncommands: \(commands.joined(separator: ", ")); see regulus --help")
    }
}

/// An error that ends a command with a message and an exit code.
struct CommandFault: Error {
    let text: String
    let code: Int32

    /// The user's input is wrong: exit code 2.
    static func input(_ text: String) -> CommandFault { CommandFault(text: text, code: 2) }

    /// Something failed while running: exit code 1.
    static func failure(_ text: String) -> CommandFault { CommandFault(text: text, code: 1) }

    /// A file or folder cannot be used. Where something of another kind is in its place, trying again would fail again: that is the user's to move.
    ///
    /// - Parameter kept: what becomes of the work so far, as a sentence.
    static func file(_ fault: FileFault, _ kept: String? = nil) -> CommandFault {
        let lines = ["error: \(fault)", kept].compactMap(\.self)
        guard let obstacle = fault.obstacle else { return .failure(lines.joined(separator: "\n")) }
        return .input((lines + ["\(obstacle): move it elsewhere first."]).joined(separator: "\n"))
    }
}

/// Where results go. Writing never crashes: a full disk or a closed descriptor becomes a message.
enum StandardOutput {
    /// Unsafe only in name: it is changed once, at the start.
    nonisolated(unsafe) private static var file = FileHandle.standardOutput

    /// Keeps the output for this program's own results: whatever else is printed goes where messages go.
    static func keepForResults() {
        let own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 5)
        guard own >= 0 else { return }
        file = FileHandle(fileDescriptor: own, closeOnDealloc: false)
        dup2(STDERR_FILENO, STDOUT_FILENO)
    }

    /// Writes one line, or several, at once.
    ///
    /// - Throws: `CommandFault` where the output cannot be written, so that nobody takes a lost result for a success.
    static func print(_ text: String) throws(CommandFault) {
        do {
            try file.write(contentsOf: Data((text + "\n").utf8))
        } catch {
            throw .failure("error: cannot write to standard output: \(error.localizedDescription)")
        }
    }

    /// Writes a value as an indented JSON document.
    static func print(json value: some Encodable) throws {
        // A document ends with a line break, as printing does.
        try print(String(decoding: ResultCoding.document(value).dropLast(), as: UTF8.self))
    }
}

/// Where messages for people go, so that standard output holds results only.
enum StandardError {
    static func print(_ text: String) { write(text + "\n") }

    /// Writes as far as possible; a run does not end because nobody can read its messages.
    static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

    static var isTerminal: Bool { isatty(FileHandle.standardError.fileDescriptor) == 1 }
}
