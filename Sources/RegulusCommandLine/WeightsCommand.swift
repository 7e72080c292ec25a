import ArgumentParser
import Persistence
import Weights

/// `regulus weights`: what is in files of weights.
struct WeightsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weights", abstract: "Inspects, converts and tries weight files: safetensors and PyTorch checkpoints.",
        discussion: "Nothing in a checkpoint is executed. Objects that only Python could create are listed and left out.",
        subcommands: [InspectCommand.self, ConvertCommand.self, ApplyWeightsCommand.self])
}

/// `regulus weights inspect FILE`: a table of keys, types and shapes.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Prints the key, type and shape of every tensor, and the other contents of the file.")

    @Argument(help: "A safetensors file or a PyTorch checkpoint (.pth, .pt, .pth.tar).", transform: { UserPath.expanded($0) })
    var file: String

    func run() throws {
        let weights = try opened(file)
        var lines = ["format: \(weights.format)", "tensors: \(weights.entries.count)"]
        for dictionary in weights.dictionaries {
            let start = dictionary.isEmpty ? "" : dictionary + "."
            let keys = weights.entries.map(\.name).filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
            if !dictionary.isEmpty { lines.append("dictionary: \(printable(dictionary)) (\(keys.count) tensors)") }
            // With a single key there is no prefix to speak of.
            if keys.count > 1, let prefix = KeyMapping.commonPrefix(of: keys) {
                lines.append("\(dictionary.isEmpty ? "" : "  ")prefix of all keys: \(printable(prefix))")
            }
        }
        if !weights.entries.isEmpty { lines += [""] + table(weights.entries) }
        if !weights.opaque.isEmpty {
            lines += ["", "not read:"] + weights.opaque.prefix(100).map { "  \(printable($0.name)): \(printable($0.kind))" }
            if weights.opaque.count > 100 { lines.append("  and \(weights.opaque.count - 100) more") }
        }
        if !weights.metadata.isEmpty {
            lines += ["", "metadata:"] + weights.metadata.map { "  \(printable($0.name)): \(printable($0.text))" }
        }
        try StandardOutput.print(lines.joined(separator: "\n"))
    }

    private func table(_ entries: [WeightsFile.Entry]) -> [String] {
        let rows =
            [("key", "type", "shape")]
            + entries.map { entry in
                let shape = entry.shape.isEmpty ? "scalar" : entry.shape.map(String.init).joined(separator: "×")
                return (printable(entry.name, longest: 200), entry.type.rawValue, shape)
            }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { key, type, shape in
            key + blanks(width - key.count + 2) + type + blanks(max(4 - type.count, 0) + 2) + shape
        }
    }

    private func blanks(_ count: Int) -> String { String(repeating: " ", count: count) }

    /// Text of a file as it may be shown: on one line, of a bounded length, without what a terminal would obey.
    private func printable(_ text: String, longest: Int = 100) -> String {
        let scalars = text.unicodeScalars.prefix(longest + 1).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}" as Unicode.Scalar
            default: scalar
            }
        }
        var line = String(String.UnicodeScalarView(scalars.prefix(longest)))
        if scalars.count > longest { line += "…" }
        return line
    }
}

/// `regulus weights convert IN OUT`: to safetensors.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Writes the tensors of a file as safetensors, types and values unchanged.",
        discussion: "The new file is never left incomplete; an existing file of that name is replaced only once the new one is complete.")

    @Argument(help: "A safetensors file or a PyTorch checkpoint.", transform: { UserPath.expanded($0) })
    var input: String

    @Argument(help: "The safetensors file to write.", transform: { UserPath.expanded($0) })
    var output: String

    @Option(help: "Takes only this dictionary of the checkpoint, named by its dotted path, as in state_dict or model_state_dict.")
    var select: String?

    @Option(help: "Removes this from the beginning of keys, as in module. or audnet.")
    var prefix: String?

    func run() throws {
        try OutputFile.check(output, isNoneOf: [input])
        let weights = try opened(input)
        let writer: SafetensorsWriter
        let count: Int
        do {
            let mapping = KeyMapping(dictionary: select, prefix: prefix)
            count = try weights.taken(by: mapping).count
            writer = try weights.safetensors(mapping)
        } catch {
            throw CommandFault.input("error: \(error)")
        }
        guard count > 0 else { throw CommandFault.input("error: \(input): the file has no tensors") }
        try writer.write(to: output)
        let leftOut = weights.opaque.isEmpty ? "" : "; \(weights.opaque.count) values that are not read were left out (regulus weights inspect lists them)"
        try StandardOutput.print("\(output): \(count) tensors\(leftOut)")
    }
}

private func opened(_ path: String) throws -> WeightsFile {
    do {
        return try WeightsFile(path)
    } catch {
        throw CommandFault.input("error: \(error)")
    }
}
