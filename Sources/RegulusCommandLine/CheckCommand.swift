import ArgumentParser
import Persistence
import Planning
import Reports
import Results
import Studies
import Training

/// `regulus check RECIPE`: everything that `run` checks before it starts, what it would do, and roughly
/// what that takes.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Checks a recipe without running it, and says what a run would do and roughly what it would cost.",
        discussion: """
            Nothing is written. For the estimate, a few steps of every kind of trial are run on real batches, with as many trials side by side as in a \
            run.
            """)

    @OptionGroup var arguments: RecipeArguments

    @Option(
        name: .customLong("out"), help: "The run folder in which finished trials are looked for; runs/NAME by default.", completion: .directory,
        transform: { UserPath.expanded($0) })
    var folder: String?

    @Flag(help: "Prints only the resolved recipe, in which all included files, settings and variables are in place.")
    var resolved = false

    @Flag(help: "One JSON object instead of text.")
    var json = false

    @Flag(inversion: .prefixedNo, help: "Estimates the time, memory and disk space of a run by trying it.")
    var estimate = true

    @Option(
        help: ArgumentHelp("How long each kind of trial is measured. If there are more than 16 kinds, they share the time of 16.", valueName: "seconds"))
    var measure = 1.5

    @Option(
        help: ArgumentHelp(
            "Says how many seeds and how much time it takes to detect a difference of this size, in percentage points or in the unit of the score.",
            valueName: "points"))
    var difference: Double?

    func validate() throws {
        if let difference, !(difference > 0 && difference.isFinite) { throw ValidationError("--difference must be above 0") }
        if folder?.isEmpty == true { throw ValidationError("--out needs the path of a folder") }
        if resolved && json { throw ValidationError("--resolved and --json do not go together") }
        guard (0...3600).contains(measure) else { throw ValidationError("--measure must be between 0 and 3600 seconds") }
    }

    func run() throws {
        let plan = try arguments.plan()
        if resolved {
            // The text ends with a line break of its own.
            try StandardOutput.print(String(plan.study.resolvedYAML.trimmingSuffix { $0.isNewline }))
            return
        }
        let folder = RunFolder(choosing: folder, for: plan.study)
        let stemLines = try arguments.stemLines(of: plan.planned, folder: folder)
        try folder.checkKinds(for: plan.planned.settings.keys)
        let state = FolderState(of: plan.planned.cells, in: folder)
        var estimated: StudyEstimate?
        if estimate {
            let calibration = StudyCalibration(plan.planned, components: plan.components, pool: arguments.pool)
            estimated = try calibration.estimate(without: state.finished, seconds: measure)
        }
        let costs = DifferenceCost.all(of: plan.planned.settings, difference: difference, in: folder, seconds: estimated?.secondsInAll)
        let document = CheckDocument(plan, folder: folder, state: state, stemCache: stemLines, estimate: estimated, costs: costs)
        if json { try StandardOutput.print(json: document) } else { try StandardOutput.print(document.text) }
    }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> Substring {
        var rest = self[...]
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return rest
    }
}
