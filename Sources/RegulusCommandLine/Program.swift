import ArgumentParser
import BuiltIn
import Foundation
import Processes
import Registration

/// The whole program: what `main` of the `regulus` executable, and of a third party's own, calls.
package enum Program {
    /// What can be named in recipes without loading any library; set while a command runs.
    @TaskLocal static var registrar: PluginRegistrar?

    /// Runs the command that the process's arguments ask for, and ends the process with its exit code where that is not 0.
    ///
    /// - Parameter registering: what this program adds to Regulus.
    package static func run(registering: (inout PluginRegistrar) throws -> Void) {
        ParentLink.attach()
        // A stream that was closed beforehand would lend its number to the next file, and messages would go into that.
        for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
        // What plug-ins print is for people, and no part of a result.
        if ParentLink.role != nil { StandardOutput.keepForResults() }
        do {
            var registrar = try PluginRegistrar(regularizers: .builtIn())
            registrar.origin = .program
            try registering(&registrar)
            try $registrar.withValue(registrar) {
                try RegulusCommand.checkName(CommandLine.arguments.dropFirst().first)
                var command = try RegulusCommand.parseAsRoot()
                try command.run()
            }
            CallTrace.end()
        } catch {
            CallTrace.end()
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        switch error {
        case let fault as CommandFault:
            StandardError.print(fault.text)
            RegulusCommand.exit(withError: ExitCode(fault.code))
        case let fault as RegistrationFault:
            StandardError.print("error: \(fault)")
            RegulusCommand.exit(withError: ExitCode(2))
        default:
            // ArgumentParser answers a wrong argument with 64; here every wrong input is 2.
            let code = RegulusCommand.exitCode(for: error)
            let text = RegulusCommand.fullMessage(for: error)
            if code == .success {
                try? StandardOutput.print(text)
            } else if code == .failure, !(error is ExitCode) {
                StandardError.print("error: \(error)")
            } else if !text.isEmpty {
                StandardError.print(text)
            }
            RegulusCommand.exit(withError: code == .validationFailure ? ExitCode(2) : code)
        }
    }
}
