import Analysis
import ArgumentParser
import Configuration
import Datasets
import Foundation
import Persistence
import Reports
import Results
import Weights

/// `regulus evaluate CHECKPOINT`: measures a trained model on any data of its modalities.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Scores a trained model on a data set: accuracy, F1, worst domain, calibration, and other measurements.",
        discussion: "All samples count as target samples. The data's classes are matched to the model's by name.")

    @OptionGroup var arguments: CheckpointArguments

    @Option(help: ArgumentHelp("A measurement with its default options. May be repeated; scores-by-class and calibration by default.", valueName: "name"))
    var measure: [String] = []

    @Flag(help: "One JSON object instead of text.")
    var json = false

    func run() throws {
        let application = try arguments.application(needsClasses: true)
        let names = measure.isEmpty ? ["scores-by-class", "calibration"] : measure
        var measured: [(name: String, findings: Findings)] = []
        for name in names {
            do {
                let measurement = try application.components.measurements.make(name)
                var findings = try application.model.measure(with: measurement)
                // Nothing but the given data is there to be measured.
                findings.numbers.removeAll { $0.samples != nil && $0.samples != SampleSet.target.rawValue }
                measured.append((name, findings))
            } catch let fault as OptionFault {
                throw CommandFault.input("error: \(fault)")
            } catch let fault as MeasurementFault {
                throw CommandFault.failure("error: \(name): \(fault)")
            } catch let fault as DatasetFault {
                throw CommandFault.failure("error: \(fault)")
            }
        }
        if json {
            let document = Dictionary(measured.map { ($0.name, $0.findings) }) { first, _ in first }
            return try StandardOutput.print(String(decoding: ResultCoding.document(document), as: UTF8.self).trimmingCharacters(in: .newlines))
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

/// `regulus embed CHECKPOINT`: writes what a trained model makes of a data set.
struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Writes a trained model's embeddings, fused representation and logits to a safetensors file.",
        discussion: """
            Tensors: embeddings.MODALITY (N×D), fused (N×F) where the model has it, logits (N×K), rows, labels and domains (N, rows of the data set and \
            numbers of its classes and domains). The header names the classes and domains.
            """)

    @OptionGroup var arguments: CheckpointArguments

    @Option(help: "The file to write.", completion: .file(extensions: ["safetensors"]))
    var out: String

    func run() throws {
        let application = try arguments.application(needsClasses: false)
        let outputs = try arguments.outputs(of: application)
        var writer = SafetensorsWriter(metadata: [
            "checkpoint": arguments.checkpoint, "classes": application.model.classes.joined(separator: "\n"),
            "domains": application.data.facts.domains.joined(separator: "\n"),
        ])
        for (modality, values) in outputs.embeddings { writer.add("embeddings.\(modality)", values.values, shape: values.shape.dimensions) }
        if let fused = outputs.representation { writer.add("fused", fused.values, shape: fused.shape.dimensions) }
        writer.add("logits", outputs.logits.values, shape: outputs.logits.shape.dimensions)
        writer.add("rows", outputs.rows, shape: [outputs.count])
        writer.add("labels", outputs.rows.map { application.data.labels[$0] }, shape: [outputs.count])
        writer.add("domains", outputs.domains, shape: [outputs.count])
        do { try writer.write(to: out) } catch { throw CommandFault.failure("error: \(error)") }
        try StandardOutput.print("\(outputs.count) samples written to \(out)")
    }
}

/// `regulus predict CHECKPOINT`: writes class probabilities as CSV.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Writes a trained model's predictions as CSV: row, domain, label, prediction, a probability for each class.")

    @OptionGroup var arguments: CheckpointArguments

    @Option(help: "The file to write; standard output by default.", completion: .file(extensions: ["csv"]))
    var out: String?

    func run() throws {
        let application = try arguments.application(needsClasses: false)
        let outputs = try arguments.outputs(of: application)
        let (classes, facts) = (application.model.classes, application.data.facts)
        let probabilities: ClassProbabilities
        do throws(Undefined) {
            probabilities = try ClassProbabilities(logits: outputs.logits)
        } catch {
            throw CommandFault.failure("error: probabilities \(error)")
        }
        let predictions = probabilities.predictions
        var lines = [["row", "domain", "label", "prediction"] + classes]
        for place in 0..<outputs.count {
            let row = outputs.rows[place]
            lines.append(
                ["\(row)", facts.domains[outputs.domains[place]], facts.classes[application.data.labels[row]], classes[predictions[place]]]
                    + probabilities.probabilities(of: place).map { "\($0)" })
        }
        let text = lines.map { $0.map(CSVText.field).joined(separator: ",") + "\r\n" }.joined()
        guard let out else { return try StandardOutput.print(text.trimmingCharacters(in: .newlines)) }
        do { try AtomicFile.write(Data(text.utf8), to: out) } catch { throw CommandFault.failure("error: \(error)") }
        try StandardOutput.print("\(outputs.count) samples written to \(out)")
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
