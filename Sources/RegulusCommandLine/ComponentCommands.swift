import ArgumentParser
import Configuration
import Foundation
import Persistence
import Registration
import Regularization
import RegularizerTesting
import Tensors
import Training

/// `regulus list KIND`: one line for each component, with what a plug-in brought marked by its origin.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the components that recipes can name, one per line.")

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
            try StandardOutput.print(json: documents)
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

/// `regulus describe NAME`: formula, source, options with defaults, ranges and units.
struct DescribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Prints the formula, source and options of a component, with defaults and units.")

    @Argument(help: "A name that `regulus list` prints.")
    var name: String

    @OptionGroup var plugins: PluginArguments

    @Flag(help: "Times a regularizer with its default options: its penalty, transforms and gradient, for several N and D.")
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
            let hint = suggestionText(nearestName(to: name, among: names))
            let lines = ["error: nothing is called '\(name)'\(hint)", "known names: \(names.joined(separator: ", "))"]
            throw CommandFault.input((lines + [known.additionsText].compactMap(\.self)).joined(separator: "\n"))
        }
        if cost && json { throw CommandFault.input("error: --cost and --json do not go together") }
        if json {
            try StandardOutput.print(json: found)
        } else {
            try StandardOutput.print(found.map(\.text).joined(separator: "\n\n"))
        }
        if cost { try printCost(known.registrar.components.regularizers) }
    }

    /// On embeddings of two modalities, on one thread.
    private func printCost(_ registry: RegularizerRegistry) throws {
        guard let entry = registry[name] else { throw CommandFault.input("error: --cost is for regularizers, and '\(name)' is not one") }
        try ThreadCount.use(1)
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

/// Everything that recipes can name in this run of the program, and where it comes from.
struct KnownComponents {
    let registrar: PluginRegistrar
    /// The same as a study uses it.
    let components: Components

    init(_ registrar: PluginRegistrar) throws {
        self.registrar = registrar
        var digests: [ComponentOrigin: String] = [:]
        for case .library(let path) in Set(registrar.additions.map(\.origin)) {
            digests[.library(path: path)] = try SHA256Digest(ofFile: path).hex
        }
        // What the program itself registers is in its own digest.
        let named = registrar.additions.compactMap { addition in digests[addition.origin].map { (addition.name, $0) } }
        var components = registrar.components
        components.foreignCode = Dictionary(named) { first, _ in first }
        self.components = components
    }

    /// What plug-ins brought, for a user who is looking for a name; nil where they brought nothing.
    var additionsText: String? {
        let texts = registrar.additions.map { "\($0.kind.noun) '\($0.name)' (from \($0.origin))" }
        return texts.isEmpty ? nil : "registered besides the built-in ones: " + texts.joined(separator: ", ")
    }
}

extension ComponentKind: ExpressibleByArgument {}
