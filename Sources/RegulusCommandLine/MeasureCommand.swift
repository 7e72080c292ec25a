import ArgumentParser
import Foundation
import Persistence
import Datasets
import Planning
import Processes
import Results
import Studies
import Tensors
import Training

/// `regulus measure DIR`: measures the trained models of a run folder.
struct MeasureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Measures the trained models of a run folder: rank, similarity, dependence, corruption, calibration …",
        discussion: """
            Nothing is trained. The models are read from the trials' checkpoints, and the findings are written beside each trial, where `regulus \
            report` reads them. Existing measurements are not repeated. Without --measure, the measurements under 'measure:' in the recipe are made. \
            `regulus list measurements` lists all measurements, and `regulus describe NAME` shows the options of one.
            """)

    @OptionGroup var given: RunFolderArgument

    @Option(
        help: ArgumentHelp(
            "A measurement, with options as in a recipe: 'dependence: {samples: 500}'. May be repeated. 'all' means all that the data allow, with default options.",
            valueName: "name"))
    var measure: [String] = []

    @OptionGroup var plugins: PluginArguments

    @OptionGroup var measuring: MeasuringArguments

    @Option(help: "Cores to use in total; all that this machine has by default.")
    var threads: Int?

    func validate() throws {
        if measure.contains("") { throw ValidationError("--measure needs a name") }
        if let threads { try ThreadCount.check(threads) }
    }

    func run() throws {
        let folder = given.folder
        let place = RunFolder(URL(fileURLWithPath: folder))
        guard Folder.exists(place.root.path) else { throw CommandFault.input("error: there is no run folder \(place.root.path)") }
        let plan = try arguments(for: place).plan()
        let cells = plan.planned.cells.all
        guard cells.contains(where: { !$0.measurements.isEmpty }) else {
            let names = plan.components.measurements.names.joined(separator: ", ")
            throw CommandFault.input("error: the recipe has no 'measure:', and no --measure names one of: \(names)")
        }
        StopRequest.listenForSignals()
        let run = MeasurementRun(
            cells: cells, folder: place, components: plan.components,
            pool: IsolatedMeasuring.pool(WorkerPool(workers: threads ?? Threads.available, threadsPerWorker: 1)),
            datasets: plan.planned.datasets, otherDatasets: plan.planned.otherDatasets, stop: .ofProcess)
        let observer: @Sendable (MeasurementRun.Step) -> Void = { StandardError.print("\($0.done) of \($0.all)  \($0.key)") }
        if IsolatedMeasuring.isMeasurer { return try IsolatedMeasuring.measure(run, observer: observer) }
        var isMeasured = true
        let outcome: MeasurementRun.Outcome
        do {
            if ParentLink.role == ForeignCodeGuard.role {
                outcome = try IsolatedMeasuring(run, patience: .seconds(measuring.measureTimeout)).outcome { note in
                    isMeasured = false
                    StandardError.print(note)
                }
            } else {
                outcome = try run.run(observer: observer)
            }
        } catch let stopped as StudyStopped {
            throw CommandFault(
                text: "stopped after \(stopped.finished) of \(stopped.total) trials; the same command continues from there",
                code: StopRequest.exitCode)
        } catch let fault as FileFault {
            throw CommandFault.file(fault, "What was measured before is kept.")
        }
        let store = RunStore(place)
        store.noteLook(by: Self.self, at: store.finished(plan.planned.settings.keys))
        for trial in outcome.leftOut { StandardError.print("not measured: \(trial.key): \(trial.reason)") }
        let seconds = outcome.seconds.formatted(.number.precision(.fractionLength(1)).locale(Locale(identifier: "en_US_POSIX")))
        try StandardOutput.print(
            "\(outcome.measured) measured in \(seconds) s, \(outcome.present) there before, \(outcome.leftOut.count) trials left out\n"
                + "regulus report \(folder) shows them")
        if !isMeasured || !outcome.leftOut.isEmpty { throw ExitCode(1) }
    }

    /// Every measurement that can be asked of the models of a recipe.
    private func allMeasurements(for recipe: [String]) throws -> [String] {
        let plan = try RecipeArguments.parse(recipe + plugins.paths.flatMap { ["--plugin", $0] }).plan()
        let known = plan.planned.datasets.values.map { data in
            Set(plan.components.measurements.names(for: data.facts, hasUnknownClasses: !data.rowsOfUnknownClasses.isEmpty))
        }
        return plan.components.measurements.names.filter { name in known.allSatisfy { $0.contains(name) } }
    }

    /// The folder's own recipe, with the measurements that the command asks for.
    private func arguments(for place: RunFolder) throws -> RecipeArguments {
        guard FileManager.default.fileExists(atPath: place.resolvedRecipe.path) else {
            throw CommandFault.input("error: \(place.resolvedRecipe.path) is missing; is \(place.root.path) the folder of a run?")
        }
        var words = [place.resolvedRecipe.path]
        if !measure.isEmpty {
            let names = measure.contains("all") ? try allMeasurements(for: words) : measure
            words += ["--set", "measure=[\(names.joined(separator: ", "))]"]
        }
        for path in plugins.paths { words += ["--plugin", path] }
        if let threads { words += ["--threads", "\(threads)"] }
        return try RecipeArguments.parse(words)
    }
}
