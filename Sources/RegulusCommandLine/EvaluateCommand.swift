import Analysis
import ArgumentParser
import Configuration
import Datasets
import Foundation
import Persistence
import Planning
import Processes
import Recipes
import Reports
import Regularization
import Results
import Tensors
import Training
import Weights

/// `regulus evaluate CHECKPOINT`: measures a trained model on any data of its modalities.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Scores a trained model on a data set: the task's scores, worst domain, calibration, and other measurements.",
        discussion: "All samples count as target samples. The classes, labels or values of the data are matched by name to those of the model.")

    @OptionGroup var arguments: CheckpointArguments

    @Option(
        help: ArgumentHelp(
            "A measurement, with options as in a recipe: 'corruption: {sigmas: [2]}'. May be repeated. By default: scores; for classes also scores-by-class and calibration.",
            valueName: "name"))
    var measure: [String] = []

    @Flag(help: "One JSON object instead of text.")
    var json = false

    func run() throws {
        let application = try arguments.application(needsTargets: true)
        arguments.noteLook(by: Self.self)
        let kind = application.model.targets.kind
        let names = !measure.isEmpty ? measure : kind == .classes ? ["scores-by-class", "calibration"] : ["scores"]
        var measured: [(name: String, findings: Findings)] = []
        for text in names {
            let choice = try choice(text, for: application)
            let name = choice.name
            do {
                let measurement = try application.components.measurements.make(choice.choice.component, options: choice.choice.options, for: kind)
                let other = try choice.data.map { try application.reading($0) }
                var findings = try CallTrace.during("measure", of: name) {
                    try application.model.measure(with: measurement, on: choice.modalities.map { $0.map { Modality($0) } }, against: other)
                }
                // The given data are all that can be measured.
                findings.numbers.removeAll { $0.samples != nil && $0.samples != SampleSet.target.rawValue }
                measured.append((name, findings))
            } catch let fault as OptionFault {
                throw CommandFault.input("error: \(fault)")
            } catch let fault as CheckpointFault {
                throw CommandFault.input("error: \(fault)")
            } catch let fault as MeasurementFault {
                throw CommandFault.failure("error: \(name): \(fault)")
            } catch let fault as DatasetFault {
                throw CommandFault.failure("error: \(fault)")
            }
        }
        if json {
            return try StandardOutput.print(json: Dictionary(measured.map { ($0.name, $0.findings) }) { first, _ in first })
        }
        let table = TextTable(
            columns: [.init("Measurement"), .init("Quantity"), .init("Value", .right)],
            rows: measured.flatMap { name, findings in
                findings.numbers.enumerated().map { index, number in
                    let context = [number.modality, number.condition].compactMap(\.self).joined(separator: ", ")
                    return [
                        index == 0 ? name : "", number.name + (context.isEmpty ? "" : " (\(context))"),
                        number.value.map { NumberText.significant($0) } ?? "\(NumberText.nothing): \(number.reason ?? "")",
                    ]
                }
            })
        try StandardOutput.print(Document([.table(table)]).terminalText())
        try StandardOutput.print("\(application.rows.count) samples of \(arguments.domains ?? "all domains")")
    }
}

extension EvaluateCommand {
    /// A measurement that `--measure` names, with its options.
    private func choice(_ text: String, for application: CheckpointArguments.Application) throws -> MeasurementChoice {
        let choice: MeasurementChoice
        do throws(RecipeError) {
            choice = try RecipeLoader.measurement(text, catalogue: application.components.catalogue)
        } catch {
            throw CommandFault.input("\(error)")
        }
        let known = application.model.modalities.map(\.name) + [Modality.fused.name]
        if let stranger = choice.modalities?.first(where: { !known.contains($0) }) {
            throw CommandFault.input("error: the model has no modality '\(stranger)', only \(known.joined(separator: ", "))")
        }
        return choice
    }
}

extension CheckpointArguments.Application {
    /// The model on another data set, all of whose samples are `other` samples.
    fileprivate func reading(_ data: ComponentChoice) throws -> TrainedModel {
        let dataset = try components.datasets.make(data.component, options: data.options)
        return try saved.applied(to: dataset, rows: dataset.knownRows, needsTargets: false, as: .other)
    }
}

/// `regulus embed CHECKPOINT`: writes what a trained model makes of a data set.
struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Writes a trained model's embeddings, fused representation and logits to a safetensors or an npz file.",
        discussion: """
            The arrays are embeddings.MODALITY (N×D); present.MODALITY (N, 1 or 0) if some samples lack the modality; fused (N×F) if the model has a \
            fused representation; logits (N×K); and rows, labels and domains (N, the number of each sample's row, class and domain in the data set). \
            If labels or values are learned, there is targets (N×K) in place of labels. The names of classes, labels or values and of domains are in \
            the header of a safetensors file, and in the arrays names and domain_names of an npz file. numpy.load reads npz files.
            """)

    @OptionGroup var arguments: CheckpointArguments

    @Option(
        help: "The file to write. Its extension chooses the format: .safetensors or .npz.", completion: .file(extensions: ["safetensors", "npz"]),
        transform: { UserPath.expanded($0) })
    var out: String

    func validate() throws {
        guard Self.formats.contains(format) else {
            throw ValidationError("--out names a file that ends with .safetensors or .npz, which says its format; '\(out)' ends with neither.")
        }
    }

    private static let formats = ["safetensors", "npz"]

    private var format: String { URL(fileURLWithPath: out).pathExtension.lowercased() }

    func run() throws {
        try OutputFile.check(out, isNoneOf: [arguments.checkpoint])
        let application = try arguments.application(needsTargets: false)
        let outputs = try arguments.outputs(of: application)
        var writer = writer(of: application)
        for (modality, values) in outputs.embeddings { writer.add("embeddings.\(modality)", values.values, shape: values.shape.dimensions) }
        for (modality, present) in outputs.present { writer.add("present.\(modality)", present.map { $0 ? 1 : 0 }, shape: [outputs.count]) }
        if let fused = outputs.representation { writer.add("fused", fused.values, shape: fused.shape.dimensions) }
        writer.add("logits", outputs.logits.values, shape: outputs.logits.shape.dimensions)
        writer.add("rows", outputs.rows, shape: [outputs.count])
        let targets = application.data.targets(of: outputs.rows)
        if let classes = targets.classes {
            writer.add("labels", classes, shape: [outputs.count])
        } else {
            writer.add("targets", targets.array.values, shape: targets.array.shape.dimensions)
        }
        writer.add("domains", outputs.domains, shape: [outputs.count])
        try writer.write(to: out, durability: .whole)
        try StandardOutput.print("\(outputs.count) samples written to \(out)")
    }

    /// A file in the format that was asked for, with the names of what is learned and of the domains.
    private func writer(of application: CheckpointArguments.Application) -> any ArrayFileWriter {
        let (targets, domains) = (application.model.targets, application.data.facts.domains)
        guard format == "npz" else {
            return SafetensorsWriter(metadata: [
                "checkpoint": arguments.checkpoint, targets.kind.rawValue: targets.names.joined(separator: "\n"),
                "domains": domains.joined(separator: "\n"),
            ])
        }
        var archive = NumPyArchiveWriter()
        archive.add("names", texts: targets.names)
        archive.add("domain_names", texts: domains)
        return archive
    }
}

/// `regulus predict CHECKPOINT`: writes predictions as CSV.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Writes a trained model's predictions as CSV.",
        discussion: """
            The columns for classes: row, domain, label, prediction, a probability for each class. For labels: row, domain, label, prediction (names \
            separated by semicolons), a probability for each label. For values: row, domain, each value and its prediction.
            """)

    @OptionGroup var arguments: CheckpointArguments

    @Option(help: "The file to write; standard output by default.", completion: .file(extensions: ["csv"]), transform: { UserPath.expanded($0) })
    var out: String?

    func run() throws {
        if let out { try OutputFile.check(out, isNoneOf: [arguments.checkpoint]) }
        let application = try arguments.application(needsTargets: false)
        let outputs = try arguments.outputs(of: application)
        let lines: [[String]]
        do throws(Undefined) {
            lines = try PredictionTable(outputs, of: application.model, on: application.data).lines
        } catch {
            throw CommandFault.failure("error: probabilities \(error)")
        }
        let text = CSVText.text(lines)
        guard let out else { return try StandardOutput.print(text.trimmingCharacters(in: .newlines)) }
        try AtomicFile.write(Data(text.utf8), to: out)
        try StandardOutput.print("\(outputs.count) samples written to \(out)")
    }
}

/// A model's predictions for some rows, one line each under a heading.
struct PredictionTable {
    let lines: [[String]]

    /// - Throws: `Undefined` where class probabilities cannot be computed.
    init(_ outputs: ModelOutputs, of model: TrainedModel, on data: any Dataset) throws(Undefined) {
        let (known, facts) = (model.targets, data.facts)
        // True classes are written as the data name them, whether the model knows them or not.
        let own = data.targets(of: outputs.rows)
        let (truths, predictions, width) = (own.array.values, outputs.logits.values, outputs.logits.shape[1])
        func line(_ place: Int, _ fields: [String]) -> [String] { ["\(outputs.rows[place])", facts.domains[outputs.domains[place]]] + fields }
        func truth(_ place: Int) -> [Float] { Array(truths[place * own.width..<(place + 1) * own.width]) }
        func prediction(_ place: Int) -> [Float] { Array(predictions[place * width..<(place + 1) * width]) }
        func truthText(_ place: Int) -> String {
            let values = zip(facts.targets.names, truth(place))
            return own.kind == .values ? values.map { "\($0.1)" }.joined(separator: ";") : values.filter { $1 == 1 }.map(\.0).joined(separator: ";")
        }
        guard width == known.width else {
            // A third party's task may predict numbers of another kind than it learns from.
            lines =
                [["row", "domain", "target"] + (1...width).map { "output-\($0)" }]
                + (0..<outputs.count).map { place in
                    line(place, [truthText(place)] + prediction(place).map { "\($0)" })
                }
            return
        }
        switch known.kind {
        case .classes:
            let probabilities = try ClassProbabilities(logits: outputs.logits)
            let chosen = probabilities.predictions
            lines =
                [["row", "domain", "label", "prediction"] + known.names]
                + (0..<outputs.count).map { place in
                    line(place, [truthText(place), known.names[chosen[place]]] + probabilities.probabilities(of: place).map { "\($0)" })
                }
        case .labels:
            lines =
                [["row", "domain", "label", "prediction"] + known.names]
                + (0..<outputs.count).map { place in
                    let logits = prediction(place)
                    let names = zip(known.names, logits).filter { $1 > 0 }.map(\.0).joined(separator: ";")
                    return line(place, [truthText(place), names] + logits.map { "\(1 / (1 + exp(-Double($0))))" })
                }
        case .values:
            let isOwn = own.kind == .values && facts.targets.names == known.names
            let heading = known.names.flatMap { isOwn ? [$0, "predicted \($0)"] : ["predicted \($0)"] }
            lines =
                [["row", "domain"] + heading]
                + (0..<outputs.count).map { place in
                    let predicted = prediction(place).map { "\($0)" }
                    return line(place, isOwn ? zip(truth(place), predicted).flatMap { ["\($0)", $1] } : predicted)
                }
        }
    }
}

extension CheckpointArguments {
    /// What the model makes of all rows.
    fileprivate func outputs(of application: Application) throws -> ModelOutputs {
        do {
            return try application.model.outputs(on: .target)
        } catch let fault as DatasetFault {
            throw CommandFault.failure("error: \(fault)")
        } catch let fault as Undefined {
            throw CommandFault.input("error: \(fault.reason)")
        }
    }
}
