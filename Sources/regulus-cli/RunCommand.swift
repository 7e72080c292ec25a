import ArgumentParser
import Experiments
import Foundation
import Persistence
import Reports
import Results

/// `regulus run RECIPE`: trains everything and prints the table.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Trains every row of a recipe on every held-out domain and seed, and prints the comparison.",
        discussion: "A run folder that holds finished trials of the same recipe is continued; changed trials are run again.")

    @OptionGroup var arguments: RecipeArguments

    @Option(name: .customLong("out"), help: "The run folder; runs/NAME by default.", completion: .directory)
    var folder: String?

    @Flag(help: "Progress and figures as JSON, one object a line, on standard output.")
    var json = false

    func run() throws {
        let components = try Components.builtIn()
        let (study, experiment) = try arguments.plan(with: components)
        let folder = RunFolder(URL(fileURLWithPath: folder ?? "runs/\(SafeName.encode(study.name))"))
        do {
            try Folder.create(folder.root.path)
            try AtomicFile.write(study.resolvedYAML, to: folder.resolvedRecipe.path)
            try AtomicFile.write(ResultCoding.document(experiment.settings), to: folder.settings.path)
            let display = RunDisplay(asJSON: json)
            try display.start(experiment.settings, folder: folder)
            let run = StudyRun(
                cells: experiment.cells, folder: folder, components: components, pool: arguments.pool, datasets: experiment.datasets)
            let results = try run.run(observer: display.show)
            let report = try Report(results: results, settings: experiment.settings)
            try ReportWriter().write(report, to: folder)
            try display.finish(report, folder: folder)
            if results.contains(where: { $0.status != .finished }) { throw ExitCode(1) }
        } catch let fault as FileFault {
            throw CommandFault.failure("error: \(fault)")
        }
    }
}

/// `regulus check RECIPE`: everything that `run` checks before it starts, and what it would do.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Checks a recipe without training, and says what a run would do.")

    @OptionGroup var arguments: RecipeArguments

    func run() throws {
        let (study, experiment) = try arguments.plan(with: .builtIn())
        let settings = experiment.settings
        let trials = experiment.cells.reduce(0) { $0 + $1.seeds.count }
        print("\(study.name): \(settings.rows.count) rows × \(settings.targets.count) targets × \(settings.seeds.count) seeds")
        if settings.variants.count * settings.repetitions.count > 1 {
            print("\(settings.variants.count) variants × \(settings.repetitions.count) repetitions")
        }
        print("\(trials) trials, and \(experiment.rehearsalCount) trainings for tuning")
        for line in [settings.protocolText, "selection: " + settings.selection] + settings.settings { print(line) }
    }
}
