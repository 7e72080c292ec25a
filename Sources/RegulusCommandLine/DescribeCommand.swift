import ArgumentParser
import Configuration
import Foundation
import Registration
import Regularization
import RegularizerTesting
import Tensors

/// `regulus describe NAME`: formula, source, options with defaults, ranges and units.
struct DescribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Prints a component's formula, source and options with defaults and units.")

    @Argument(help: "A name that `regulus list` prints.")
    var name: String

    @OptionGroup var plugins: PluginArguments

    @Flag(help: "Measures a regularizer with its default options: time of penalty, transforms and gradient, against N and D.")
    var cost = false

    @Flag(help: "One JSON object instead of text.")
    var json = false

    func run() throws {
        let known = try plugins.components()
        let found = ComponentKind.allCases.flatMap { kind in
            known.components[kind].filter { $0.name == name }.map {
                ComponentDocument(
                    $0, kind: kind, origin: known.registrar.origin(of: name, kind),
                    regularizer: kind == .regularizers ? known.components.regularizers[name] : nil)
            }
        }
        guard !found.isEmpty else {
            let names = ComponentKind.allCases.flatMap { known.components[$0].map(\.name) }
            let hint = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
            let lines = ["error: nothing is called '\(name)'\(hint)", "known names: \(names.joined(separator: ", "))"]
            throw CommandFault.input((lines + [known.additionsText].compactMap(\.self)).joined(separator: "\n"))
        }
        if cost && json { throw CommandFault.input("error: --cost and --json do not go together") }
        if json {
            try StandardOutput.print(try ComponentDocument.json(found))
        } else {
            try StandardOutput.print(found.map(\.text).joined(separator: "\n\n"))
        }
        if cost { try printCost(known.registrar.components.regularizers) }
    }

    /// On embeddings of two modalities, on one thread.
    private func printCost(_ registry: RegularizerRegistry) throws {
        guard let entry = registry[name] else { throw CommandFault.input("error: --cost is for regularizers, and '\(name)' is none") }
        Threads.use(1)
        let cost: RegularizerCost
        do {
            cost = try RegularizerCost.measure(samples: [32, 64, 128, 256].filter { $0 >= entry.minimumBatch }) { context in
                try registry.make(name, context: context)
            }
        } catch let fault as OptionFault {
            throw CommandFault.input("error: \(name) cannot be made with its default options: \(fault)")
        }
        var lines = ["  cost of value and gradient, two modalities, one thread, default options:", "    grows as \(cost)"]
        for point in cost.bySamples + cost.byWidth.dropFirst() {
            let milliseconds = (point.seconds * 1e3).formatted(.number.precision(.significantDigits(3)).locale(Locale(identifier: "en_US_POSIX")))
            lines.append("    N = \(point.samples), D = \(point.width): \(milliseconds) ms")
        }
        try StandardOutput.print(lines.joined(separator: "\n"))
    }
}
