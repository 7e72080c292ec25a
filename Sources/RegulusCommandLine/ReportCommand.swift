import ArgumentParser
import Foundation
import Persistence
import Reports
import Results

/// `regulus report DIR…`: makes the reports of run folders again from what their trials left, finished or not.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Writes the report of one run folder or several: HTML, Markdown, CSV, LaTeX, drawings, TensorBoard.",
        discussion: "Nothing is trained. A run that was cut short gives the report of what is there.")

    @Argument(help: "Run folders.", completion: .directory)
    var folders: [String]

    @Option(help: "With several folders: one page for all of them.", completion: .file(extensions: ["html"]))
    var page: String?

    func validate() throws {
        if folders.contains("") { throw ValidationError("a run folder needs a path") }
        if page?.isEmpty == true { throw ValidationError("--page needs a path") }
    }

    func run() throws {
        let writer = ReportWriter()
        var reports: [(report: Report, recipe: String?)] = []
        for path in folders {
            let folder = RunFolder(URL(fileURLWithPath: path))
            let (settings, results) = try contents(of: folder)
            let report: Report
            do { report = try Report(results: results, settings: settings, measurements: folder.measurements(of: results)) } catch { throw CommandFault.input("error: \(path): \(error)") }
            let recipe = try? String(contentsOf: folder.resolvedRecipe, encoding: .utf8)
            reports.append((report, recipe))
            do {
                try writer.write(report, recipe: recipe, to: folder)
                for result in results { try writer.writeEvents(of: result, to: folder) }
            } catch let fault as FileFault {
                throw CommandFault.failure("error: \(fault)")
            }
            try StandardOutput.print(report.document().terminalText())
            StandardError.print("written to \(ReportWriter.files(in: folder).map(\.path).joined(separator: ", "))")
        }
        guard let page else { return }
        do { try writer.write(reports, toPage: URL(fileURLWithPath: page)) } catch { throw CommandFault.failure("error: \(error)") }
        StandardError.print("one page for all: \(page)")
    }

    /// What a run set out to do, and the trials that have ended.
    private func contents(of folder: RunFolder) throws -> (RunSettings, [TrialResult]) {
        guard Folder.exists(folder.root.path) else { throw CommandFault.input("error: there is no run folder \(folder.root.path)") }
        let settings: RunSettings = try value(at: folder.settings)
        let results: [TrialResult] = try settings.keys.compactMap { key in
            let file = folder.result(key)
            return FileManager.default.fileExists(atPath: file.path) ? try value(at: file) : nil
        }
        return (settings, results)
    }

    private func value<Value: Decodable>(at file: URL) throws -> Value {
        let data: Data
        do { data = try FileContents.mapped(file.path) } catch { throw CommandFault.input("error: \(error)") }
        do {
            return try ResultCoding.value(Value.self, from: data)
        } catch {
            throw CommandFault.input("error: \(file.path) is not what a run writes there: \(error)")
        }
    }
}
