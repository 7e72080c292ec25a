import ArgumentParser
import Configuration
import Experiments
import Foundation
import Persistence
import Reports
import Results

/// `regulus run RECIPE`: trains everything and prints the table.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Trains every row of a recipe on every held-out domain and seed, and prints the comparison.",
        discussion: """
            A run folder that holds finished trials of the same recipe is continued; changed trials are run again. Running trials are saved \
            from time to time, and when SIGTERM or SIGINT ends the run (exit code 75): the same command goes on from there. Any number of \
            runs of one recipe, on any machines, may share a folder; none does a trial that another is at.
            """)

    @OptionGroup var arguments: RecipeArguments

    @Option(name: .customLong("out"), help: "The run folder; runs/NAME by default.", completion: .directory)
    var folder: String?

    @Flag(help: "Progress and figures as JSON, one object a line, on standard output.")
    var json = false

    @Option(help: ArgumentHelp("Wall time from one save of a running trial to the next.", valueName: "seconds"))
    var saveEvery = 60.0

    @Flag(help: "Only train, for another run on the same folder that writes the report.")
    var worker = false

    func validate() throws {
        if folder?.isEmpty == true { throw ValidationError("--out needs the path of a folder") }
        guard (0...86_400).contains(saveEvery) else { throw ValidationError("--save-every is between 0 and 86400 seconds") }
    }

    func run() throws {
        let plan = try arguments.plan()
        let (study, experiment) = (plan.study, plan.experiment)
        var settings = experiment.settings
        settings.command = commandLine
        let folder = RunFolder(URL(fileURLWithPath: folder ?? "runs/\(SafeName.encode(study.name))"))
        do throws(FileFault) {
            try Folder.create(folder.root.path)
        } catch {
            throw CommandFault.input("error: \(error)\nThe run folder can be chosen with --out.")
        }
        do {
            try AtomicFile.write(study.resolvedYAML, to: folder.resolvedRecipe.path)
            try AtomicFile.write(ResultCoding.document(settings), to: folder.settings.path)
            let display = RunDisplay(asJSON: json)
            try display.start(settings, folder: folder)
            defer { display.close() }
            var timing = StudyTiming()
            timing.saving = .seconds(saveEvery)
            StopRequest.listenForSignals()
            let run = StudyRun(
                cells: experiment.cells, folder: folder, components: plan.components, pool: arguments.pool, datasets: experiment.datasets,
                timing: timing, stop: .ofProcess)
            let events = LiveEvents(folder: folder)
            let results = try run.run { event in
                events.show(event)
                display.show(event)
            }
            if !worker {
                let report = try Report(results: results, settings: settings)
                try ReportWriter().write(report, recipe: study.resolvedYAML, to: folder)
                for result in results { try ReportWriter().writeEvents(of: result, to: folder) }
                try display.finish(report, folder: folder)
            }
            if results.contains(where: { $0.status != .finished }) { throw ExitCode(1) }
        } catch let stopped as StudyStopped {
            throw CommandFault(
                text: """
                    stopped after \(stopped.finished) of \(stopped.total) trainings; what was running is saved in \(folder.root.path)
                    The same command goes on from there.
                    """, code: StopRequest.exitCode)
        } catch let fault as DatasetFault {
            throw CommandFault.failure("error: \(fault)\nWhat was finished or saved before is kept; the same command goes on from there.")
        } catch let fault as FileFault {
            throw CommandFault.failure("error: \(fault)\nWhat was finished or saved before is kept; the same command goes on from there.")
        }
    }
}

extension RunCommand {
    /// What repeats the run, as one would type it.
    private var commandLine: String {
        var words = ["regulus", "run", arguments.recipe]
        for setting in arguments.settings { words += ["--set", setting] }
        for library in arguments.plugins.paths { words += ["--plugin", library] }
        words += ["--threads", "\(arguments.threads)", "--threads-per-trial", "\(arguments.threadsPerTrial)"]
        return words.map(quoted).joined(separator: " ")
    }

    private func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=,:".contains($0) } && !word.isEmpty
        return plain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}

/// `regulus check RECIPE`: everything that `run` checks before it starts, and what it would do.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Checks a recipe without training, and says what a run would do.")

    @OptionGroup var arguments: RecipeArguments

    func run() throws {
        let plan = try arguments.plan()
        let (study, experiment) = (plan.study, plan.experiment)
        let settings = experiment.settings
        let counts = [
            (settings.rows.count, "row"), (settings.targets.count, "target"), (settings.seeds.count, "seed"),
            (settings.variants.count, "variant"), (settings.repetitions.count, "repetition"),
        ]
        // Variants and repetitions are there without being asked for, one each.
        let product = counts.enumerated().filter { $0 < 3 || $1.0 > 1 }.map { phrase($1.0, $1.1) }.joined(separator: " × ")
        let trials = phrase(experiment.cells.reduce(0) { $0 + $1.seeds.count }, "trial")
        let tuning = experiment.rehearsalCount == 0 ? "" : ", and \(phrase(experiment.rehearsalCount, "training")) for tuning"
        let lines = ["\(study.name): \(product)", trials + tuning, settings.protocolText, "selection: " + settings.selection]
        try StandardOutput.print((lines + settings.settings).joined(separator: "\n"))
    }

    private func phrase(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
