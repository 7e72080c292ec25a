import ArgumentParser
import Configuration
import Experiments

/// The kinds of components that recipes can name.
enum ComponentKind: String, CaseIterable, ExpressibleByArgument {
    case regularizers, encoders, fusions, datasets, optimizers

    func descriptions(in components: Components) -> [ComponentDescription] {
        switch self {
        case .regularizers: components.regularizers.descriptions
        case .encoders: components.encoders.descriptions
        case .fusions: components.fusions.descriptions
        case .datasets: components.datasets.descriptions
        case .optimizers: components.optimizers.descriptions
        }
    }
}

/// `regulus list KIND`: one line for each component.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the components that recipes can name, a line each.")

    @Argument(help: "One kind; all of them by default.")
    var kind: ComponentKind?

    @Flag(help: "One JSON array instead of lines.")
    var json = false

    func run() throws {
        let components = try Components.builtIn()
        let kinds = kind.map { [$0] } ?? ComponentKind.allCases
        if json {
            let documents = kinds.flatMap { kind in kind.descriptions(in: components).map { ComponentDocument($0, kind: kind) } }
            try StandardOutput.print(try ComponentDocument.json(documents))
            return
        }
        for kind in kinds {
            if kinds.count > 1 { try StandardOutput.print("\(kind.rawValue):") }
            let descriptions = kind.descriptions(in: components)
            let width = descriptions.map(\.name.count).max() ?? 0
            for description in descriptions {
                let name = description.name + String(repeating: " ", count: width - description.name.count)
                try StandardOutput.print("\(kinds.count > 1 ? "  " : "")\(name)  \(description.summary)")
            }
        }
    }
}
