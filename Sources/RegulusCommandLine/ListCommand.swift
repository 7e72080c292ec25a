import ArgumentParser
import Configuration
import Registration

/// `regulus list KIND`: one line for each component, with what a plug-in brought marked by its origin.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the components that recipes can name, a line each.")

    @Argument(help: "One kind; all of them by default.")
    var kind: ComponentKind?

    @OptionGroup var plugins: PluginArguments

    @Flag(help: "One JSON array instead of lines.")
    var json = false

    func run() throws {
        let known = try plugins.components()
        let kinds = kind.map { [$0] } ?? ComponentKind.allCases
        if json {
            let documents = kinds.flatMap { kind in
                known.components[kind].map { ComponentDocument($0, kind: kind, origin: known.registrar.origin(of: $0.name, kind)) }
            }
            try StandardOutput.print(try ComponentDocument.json(documents))
            return
        }
        for kind in kinds {
            let descriptions = known.components[kind]
            if kinds.count > 1 && !descriptions.isEmpty { try StandardOutput.print("\(kind.rawValue):") }
            let width = descriptions.map(\.name.count).max() ?? 0
            for description in descriptions {
                let name = description.name + String(repeating: " ", count: width - description.name.count)
                let origin = known.registrar.origin(of: description.name, kind)
                // What a plug-in brings is the exception, and nobody reads a column of "built-in".
                let mark = origin == .builtIn ? "" : " (from \(origin))"
                try StandardOutput.print("\(kinds.count > 1 ? "  " : "")\(name)  \(description.summary)\(mark)")
            }
        }
    }
}
