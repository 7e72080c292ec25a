import Foundation
import Persistence
import Results

/// Puts a report into the run folder.
package struct ReportWriter: Sendable {
    private let write: @Sendable (Data, URL) throws -> Void

    /// - Parameter write: how one file is written; by default atomically, so that a reader never sees half a report, and without waiting for
    ///   the medium: after a power failure a report is made again from its trials.
    package init(
        write: @escaping @Sendable (Data, URL) throws -> Void = { data, url in
            try Folder.create(url.deletingLastPathComponent().path)
            try AtomicFile.write(data, to: url.path, durability: .none)
        }
    ) {
        self.write = write
    }

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
        try write(Data(document.markdown().utf8), folder.markdownReport)
        try write(Data(report.csv().utf8), folder.csvReport)
        try write(Data(report.costsCSV().utf8), folder.costs)
        if report.measurements.isEmpty {
            unlink(folder.measurementsCSV.path)
        } else {
            try write(Data(report.measurementsCSV().utf8), folder.measurementsCSV)
        }
        if report.verdicts.isEmpty {
            for file in [folder.verdictPage, folder.verdictCSV, folder.verdictJSON] { unlink(file.path) }
        } else {
            try write(Data(Verdict.document(report.verdicts, title: report.settings.recipe).html().utf8), folder.verdictPage)
            try write(Data(Verdict.csv(report.verdicts).utf8), folder.verdictCSV)
            try write(ResultCoding.document(report.verdicts.map(\.content)), folder.verdictJSON)
        }
        try write(Data(document.html().utf8), folder.htmlReport)
        try write(Data(document.latex().utf8), folder.latexReport)
        for figure in document.figures {
            try write(Data(figure.svg.utf8), folder.figures.appendingPathComponent("\(figure.name).svg"))
        }
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
        try write(Data(Document(blocks).html().utf8), page)
    }
}
