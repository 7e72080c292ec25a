import ArgumentParser
import Configuration
import Datasets
import Persistence

/// `regulus data`: looks at data sets on disk.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Looks at data sets on disk.", subcommands: [DataCheckCommand.self, DataManifestCommand.self])
}

/// `regulus data check DATASET …`: counts, missing and damaged files, durations, a page of samples.
struct DataCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Counts rows by domain, split and class, and finds missing and damaged files and values.",
        discussion: """
            One's own arrays are checked as a recipe would name them:
              regulus data check arrays path=features.npz modalities=video,audio domains=site
            Ends with status 1 where a file is missing or damaged, or a value is not finite.
            """)

    enum Decoding: String, CaseIterable, ExpressibleByArgument {
        case none, some, all
    }

    @Argument(help: "A data set that `regulus list` prints.")
    var dataset: String

    @Argument(help: "The folder that it lies in, for data sets that are not bundled; or its options as OPTION=VALUE, lists with commas.")
    var options: [String] = []

    @OptionGroup var plugins: PluginArguments

    @Option(help: "How many rows are decoded to find damaged files: none, some (8 of each domain) or all.")
    var decode = Decoding.some

    @Option(help: "Writes a page of sample frames and spectrograms to this SVG file.")
    var page: String?

    func run() throws {
        let known = try plugins.components()
        let check: DataCheck
        let opened: any Dataset
        do throws(DatasetFault) {
            opened = try open(known.registrar.components.datasets)
            let depth: DataCheck.Depth =
                switch decode {
                case .none: .presence
                case .some: .some(8)
                case .all: .all
                }
            check = try DataCheck(opened, depth: depth)
        } catch {
            throw CommandFault.input("error: \(error)")
        }
        try StandardOutput.print(check.lines.joined(separator: "\n"))
        if let page {
            guard let picture = SamplePage.svg(opened) else {
                throw CommandFault.input("error: the samples of '\(dataset)' are not pictures or sound")
            }
            do throws(FileFault) {
                try AtomicFile.write(picture, to: page)
            } catch {
                throw CommandFault.failure("error: \(error)")
            }
            try StandardOutput.print("samples: \(page)")
        }
        if !check.isSound { throw ExitCode.failure }
    }

    private func open(_ datasets: DatasetRegistry) throws(DatasetFault) -> any Dataset {
        let descriptions = datasets.description(of: dataset)?.options ?? []
        var values: [String: OptionValue] = [:]
        for text in options {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 2, let description = descriptions.first(where: { $0.name == parts[0] }) {
                values[parts[0]] = Self.value(parts[1], of: description)
            } else if parts.count == 2, !Folder.exists(text) {
                throw DatasetFault(
                    option: parts[0], message: "'\(dataset)' has no option '\(parts[0])'",
                    expected: descriptions.isEmpty ? "none" : "one of: " + descriptions.map(\.name).joined(separator: ", "),
                    suggestion: nearestName(to: parts[0], among: descriptions.map(\.name)))
            } else {
                // What lies on disk is called root by benchmarks and path by one's own arrays.
                values[descriptions.contains { $0.name == "path" } ? "path" : "root"] = .string(text)
            }
        }
        // A value that is not finite is what this command is to count, and no reason to stop.
        return try datasets.makeUnchecked(dataset, options: values)
    }

    private static func value(_ text: String, of description: OptionDescription) -> OptionValue {
        if text == "null", description.acceptsNull { return .null }
        if case .list = description.kind { return .list(text.split(separator: ",").map { .string(String($0)) }) }
        if let truth = Bool(text), description.fault(in: .bool(truth)) == nil { return .bool(truth) }
        if let number = Int(text), description.fault(in: .integer(number)) == nil { return .integer(number) }
        if let number = Double(text), description.fault(in: .number(number)) == nil { return .number(number) }
        return .string(text)
    }
}

/// `regulus data manifest DIR`: writes the table of a folder of files.
struct DataManifestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest", abstract: "Writes a CSV table of the samples in a folder, one file for each sample and modality.",
        discussion: """
            The pattern says what a path means, without its ending: {id}, {label}, {domain}, {split}, {group} and {modality}; * is anything.
              regulus data manifest clips --pattern '{domain}/{label}/{id}_{modality}'
            Names of modalities become columns. A sample that lacks one gets an empty field.
            """)

    @Argument(help: "The folder; files of arrays below it are listed, links are not followed.")
    var folder: String

    @Option(help: "What the parts of a path mean.")
    var pattern = ManifestWriter.defaultPattern

    @Option(help: "The file to write, in the folder where paths begin; else manifest.csv in it.")
    var output: String?

    func run() throws {
        let table: ManifestWriter
        do throws(DatasetFault) {
            table = try ManifestWriter(folder, pattern: pattern)
        } catch {
            throw CommandFault.input("error: \(error)")
        }
        let path = output ?? "\(folder)/manifest.csv"
        do throws(FileFault) {
            try AtomicFile.write(table.csv, to: path)
        } catch {
            throw CommandFault.failure("error: \(error)")
        }
        try StandardOutput.print((["\(path): \(table.count) samples"] + table.summary).joined(separator: "\n"))
    }
}
