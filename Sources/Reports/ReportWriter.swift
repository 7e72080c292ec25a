import Foundation
import Persistence
import Results

/// Puts a report into the run folder, whole: a reader never sees half a file, nor tables of one report beside drawings of another for longer than
/// it takes to rename them.
package struct ReportWriter: Sendable {
    package init() {}

    /// The files that `write` puts into a folder, drawings aside.
    package static func files(in folder: RunFolder) -> [URL] {
        [folder.markdownReport, folder.csvReport, folder.costs, folder.htmlReport, folder.latexReport]
    }

    /// Writes `report.md`, `report.csv`, `costs.csv`, `measurements.csv` where anything was measured, `verdict.html`, `verdict.csv` and
    /// `verdict.json` over several data sets, `report.html`, `report.tex` and the drawings in `figures`, replacing
    /// those of an earlier report. Drawings and tables that only an earlier report had are removed.
    ///
    /// - Parameter recipe: the resolved recipe, to be shown on the page.
    /// - Throws: what writing throws, for example when the folder cannot be written to.
    package func write(_ report: Report, recipe: String? = nil, to folder: RunFolder) throws {
        let document = report.document(recipe: recipe)
        var files: [(data: Data, file: URL)] = [
            (Data(document.markdown().utf8), folder.markdownReport), (Data(report.csv().utf8), folder.csvReport),
            (Data(report.costsCSV().utf8), folder.costs), (Data(document.html().utf8), folder.htmlReport),
            (Data(document.latex().utf8), folder.latexReport),
        ]
        if report.measurements.isEmpty {
            unlink(folder.measurementsCSV.path)
        } else {
            files.append((Data(report.measurementsCSV().utf8), folder.measurementsCSV))
        }
        if report.verdicts.isEmpty {
            for file in [folder.verdictPage, folder.verdictCSV, folder.verdictJSON] { unlink(file.path) }
        } else {
            files += [
                (Data(Verdict.document(report.verdicts, title: report.settings.recipe).html().utf8), folder.verdictPage),
                (Data(Verdict.csv(report.verdicts).utf8), folder.verdictCSV),
                (try ResultCoding.document(report.verdicts.map(\.content)), folder.verdictJSON),
            ]
        }
        files += document.figures.map { (data: Data($0.svg.utf8), file: folder.figures.appendingPathComponent("\($0.name).svg")) }
        try write(files)
        removeDrawings(besides: document.figures, in: folder)
        // Files of runs that were killed while writing; those that another run is writing now stay.
        for place in [folder.root, folder.figures] { AtomicFile.removeAbandonedTemporaries(in: place.path) }
    }

    /// The beginnings of the names of a report's drawings: other files in the folder do not belong to
    /// it.
    private static let drawings = ["curve-", "differences", "gain-", "map-", "measured-", "sensitivity-", "tuning-", "variant-", "verdict"]

    private func removeDrawings(besides figures: [Figure], in folder: RunFolder) {
        let names = Set(figures.map { "\($0.name).svg" })
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.figures.path)) ?? []
        where name.hasSuffix(".svg") && !names.contains(name) && Self.drawings.contains(where: name.hasPrefix) {
            unlink(folder.figures.appendingPathComponent(name).path)
        }
    }

    /// Writes one page for several runs, one below the other.
    ///
    /// - Parameters:
    ///   - reports: each report with its resolved recipe, where that is known.
    ///   - page: the page's file.
    /// - Throws: what writing throws.
    package func write(_ reports: [(report: Report, recipe: String?)], toPage page: URL) throws {
        // The verdicts over all runs come first; those of a single run over its own sets are part of that run's
        // report.
        let verdicts = reports.count > 1 ? Report.verdicts(over: reports.map(\.report)) : []
        let title = reports.map(\.report.settings.recipe).joined(separator: ", ")
        let together = verdicts.isEmpty ? [] : Verdict.document(verdicts, title: title).blocks
        let blocks = together + reports.flatMap { $0.report.document(recipe: $0.recipe).blocks }
        try write([(Data(Document(blocks).html().utf8), page)])
    }

    /// Writes files, and the folders that they lie in where these are missing.
    private func write(_ files: [(data: Data, file: URL)]) throws {
        for folder in Set(files.map { $0.file.deletingLastPathComponent().path }) { try Folder.create(folder) }
        try AtomicFile.write(files.map { (data: $0.data, path: $0.file.path) })
    }
}
