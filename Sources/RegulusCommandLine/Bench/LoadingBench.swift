import ArgumentParser
import Configuration
import Datasets
import Foundation
import Regularization
import Tensors
import Training

/// `regulus bench loading RECIPE`: how fast a recipe's samples are decoded, beside how fast its training uses them.
struct LoadingBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loading", abstract: "Decoded and augmented samples per second of a recipe, compared with what a training step uses.",
        discussion: """
            Rows are loaded as for training, each modality alone and all together, with each number of workers. The training step is that of the first \
            row. Loading and training are timed one after the other; in a run they share the cores.
            """)

    @OptionGroup var arguments: RecipeArguments

    @Option(help: "Samples to load, spread evenly over the data set.")
    var samples = 48

    @Option(help: "Decoding threads; may be repeated. 1 and 2 by default.")
    var workers: [Int] = []

    @Option(help: "Batch size of the timed training step; 0 skips it. It hardly affects the samples per second, but it affects memory.")
    var batch = 4

    @Flag(help: "One JSON object instead of a table.")
    var json = false

    func validate() throws {
        guard samples >= 1, batch == 0 || (2...BenchOptions.largestBatch).contains(batch), workers.allSatisfy({ (1...256).contains($0) }) else {
            throw ValidationError(
                "--samples must be at least 1, --workers between 1 and 256, and --batch 0 or between 2 and \(BenchOptions.largestBatch)")
        }
    }

    func run() throws {
        let plan = try arguments.plan()
        guard let trial = plan.planned.cells.first?.candidates.first?.plan else { return }
        let counts = workers.isEmpty ? [1, 2] : workers
        do {
            let loading = try Loading(trial, components: plan.components, rows: samples)
            var figures = Figures(
                recipe: plan.study.name, rows: loading.rows.count, workers: counts, loaded: [], step: nil, batch: batch,
                threads: arguments.threads)
            // Files are in memory, and films counted, from the second pass on.
            _ = try loading.samplesPerSecond(loading.modalities, workers: counts.max() ?? 1)
            let selections = loading.modalities.map { [$0] } + (loading.modalities.count > 1 ? [loading.modalities] : [])
            for selection in selections {
                let speeds = try counts.map { try loading.samplesPerSecond(selection, workers: $0) }
                figures.loaded.append(Figures.Loaded(modalities: selection, samplesPerSecond: speeds))
            }
            if batch > 0 { figures.step = try loading.stepSamplesPerSecond(batch: batch, threads: arguments.threads) }
            try StandardOutput.print(json ? figures.jsonLine() : figures.table)
        } catch let fault as DatasetFault {
            throw CommandFault.failure("error: \(fault)")
        } catch let fault as OptionFault {
            throw CommandFault.failure("error: \(fault)")
        }
    }

    /// What is printed.
    struct Figures: Encodable {
        struct Loaded: Encodable {
            let modalities: [String]
            /// By number of workers.
            let samplesPerSecond: [Double]
        }

        let recipe: String
        let rows: Int
        let workers: [Int]
        var loaded: [Loaded]
        /// Samples a second that a training step uses.
        var step: Double?
        let batch: Int
        let threads: Int

        func jsonLine() throws -> String {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = .sortedKeys
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }

        var table: String {
            func number(_ value: Double) -> String { String(format: value < 10 ? "%.2f" : "%.1f", value) }
            func line(_ name: String, _ cells: [String]) -> String {
                name.padding(toLength: 28, withPad: " ", startingAt: 0)
                    + cells.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined()
            }
            var lines = [line("samples per second", workers.map { "\($0) worker\($0 == 1 ? "" : "s")" })]
            lines += loaded.map { line($0.modalities.joined(separator: " + "), $0.samplesPerSecond.map(number)) }
            guard let step, let all = loaded.last else { return lines.joined(separator: "\n") }
            lines.append(line("a step uses", [number(step)]) + "   batch \(batch), \(threads) thread\(threads == 1 ? "" : "s")")
            let enough = zip(workers, all.samplesPerSecond).first { $0.1 >= step }?.0
            lines.append(
                enough.map { "\($0) worker\($0 == 1 ? "" : "s") decode\($0 == 1 ? "s" : "") as fast as training uses the samples" }
                    ?? "training waits for the decoders: more workers, a stem cache, or smaller clips")
            return lines.joined(separator: "\n")
        }
    }
}

/// The data set and the model of one trial, to be timed.
private struct Loading {
    let rows: [Int]
    let modalities: [String]
    private let trial: TrialPlan
    private let components: Components
    private let view = SampleView.training(epoch: 1, random: RandomSource(seed: 0))

    init(_ trial: TrialPlan, components: Components, rows wanted: Int) throws {
        self.trial = trial
        self.components = components
        let data = try components.datasets.make(trial.data.name, options: trial.data.options)
        let training = data.labels.indices.filter { row in data.split.map { $0[row] == .train } ?? true }
        let count = min(wanted, training.count)
        rows = (0..<count).map { training[$0 * training.count / count] }
        let read: Set<String> =
            switch trial.model {
            case .assembled(let encoders, _): Set(encoders.keys.map(\.name))
            case .whole(_, let modalities): Set(modalities.map(\.name))
            }
        modalities = data.facts.modalityNames.filter(read.contains)
    }

    /// A data set in memory has no workers and is as fast with any number.
    private func loader(_ modalities: [String], workers: Int) throws -> BatchLoader {
        var options = trial.data.options
        let known = components.datasets.descriptions.first { $0.name == trial.data.name }?.options.map(\.name) ?? []
        if known.contains("workers") { options["workers"] = .integer(workers) }
        return try BatchLoader(try components.datasets.make(trial.data.name, options: options), modalities: modalities)
    }

    func samplesPerSecond(_ modalities: [String], workers: Int) throws -> Double {
        let loader = try loader(modalities, workers: workers)
        try loader.forEach(rows.map { [$0] }, view: view) { _ in }
        return loader.report.samplesPerSecond
    }

    /// Of the second of two steps: the first makes what later ones keep.
    func stepSamplesPerSecond(batch: Int, threads: Int) throws -> Double {
        try ThreadCount.use(threads)
        let data = try components.datasets.make(trial.data.name, options: trial.data.options)
        let trainer = try trial.makeTrainer(facts: data.facts, components: components, random: RandomSource(seed: 0), stepsPerEpoch: 2)
        let chosen = (0..<batch).map { rows[$0 % rows.count] }
        var inputs: Inputs = [:]
        for modality in modalities { inputs[Modality(modality)] = try data.inputs(chosen, modality: modality, view: view) }
        let samples = Batch(
            inputs: inputs, targets: data.targets(of: chosen),
            domains: chosen.map { data.domains[$0] })
        _ = try trainer.train(on: samples)
        let start = ContinuousClock.now
        _ = try trainer.train(on: samples)
        return Double(batch) / (start.duration(to: .now) / .seconds(1))
    }
}
