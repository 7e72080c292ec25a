import ArgumentParser
import Persistence
import Reports
import Results
import Studies

/// `regulus register RECIPE`: declares a study before it is trained.
struct RegisterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Declares a study before it is trained: its rows, grids, rules, seeds and planned tests.",
        discussion: """
            Nothing is trained. The declaration is written to registration.json in the run folder, with the time and a digest that can be published. \
            Reports say which results follow it, and which were added or changed afterward. If the folder already has results, nothing is declared \
            without --after-results; with it, the declaration records that there were results. Registering a changed recipe amends the declaration; \
            the earlier one is kept.
            """)

    @OptionGroup var arguments: RecipeArguments

    @Option(
        name: .customLong("out"), help: "The run folder; runs/NAME by default.", completion: .directory, transform: { UserPath.expanded($0) })
    var folder: String?

    @Flag(help: "Registers the study even if there are results already, and records this in the declaration.")
    var afterResults = false

    func validate() throws {
        if folder?.isEmpty == true { throw ValidationError("--out needs the path of a folder") }
    }

    func run() throws {
        let plan = try arguments.plan()
        let folder = RunFolder(choosing: folder, for: plan.study)
        let outcome: RunStore.RegistrationOutcome
        do {
            outcome = try RunStore(folder).register(plan.planned.registration(of: plan.study), afterResults: afterResults)
        } catch let fault as DamagedFile {
            throw CommandFault.input("error: \(fault)")
        } catch let fault as FileFault {
            throw CommandFault.file(fault)
        }
        switch outcome {
        case .refused(let results):
            throw CommandFault.input(
                "error: \(folder.root.path) already holds \(NumberText.count(results, "result")) of trainings, so it is too late to register the study beforehand\n"
                    + "--after-results registers it anyway and records this; --out chooses another folder.")
        case .present(let entry):
            try StandardOutput.print("registered already \(NumberText.date(entry.time)) UTC\ndigest \(entry.digest)")
        case .registered(let entry):
            let variants = entry.plan.variants
            let grid = variants.first?.rows.flatMap { row in row.grid.map { "\(row.name): \($0.path) of \($0.values.joined(separator: ", "))" } } ?? []
            let rows = plan.planned.settings.rows
            let lines =
                ["registered \(NumberText.date(entry.time)) UTC in \(folder.registration.path)", "digest \(entry.digest)"]
                + (entry.resultsPresent > 0
                    ? ["\(NumberText.count(entry.resultsPresent, "result")) of trainings existed already, which the declaration records"] : [])
                + ["\(NumberText.count(variants.count, "variant")), \(NumberText.count(rows.count, "row")): \(rows.joined(separator: ", "))"]
                + grid.map { "  \($0)" } + entry.plan.tests.map { "test: \($0)" }
            try StandardOutput.print(lines.map(DisplayText.singleLine).joined(separator: "\n"))
        }
    }
}
