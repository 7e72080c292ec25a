import ArgumentParser
import Configuration
import Foundation
import Launching
import Monitoring
import Persistence
import Planning
import Processes
import Reports
import Results
import Studies
import Training

/// `regulus run RECIPE`: trains everything and prints the table.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Trains every row of a recipe on every held-out domain and seed, and prints the comparison.",
        discussion: """
            If the run folder has finished trials of the same recipe, they are kept and the run continues. A trial is run again if the recipe or the \
            program has changed for it. Its earlier results are moved to other-plans/ in the trial's folder, and are used again if a later recipe fits \
            them (with --overwrite they are deleted). Unfinished trials are saved at intervals, and when SIGTERM or SIGINT ends the run (exit code \
            75); the same command continues from there. Several runs of one recipe, on any machines, may share a folder; no trial is trained twice.

            With --launcher slurm, an array of workers in Slurm's queue does the trainings. The workers and this machine need a shared file system, on \
            which the run folder, the data, the recipe and this program have the same paths. This process follows the workers, resubmits those that \
            end while work is left (after a failed node or a time limit), and writes the report. If it ends before the workers do, they go on, and the \
            same command follows them again; scancel ends them after they have saved. A trial that fails by itself is not repeated. The script, the \
            logs and the list of workers are in slurm/ in the run folder.
            """)

    @OptionGroup var arguments: RecipeArguments

    @Option(
        name: .customLong("out"), help: "The run folder; runs/NAME by default.", completion: .directory, transform: { UserPath.expanded($0) })
    var folder: String?

    @Flag(help: "Prints progress and results as JSON, one object per line.")
    var json = false

    @Option(help: ArgumentHelp("Time between two saves of an unfinished trial.", valueName: "seconds"))
    var saveEvery = 60.0

    @Flag(help: "Only trains; another run on the same folder writes the report.")
    var worker = false

    @Flag(help: "Does not retry trials that failed before; by default they are retried.")
    var keepFailures = false

    @Option(
        help: ArgumentHelp(
            "With plug-in libraries: the longest time for one step of a training, or for reading the data of one step.", valueName: "seconds"))
    var trialTimeout = 3600.0

    @OptionGroup var measuring: MeasuringArguments

    @Flag(help: "If a changed recipe makes trials run again, deletes their earlier results instead of moving them to other-plans/.")
    var overwrite = false

    @Option(help: .hidden)
    var progressFile: String?

    @OptionGroup(title: "Slurm") var launch: LaunchArguments

    func validate() throws {
        if folder?.isEmpty == true { throw ValidationError("--out needs the path of a folder") }
        if launch.isSlurm, worker { throw ValidationError("--worker and --launcher slurm cannot be combined") }
        if !launch.isSlurm { try arguments.checkThreadsHere() }
        guard (1...1_000_000).contains(trialTimeout) else { throw ValidationError("--trial-timeout must be between 1 and 1000000 seconds") }
        guard (0...86_400).contains(saveEvery) else { throw ValidationError("--save-every must be between 0 and 86400 seconds") }
    }

    func run() throws {
        let plan = try arguments.plan()
        let folder = RunFolder(choosing: folder, for: plan.study)
        if IsolatedMeasuring.isMeasurer { return try IsolatedMeasuring.measure(measurementRun(plan, in: folder)) }
        let stemLines = try arguments.stemLines(of: plan.planned, folder: folder)
        if !isTrainer { try folder.checkKinds(for: plan.planned.settings.keys) }
        do throws(FileFault) {
            try Folder.create(folder.root.path)
        } catch {
            throw CommandFault.input("error: \(error)\nThe run folder can be chosen with --out.")
        }
        do {
            try run(plan, in: folder, stemLines)
        } catch let stopped as StudyStopped {
            throw CommandFault(
                text: """
                    stopped after \(stopped.finished) of \(stopped.total) trials; what was running is saved in \(folder.root.path)
                    The same command continues from there.
                    """, code: StopRequest.exitCode)
        } catch let fault as DatasetFault {
            // Data that are read when they are needed show only then that they are wrong.
            throw CommandFault.input("error: \(fault)\n\(Self.kept)")
        } catch let fault as FileFault {
            throw CommandFault.file(fault, Self.kept)
        }
    }
}

extension RunCommand {
    /// Whether this process does trainings for another one, which shows and reports them.
    private var isTrainer: Bool { ParentLink.role == IsolatedRun.role }

    /// Trains, measures and reports what is not in the folder yet.
    private func run(_ plan: RecipeArguments.Plan, in folder: RunFolder, _ stemLines: [String]) throws {
        let (study, planned) = (plan.study, plan.planned)
        let before = FolderState(of: planned.cells, in: folder, keeping: true)
        // What may be whole is not done again in its place.
        if let fault = before.damages.lazy.compactMap(\.unreadable).first { throw fault }
        let display = RunDisplay(asJSON: json, isSilent: isTrainer)
        defer { display.close() }
        if !json, !isTrainer { for line in planned.loadedWeights + stemLines { StandardError.print(line) } }
        let run = studyRun(plan, in: folder, knowing: before.known)
        let launched = try launchedRun(run, recipe: study.name, display: display)
        let store = RunStore(folder, known: before.known)
        var settings = planned.settings
        settings.command = commandLine
        let outdated = isTrainer || worker ? [] : outdated(before, plan, in: folder)
        try store.setAside(outdated, keeping: !overwrite)
        let damagedRecipe = try isTrainer ? nil : store.write(settings, recipe: study.resolvedYAML, keepingOthers: !overwrite)
        settings.resolvedRecipe = SHA256Digest(of: study.resolvedYAML).hex
        try display.start(settings, trials: planned.cells.trialCount, folder: folder)
        if let damagedRecipe { display.note("note: \(damagedRecipe); it is written again") }
        for note in notes(on: before, besides: outdated.count - before.outdated.count, in: folder) { display.note(note) }
        if !isTrainer, !worker { store.noteLook(by: Self.self, at: store.finished(settings.keys), note: display.note) }
        StopRequest.listenForSignals()
        let events = LiveEvents(folder: folder)
        // Each of the workers measures what is left, and keeps what ended the process of another.
        if let launched, !keepFailures, !launched.isContinued { try measurementRun(plan, in: folder).removeFailures() }
        let results = try launched?.results() ?? results(of: run, plan, before, events: events, display: display)
        let isMeasured = try isTrainer || measure(plan, in: folder, display)
        if worker {
            display.finish()
        } else {
            if let launched { settings = launched.settings(settings) }
            let report = try report(results, of: plan, settings, beside: before, in: store, display)
            try events.complete(results)
            try display.finish(report, folder: folder)
        }
        try launched?.close()
        if !isMeasured || results.contains(where: { $0.status != .finished }) { throw ExitCode(1) }
    }

    private func studyRun(_ plan: RecipeArguments.Plan, in folder: RunFolder, knowing known: KnownResults) -> StudyRun {
        var timing = StudyTiming()
        timing.saving = .seconds(saveEvery)
        var run = StudyRun(
            cells: plan.planned.cells, folder: folder, components: plan.components, pool: arguments.pool, datasets: plan.planned.datasets,
            timing: timing, stop: .ofProcess, stems: arguments.stems(for: folder))
        run.known = known
        run.keepsFailures = keepFailures
        run.keepsOtherPlans = !overwrite
        return run
    }

    /// Writes the settings and the report of a run that has ended.
    ///
    /// - Parameters:
    ///   - results: of all trials that were asked for now.
    ///   - before: what the folder held at the start.
    private func report(
        _ results: [TrialResult], of plan: RecipeArguments.Plan, _ settings: RunSettings, beside before: FolderState, in store: RunStore,
        _ display: RunDisplay
    ) throws -> Report {
        let all = results + finished(besides: results, of: plan.whole, in: store.folder, after: before.known)
        let trained = Set(results.filter { !before.holds($0) }.map(\.key))
        var settings = settings
        settings.reused = all.map(\.key).filter { !trained.contains($0) }
        try store.write(settings)
        store.noteLook(by: Self.self, at: all.map(\.outline), note: display.note)
        let report = try Report(
            results: all, settings: settings, stray: store.folder.strayResults(beside: settings.keys),
            measurements: store.measurements(of: all) { display.note("note: \($0); it is left out, and `regulus measure` measures it again") },
            provenance: provenance(of: store, display))
        try ReportWriter().write(report, recipe: plan.study.resolvedYAML, to: store.folder)
        return report
    }

    private static let kept = "What was finished or saved before is kept; the same command continues from there."

    private func launchedRun(_ run: StudyRun, recipe: String, display: RunDisplay) throws -> LaunchedRun? {
        guard launch.isSlurm else { return nil }
        let script = try WorkerScript(arguments, launch: launch, folder: run.folder)
        return try LaunchedRun(run, recipe: recipe, script: script, launch: launch, keepsFailures: keepFailures, display: display)
    }

    private func provenance(of store: RunStore, _ display: RunDisplay) -> StudyProvenance {
        do throws(DamagedFile) { return try store.provenance() } catch {
            display.note("note: \(error); the report is written without it")
            return StudyProvenance(damages: ["\(error)"])
        }
    }

    /// Notes on results that the folder holds and this run does not use.
    ///
    /// - Parameter others: how many of another recipe belong to trials that were not asked for now.
    private func notes(on state: FolderState, besides others: Int, in folder: RunFolder) -> [String] {
        var notes = state.damages.map { "note: \($0); its trial is run again" }
        let changed = state.count(.changed) + state.count(.otherData) + state.count(.otherProgram) + max(0, others)
        if changed > 0 {
            let what = "\(changed == 1 ? "1 trial" : "\(changed) trials") of \(folder.root.path) finished with another recipe, data or program"
            notes.append(
                overwrite
                    ? "note: \(what); the old results are replaced"
                    : "note: \(what); the old results are kept in other-plans/ of each trial (--overwrite replaces them)")
        }
        return notes
    }

    /// Results of another recipe that lie in the places of this study's trials, those that were not asked for now among them.
    private func outdated(_ state: FolderState, _ plan: RecipeArguments.Plan, in folder: RunFolder) -> [(key: TrialKey, plan: String)] {
        guard plan.planned.cells.trialCount < plan.whole.cells.trialCount else { return state.outdated }
        return FolderState(of: plan.whole.cells, in: folder, keeping: true, after: state.known).outdated
    }

    /// Results of rows and targets that were not asked for now, where the folder holds those of exactly
    /// this recipe, so that a report shows the study as it is.
    private func finished(
        besides results: [TrialResult], of whole: PlannedStudy, in folder: RunFolder, after earlier: KnownResults
    ) -> [TrialResult] {
        guard results.count < whole.cells.trialCount else { return [] }
        let known = Set(results.map(\.key))
        let state = FolderState(of: whole.cells, in: folder, keeping: true, after: earlier)
        let store = RunStore(folder, known: state.known)
        return state.trials.compactMap { key, status in
            guard status == .finished, !known.contains(key) else { return nil }
            return try? store.result(at: folder.result(key), verifyingFiles: false)
        }
    }

    /// Trains everything in this process.
    private func results(
        of run: StudyRun, _ plan: RecipeArguments.Plan, _ before: FolderState, events: LiveEvents, display: RunDisplay
    ) throws -> [TrialResult] {
        let publisher = progressFile.map { ProgressPublisher($0, settings: plan.planned.settings) }
        let observer: @Sendable (StudyEvent) -> Void = { event in
            events.show(event)
            display.show(event)
            publisher?.show(event)
        }
        if ParentLink.role == ForeignCodeGuard.role {
            let isolated = try IsolatedRun(
                run, arguments: isolatedArguments(folder: run.folder), patience: .seconds(trialTimeout), display: display)
            return try isolated.results(observer: observer)
        }
        try warnOfMemory(plan, before, display)
        var run = run
        if isTrainer, let progressFile {
            let file = IsolatedFolder.trialFile(besides: progressFile)
            run.onTrial = { trial in
                if let trial, let text = try? ResultCoding.document(trial) {
                    // Without this file nobody would learn which trial crashed.
                    try? AtomicFile.write(text, to: file, durability: .none)
                } else {
                    unlink(file)
                }
            }
        }
        return try run.run(observer: observer)
    }

    /// The arguments of a process that trains one trial at a time.
    private func isolatedArguments(folder: RunFolder) -> [String] {
        let own = ["--out", folder.root.path, "--threads", "\(arguments.threadsPerTrial)"]
        return own + WorkerArguments.make(from: Array(CommandLine.arguments.dropFirst().drop { $0 != "run" }.dropFirst()), isolated: true)
    }

    /// Measures the trained models as the recipe asks, those that have not been measured yet.
    ///
    /// - Returns: whether no measurement ended its process.
    private func measure(_ plan: RecipeArguments.Plan, in folder: RunFolder, _ display: RunDisplay) throws -> Bool {
        guard plan.planned.cells.contains(where: { !$0.measurements.isEmpty }) else { return true }
        let run = measurementRun(plan, in: folder)
        var isMeasured = true
        let outcome: MeasurementRun.Outcome
        if ParentLink.role == ForeignCodeGuard.role {
            outcome = try IsolatedMeasuring(run, patience: .seconds(measuring.measureTimeout)).outcome { note in
                isMeasured = false
                display.note(note)
            }
        } else {
            outcome = try run.run()
        }
        for trial in outcome.leftOut { display.note("not measured: \(trial.key): \(trial.reason)") }
        return isMeasured && outcome.failed == 0
    }

    private func measurementRun(_ plan: RecipeArguments.Plan, in folder: RunFolder) -> MeasurementRun {
        var run = MeasurementRun(
            cells: plan.planned.cells.all, folder: folder, components: plan.components, pool: IsolatedMeasuring.pool(arguments.pool),
            datasets: plan.planned.datasets, otherDatasets: plan.planned.otherDatasets, stems: arguments.stems(for: folder), stop: .ofProcess)
        // What ended the process of a worker has just been tried.
        run.keepsFailures = keepFailures || launch.isSlurm
        return run
    }

    /// Warns where the trials side by side need more memory than there is.
    private func warnOfMemory(_ plan: RecipeArguments.Plan, _ state: FolderState, _ display: RunDisplay) throws {
        // A single trial at a time cannot take less.
        guard arguments.pool.workers > 1, state.count(.finished) < state.trials.count else { return }
        let need = try StudyCalibration(plan.planned, components: plan.components, pool: arguments.pool).memory()
        if let warning = need.warning { display.note(warning) }
    }

    /// What repeats the run, as one would type it.
    private var commandLine: String {
        var words = ["regulus", "run", arguments.recipe]
        for setting in arguments.settings { words += ["--set", setting] }
        for row in arguments.rows { words += ["--rows", row] }
        for target in arguments.targets { words += ["--targets", target] }
        for library in arguments.plugins.paths { words += ["--plugin", library] }
        if let folder = arguments.stemCache { words += ["--stem-cache", folder] }
        if let threads = launch.isSlurm ? arguments.givenThreads : arguments.threads { words += ["--threads", "\(threads)"] }
        words += ["--threads-per-trial", "\(arguments.threadsPerTrial)"] + launch.words
        return words.map(Self.quoted).joined(separator: " ")
    }

    /// A word as a shell reads it.
    static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=,:".contains($0) } && !word.isEmpty
        return plain ? word : "'" + word.spelling(["'": "'\\''"]) + "'"
    }
}
