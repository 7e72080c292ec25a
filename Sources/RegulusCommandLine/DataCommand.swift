import ArgumentParser
import Configuration
import Datasets
import Persistence
import Planning
import Recipes
import Training

/// `regulus data`: looks at data sets on disk.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Checks, lists and converts data sets on disk.",
        subcommands: [DataCheckCommand.self, DataManifestCommand.self, DataConvertCommand.self])
}

/// `regulus data check DATASET …`: counts, missing and damaged files, durations, a page of samples.
struct DataCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Counts rows by domain, split and class, and finds missing and damaged files and values.",
        discussion: """
            For your own arrays, give the options that a recipe would give:
              regulus data check arrays path=f.npz modalities=video,audio domains=site
              regulus data check '{use: watch, domains: groups}'
            Exit code 1: a file is missing or damaged, or a value is not finite.
            """)

    enum Decoding: String, CaseIterable, ExpressibleByArgument {
        case none, some, all
    }

    @OptionGroup var data: DataArguments

    @OptionGroup var plugins: PluginArguments

    @Option(help: "How many rows to decode in search of damaged files: none, some (8 of each domain) or all.")
    var decode = Decoding.some

    @Option(help: "Writes a page of sample frames and spectrograms to this SVG file.", transform: { UserPath.expanded($0) })
    var page: String?

    func run() throws {
        try ThreadCount.checkRoom(for: 1)
        let known = try plugins.components()
        let check: DataCheck
        let opened: any Dataset
        do {
            opened = try data.open(known.registrar.components, countingNotFinite: true)
            let depth: DataCheck.Depth =
                switch decode {
                case .none: .presence
                case .some: .some(8)
                case .all: .all
                }
            check = try DataCheck(opened, depth: depth)
        } catch {
            throw DataArguments.fault(error)
        }
        try StandardOutput.print(check.lines.joined(separator: "\n"))
        if let page {
            guard let picture = SamplePage.svg(opened) else {
                throw CommandFault.input("error: the samples of '\(data.dataset)' are not pictures or sound")
            }
            do throws(FileFault) {
                try AtomicFile.write(picture, to: page)
            } catch {
                throw CommandFault.file(error)
            }
            try StandardOutput.print("samples: \(page)")
        }
        if !check.isSound { throw ExitCode.failure }
    }
}

/// A data set on the command line.
struct DataArguments: ParsableArguments {
    @Argument(help: "A data set listed by `regulus list datasets`, or the data section of a recipe: {use: NAME, OPTION: VALUE}.")
    var dataset: String

    @Argument(help: "The folder of a data set that is not bundled, or options as OPTION=VALUE, with commas in lists.")
    var options: [String] = []

    /// What of the options may be files.
    var paths: [String] {
        options.map { text in UserPath.expanded(text.firstIndex(of: "=").map { String(text[text.index(after: $0)...]) } ?? text) }
    }

    /// Opens the data set.
    ///
    /// - Parameter countingNotFinite: whether values that are not finite are accepted, so that they can
    ///   be counted.
    /// - Throws: `RecipeError` for a section in braces that is wrong; `DatasetFault` for an unknown name or option, or data that cannot be read.
    func open(_ components: Components, countingNotFinite: Bool = false) throws -> any Dataset {
        let datasets = components.datasets
        if dataset.hasPrefix("{") {
            guard options.isEmpty else {
                throw DatasetFault(message: "'\(options[0])' cannot follow a section in braces", expected: "all options within the braces")
            }
            let choice = try RecipeLoader.dataset(dataset, catalogue: components.catalogue)
            return try countingNotFinite
                ? datasets.makeUnchecked(choice.component, options: choice.options) : datasets.make(choice.component, options: choice.options)
        }
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
                // The place on disk is called `path` by `arrays`, `manifest` by `clips`, and `root` by
                // benchmarks.
                let name = ["path", "root", "manifest"].first { name in descriptions.contains { $0.name == name } }
                values[name ?? "root"] = .string(UserPath.expanded(text))
            }
        }
        return try countingNotFinite ? datasets.makeUnchecked(dataset, options: values) : datasets.make(dataset, options: values)
    }

    /// What a user is told of a fault of ``open(_:countingNotFinite:)``; a recipe's own says where it is.
    static func fault(_ error: any Error) -> CommandFault { .input(error is RecipeError ? "\(error)" : "error: \(error)") }

    private static func value(_ text: String, of description: OptionDescription) -> OptionValue {
        if text == "null", description.acceptsNull { return .null }
        let isPath = [OptionKind.path, .list(of: .path)].contains(description.kind)
        func read(_ text: some StringProtocol) -> OptionValue { .string(isPath ? UserPath.expanded(String(text)) : String(text)) }
        if case .list = description.kind { return .list(text.split(separator: ",").map(read)) }
        if let truth = Bool(text), description.fault(in: .bool(truth)) == nil { return .bool(truth) }
        if let number = Int(text), description.fault(in: .integer(number)) == nil { return .integer(number) }
        if let number = Double(text), description.fault(in: .number(number)) == nil { return .number(number) }
        return read(text)
    }
}

/// `regulus data manifest DIR`: writes the table of a folder of files.
struct DataManifestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest", abstract: "Writes a CSV table of the samples in a folder, one file for each sample and modality.",
        discussion: """
            If paths say what a file is, a pattern gives the meaning of each part of a path, without its extension: {id}, {label}, {domain}, {split}, {group}
            and {modality}; * matches anything. Without {modality}, the extension decides: video, audio or picture.
              regulus data manifest features --pattern '{domain}/{label}/{id}_{modality}'
            If a table holds the labels, columns of it in braces say which cells are used, and which files belong to a row:
              regulus data manifest sims --table sims/label.csv --column label={label} --column split={mode} --column domain=sims \\
                --file 'video=Raw/{video_id}/{clip_id:4}.mp4' --file 'audio=Raw/{video_id}/{clip_id:4}.mp4'
            Each modality becomes a column, which is empty for samples that lack the modality. Arrays are read by the data set `arrays`; films, sound
            and pictures by `clips`, whose modalities are video, flow_x with flow_y, audio and picture.
            """)

    @Argument(
        help: "The folder. All files of arrays, films, sound and pictures in it and below it are listed; folders that are links are not entered.",
        transform: { UserPath.expanded($0) })
    var folder: String

    @Option(help: "The meaning of the parts of a path; \(ManifestWriter.defaultPattern) by default.")
    var pattern: String?

    @Option(help: "A CSV table of labels with a row for each sample.", transform: { UserPath.expanded($0) })
    var table: String?

    @Option(
        help: ArgumentHelp(
            "With --table: a column and its text, in which {name} is a cell of the table, as in label={sentiment} or domain=studio. May be repeated.",
            valueName: "name=text"))
    var column: [String] = []

    @Option(
        help: ArgumentHelp(
            "With --table: a modality and its file, as in audio=sound/{id}.wav; {id:4} is padded with zeros to 4 characters. May be repeated.",
            valueName: "name=path"))
    var file: [String] = []

    @Option(help: "The file to write, in the folder that paths are relative to; manifest.csv in it by default.", transform: { UserPath.expanded($0) })
    var output: String?

    func run() throws {
        if table == nil, let first = column.first ?? file.first {
            throw CommandFault.input("error: '\(first)' is taken from a table of labels; expected --table too")
        }
        if table != nil, pattern != nil { throw CommandFault.input("error: --pattern and --table both say what the samples are; expected one of them") }
        let manifest: ManifestWriter
        do throws(DatasetFault) {
            manifest =
                if let table { try ManifestWriter(folder, table: table, columns: column, files: file) } else {
                    try ManifestWriter(folder, pattern: pattern ?? ManifestWriter.defaultPattern)
                }
        } catch {
            throw CommandFault.input("error: \(error)")
        }
        let path = output ?? "\(folder)/manifest.csv"
        try OutputFile.check(path, isNoneOf: [table].compactMap(\.self))
        do throws(FileFault) {
            try AtomicFile.write(manifest.csv, to: path)
        } catch {
            throw CommandFault.file(error)
        }
        try StandardOutput.print((["\(path): \(manifest.count) samples"] + manifest.summary).joined(separator: "\n"))
    }
}

/// `regulus data convert DATASET …`: writes a data set as one safetensors file.
struct DataConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Writes a data set, whatever its format, as one safetensors file that 'arrays' reads.",
        discussion: """
            Writes the inputs as evaluation sees them, as 32-bit floats, with labels, domains, splits, groups, positions and lengths:
              regulus data convert arrays path=f.h5 modalities=video,audio -o f.safetensors
              regulus data convert hust-motor /data/hust --output hust.safetensors
            Prints the section of a recipe that reads the file. Memory use is bounded, and the file is never left incomplete.
            """)

    @OptionGroup var data: DataArguments

    @OptionGroup var plugins: PluginArguments

    @Option(name: .shortAndLong, help: "The file to write.", transform: { UserPath.expanded($0) })
    var output: String

    func run() throws {
        try OutputFile.check(output, isNoneOf: data.paths)
        try ThreadCount.checkRoom(for: 1)
        let known = try plugins.components()
        let conversion: SafetensorsConversion
        do {
            conversion = try SafetensorsConversion(try data.open(known.registrar.components))
        } catch {
            throw DataArguments.fault(error)
        }
        let bar = ByteBar(total: conversion.byteCount)
        do throws(FileFault) {
            try conversion.write(to: output) { bar.show($0) }
        } catch {
            bar.end()
            // What cannot be converted is the data's fault, what cannot be written the file system's.
            throw error.action == "convert" ? CommandFault.input("error: \(error.path): \(error.reason)") : CommandFault.file(error)
        }
        bar.end()
        try StandardOutput.print((conversion.remarks.map { "note: \($0)" } + [conversion.recipe(path: output)]).joined(separator: "\n"))
    }
}

/// How many bytes are done, redrawn in one line on a terminal; elsewhere nothing is drawn.
private struct ByteBar: Sendable {
    let total: Int
    let isShown = StandardError.isTerminal
    private static let width = 30

    func show(_ done: Int) {
        guard isShown, total > 0 else { return }
        let filled = min(Self.width, done * Self.width / total)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        func text(_ bytes: Int) -> String { String((Double(bytes) / 1e7).rounded() / 100) }
        StandardError.write("\r\(bar) \(min(done * 100 / total, 100)) %  \(text(done)) of \(text(total)) GB")
    }

    func end() {
        if isShown { StandardError.write("\n") }
    }
}
