import ArgumentParser
import Configuration
import Datasets
import Persistence

/// `regulus data`: looks at data sets on disk.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Looks at data sets on disk.", subcommands: [DataCheckCommand.self])
}

/// `regulus data check DATASET ROOT`: counts, missing and damaged files, durations, a page of samples.
struct DataCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Counts rows by domain, split and class, and finds missing and damaged files.",
        discussion: "Ends with status 1 where a file is missing or damaged.")

    enum Decoding: String, CaseIterable, ExpressibleByArgument {
        case none, some, all
    }

    @Argument(help: "A data set that `regulus list` prints.")
    var dataset: String

    @Argument(help: "The folder that it lies in, for data sets that are not bundled.")
    var root: String?

    @OptionGroup var plugins: PluginArguments

    @Option(help: "How many rows are decoded to find damaged files: none, some (8 of each domain) or all.")
    var decode = Decoding.some

    @Option(help: "Writes a page of sample frames and spectrograms to this SVG file.")
    var page: String?

    func run() throws {
        let known = try plugins.components()
        let opened: any Dataset
        do throws(DatasetFault) {
            let options: [String: OptionValue] = root.map { ["root": .string($0)] } ?? [:]
            opened = try known.registrar.components.datasets.make(dataset, options: options)
        } catch {
            throw CommandFault.input("error: \(error)")
        }
        let depth: DataCheck.Depth =
            switch decode {
            case .none: .presence
            case .some: .some(8)
            case .all: .all
            }
        let check = DataCheck(opened, depth: depth)
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
}
