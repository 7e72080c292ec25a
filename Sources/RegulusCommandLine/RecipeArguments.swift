import ArgumentParser
import Foundation
import Persistence
import Planning
import Processes
import Recipes
import Reports
import Results
import Tensors
import Training

/// How many threads an argument may ask for.
enum ThreadCount {
    /// More cores than a machine has. Each thread takes a stack and buffers of its own.
    private static let most = 4096

    /// - Throws: `ValidationError` for a number that no machine has.
    static func check(_ count: Int, of option: String = "--threads") throws {
        guard (1...most).contains(count) else { throw ValidationError("\(option) must be between 1 and \(most)") }
    }

    /// - Throws: `CommandFault` where so many threads cannot compute in the address space that this process may have.
    static func checkRoom(for count: Int) throws(CommandFault) {
        if let shortage = Threads.shortage(for: count) { throw .input("error: \(shortage)") }
    }

    /// Lets the calling thread compute on so many threads.
    ///
    /// - Throws: `CommandFault` where there is no room for them.
    static func use(_ count: Int) throws(CommandFault) {
        try checkRoom(for: count)
        Threads.use(count)
    }
}

/// What `run` and `check` have in common: a recipe, changes to it, and how much of the machine to use.
struct RecipeArguments: ParsableArguments {
    @Argument(help: "The recipe, a YAML file.", completion: .file(extensions: ["yaml", "yml"]), transform: { UserPath.expanded($0) })
    var recipe: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Changes one value of the recipe, for example training.epochs=5. May be repeated.", valueName: "path=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("Only this row of the study. May be repeated.", valueName: "row"))
    var rows: [String] = []

    @Option(help: ArgumentHelp("Only this held-out domain, or source → target. May be repeated.", valueName: "target"))
    var targets: [String] = []

    @OptionGroup var plugins: PluginArguments

    @Option(name: .customLong("threads"), help: "Cores to use in total; all cores of this machine by default. With --launcher slurm, the cores of each worker.")
    var givenThreads: Int?

    var threads: Int { givenThreads ?? Threads.available }

    @Option(help: "Cores for each trial. Several trials run side by side. Only runs with the same number have results that are equal to the bit.")
    var threadsPerTrial = 1

    @Option(
        help: ArgumentHelp(
            "The folder for outputs of frozen stems, for recipes with stem-cache: true; stems in the run folder by default. Several runs may share it.",
            valueName: "folder"), completion: .directory, transform: { UserPath.expanded($0) })
    var stemCache: String?

    func validate() throws {
        if stemCache?.isEmpty == true { throw ValidationError("--stem-cache needs the path of a folder") }
        if recipe.isEmpty { throw ValidationError("the recipe needs a path") }
        try ThreadCount.check(threads)
        try ThreadCount.check(threadsPerTrial, of: "--threads-per-trial")
        if let givenThreads, threadsPerTrial > givenThreads { throw Self.tooManyThreads(of: givenThreads) }
    }

    /// - Throws: `ValidationError` where a trial needs more cores than this machine has.
    func checkThreadsHere() throws {
        if threadsPerTrial > threads { throw Self.tooManyThreads(of: threads) }
    }

    private static func tooManyThreads(of threads: Int) -> ValidationError {
        ValidationError("--threads-per-trial must be at least 1 and at most --threads (\(threads))")
    }

    /// The study that the recipe asks for, planned and checked with what it and the arguments load.
    ///
    /// - Throws: `CommandFault` with every fault of the recipe at once.
    func plan() throws -> Plan {
        if Folder.exists(recipe) { throw CommandFault.input("error: cannot read \(recipe): it is a folder, and a recipe is a YAML file") }
        try ThreadCount.checkRoom(for: threads)
        let bytes: [UInt8]
        do throws(FileFault) {
            bytes = Array(try FileContents.mapped(recipe))
        } catch {
            throw CommandFault.input("error: \(error)")
        }
        var known: KnownComponents?
        do {
            let loaded = try plugins.components(with: try RecipeLoader.pluginPaths(ofRecipeAt: recipe, settings: settings))
            known = loaded
            let study = try RecipeLoader.load(file: recipe, bytes: bytes, overrides: settings, catalogue: loaded.components.catalogue)
            let planned = try PlannedStudy(study, components: PlannedComponents(loaded.components), threads: threadsPerTrial)
            return Plan(study: study, planned: try part(of: planned), whole: planned, components: loaded.components)
        } catch let error as RecipeError {
            let count = error.diagnostics.count
            let summary = "\(count) \(count == 1 ? "fault" : "faults"); nothing was run"
            throw CommandFault.input(["\(error)\n", known?.additionsText, summary].compactMap(\.self).joined(separator: "\n"))
        }
    }

    /// The rows and targets that are asked for.
    private func part(of planned: PlannedStudy) throws -> PlannedStudy {
        if !rows.isEmpty || !targets.isEmpty, planned.cells.contains(where: { $0.design != nil }) {
            throw CommandFault.input(
                "error: the number of seeds depends on the differences of all rows and targets, so a part of this study cannot be run by itself\n"
                    + "With a list of seeds it can: --set 'seeds=[1, 2, 3]'.")
        }
        do throws(StudyPartFault) { return try planned.keeping(rows: rows, targets: targets) } catch {
            throw CommandFault.input("error: \(error)")
        }
    }

    /// A recipe that can be run.
    struct Plan {
        let study: Study
        /// What is trained now.
        let planned: PlannedStudy
        /// All rows and targets.
        let whole: PlannedStudy
        let components: Components
    }

    /// Says what storing stems takes; empty where none are stored.
    ///
    /// - Parameter folder: the folder of the run.
    /// - Throws: `CommandFault` where the file system has less room.
    func stemLines(of planned: PlannedStudy, folder: RunFolder) throws -> [String] {
        guard let estimate = planned.stems else { return [] }
        let path = stems(for: folder).path
        if let (needed, free) = estimate.shortage(in: path) {
            throw CommandFault.input(
                "error: the stem cache takes \(NumberText.bytes(needed)) more, and there are \(NumberText.bytes(free)) left for \(path)\nChoose another folder with --stem-cache, use fewer augmentation-draws, or set stem-cache: false."
            )
        }
        let parts = estimate.parts.map { "\($0.modality) (\($0.encoder)): \($0.outputs) outputs, \(NumberText.bytes($0.bytes))" }
        let others = estimate.others.isEmpty ? [] : ["nothing is stored for \(estimate.others.joined(separator: ", ")), which has no frozen stem"]
        return (parts + others + ["\(NumberText.bytes(estimate.bytes)) in all, in \(path)"]).map { "stem cache: \($0)" }
    }

    /// Where stems are stored.
    func stems(for folder: RunFolder) -> URL { stemCache.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? folder.stems }

    var pool: WorkerPool { WorkerPool(workers: max(1, threads / threadsPerTrial), threadsPerWorker: threadsPerTrial) }
}
