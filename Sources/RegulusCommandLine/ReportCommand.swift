import ArgumentParser
import Foundation
import Monitoring
import Persistence
import Reports
import Results
import Selection
import Studies

/// `regulus report DIR…`: makes the reports of run folders again from what their trials left, finished or not.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Writes the report of one run folder or several: HTML, Markdown, CSV, LaTeX, drawings, TensorBoard.",
        discussion: "Nothing is trained. If a run is not finished, the report contains the results so far.")

    @Argument(help: "Run folders.", completion: .directory, transform: { UserPath.expanded($0) })
    var folders: [String]

    @Option(
        help: "With several folders: an HTML file that compares all of them.", completion: .file(extensions: ["html"]), transform: { UserPath.expanded($0) })
    var page: String?

    func validate() throws {
        if folders.contains("") { throw ValidationError("a run folder needs a path") }
        if page?.isEmpty == true { throw ValidationError("--page needs a path") }
    }

    func run() throws {
        let writer = ReportWriter()
        var reports: [(report: Report, recipe: String?)] = []
        var unwritten: [FileFault] = []
        for path in folders {
            let folder = RunFolder(URL(fileURLWithPath: path))
            let (report, results) = try Self.contents(of: folder)
            let recipe = try? FileContents.text(folder.resolvedRecipe.path)
            reports.append((report, recipe))
            let before = unwritten.count
            do {
                try writer.write(report, recipe: recipe, to: folder)
                for result in results { try EventFile.write(result, to: folder) }
            } catch let fault as FileFault {
                // The tables of a folder that cannot be written to, such as one in an archive, are shown all the same.
                unwritten.append(fault)
            }
            try StandardOutput.print(report.terminalText())
            if unwritten.count == before {
                StandardError.print("written to \(ReportWriter.files(in: folder).map(\.path).joined(separator: ", "))")
            }
        }
        if let page {
            try writer.write(reports, toPage: URL(fileURLWithPath: page))
            StandardError.print("one page for all: \(page)")
        }
        for fault in unwritten.dropFirst() { StandardError.print("error: \(fault)") }
        if let fault = unwritten.first { throw CommandFault.file(fault) }
        let stray = zip(folders, reports).flatMap { folder, entry in entry.report.stray.map { "\(folder)/\($0)" } }
        guard stray.isEmpty else {
            let list = ReportFault.list(stray, separator: "\n  ")
            throw CommandFault.failure(
                "error: \(NumberText.count(stray.count, "result")) of trials that belong to none of these recipes, and are in no table:\n  \(list)")
        }
    }

    /// The report of a run folder, and the results that it is made of.
    ///
    /// - Parameter rules: the selection rules that are compared; nil for what every report compares.
    static func contents(of folder: RunFolder, comparing rules: [SelectionRule]? = nil) throws -> (report: Report, results: [TrialResult]) {
        guard Folder.exists(folder.root.path) else { throw CommandFault.input("error: there is no run folder \(folder.root.path)") }
        let store = RunStore(folder)
        do {
            guard let settings = try store.settings() else {
                throw DamagedFile(path: folder.settings.path, reason: "there is no such file, although every run writes one")
            }
            // A report needs neither checkpoints nor curves, which may have been left elsewhere.
            let results = try store.results(of: settings.keys, verifyingFiles: false)
            store.noteLook(by: rules == nil ? Self.self : ChoiceCommand.self, at: results.map(\.outline))
            let report = try Report(
                results: results, settings: settings, stray: folder.strayResults(beside: settings.keys),
                measurements: store.measurements(of: results) { throw $0 }, provenance: store.provenance(), comparing: rules)
            return (report, results)
        } catch let fault as DamagedFile {
            if let fault = fault.unreadable { throw CommandFault.file(fault) }
            throw CommandFault.input("error: \(fault)\n`regulus run` on this folder writes results again, and `regulus measure` measurements.")
        } catch let fault as ReportFault {
            throw CommandFault.input("error: \(folder.root.path): \(fault)")
        }
    }
}
