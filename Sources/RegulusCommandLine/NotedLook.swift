import ArgumentParser
import Persistence
import Results
import Studies

extension RunStore {
    /// Writes down that a command shows figures on targets. It shows them also where that cannot be written.
    ///
    /// - Parameters:
    ///   - command: the command.
    ///   - results: the trials whose figures are there to be seen.
    ///   - note: is told why it cannot be written.
    func noteLook(by command: any ParsableCommand.Type, at results: [TrialOutline], note: (String) -> Void = StandardError.print) {
        do throws(FileFault) { try noteLook(by: command.configuration.commandName ?? "regulus", at: results) } catch {
            note("note: this look at target figures cannot be logged: \(error)")
        }
    }
}
