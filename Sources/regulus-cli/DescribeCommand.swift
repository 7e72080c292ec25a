import ArgumentParser
import Configuration
import Experiments

/// `regulus describe NAME`: formula, source, options with defaults, ranges and units.
struct DescribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Prints a component's formula, source and options with defaults and units.")

    @Argument(help: "A name that `regulus list` prints.")
    var name: String

    @Flag(help: "One JSON object instead of text.")
    var json = false

    func run() throws {
        let components = try Components.builtIn()
        let found = ComponentKind.allCases.flatMap { kind in
            kind.descriptions(in: components).filter { $0.name == name }.map { ComponentDocument($0, kind: kind) }
        }
        guard !found.isEmpty else {
            let names = ComponentKind.allCases.flatMap { $0.descriptions(in: components).map(\.name) }
            let hint = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
            throw CommandFault.input("error: nothing is called '\(name)'\(hint)\nknown names: \(names.joined(separator: ", "))")
        }
        if json {
            try StandardOutput.print(try ComponentDocument.json(found))
        } else {
            try StandardOutput.print(found.map(\.text).joined(separator: "\n\n"))
        }
    }
}
