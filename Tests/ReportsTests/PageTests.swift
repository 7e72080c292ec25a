import Foundation
import Results
import SampleResults
import Synchronization
import Testing

@testable import Reports

@Suite("The page and the LaTeX tables")
struct PageTests {
    private var results: [TrialResult] {
        SampleStudy.complete.map { result in
            var result = result
            result.epochs = (1...3).map { epoch in
                EpochRecord(
                    epoch: epoch, trainingLoss: 2 / Double(epoch), terms: ["task": 1, "mer": 0.5, "mer.weighted": 0.05, "mer.gap": 3],
                    sourceValidationScore: 0.6, targetScore: 0.5, gradientShares: ["task": 0.9, "mer": 0.1])
            }
            return result
        }
    }

    private func page(_ settings: RunSettings = SampleStudy.settings(), recipe: String? = nil) throws -> String {
        try Report(results: results, settings: settings).document(recipe: recipe).html()
    }

    @Test("The page is well-formed and asks for no other file")
    func selfContained() throws {
        let page = try page(recipe: "name: table13\n")
        // XML knows neither HTML's doctype nor its unclosed tags.
        let markup = page.replacing("<!DOCTYPE html>\n", with: "").replacing(/<meta [^>]*>/, with: "")
        #expect(isWellFormed(markup))
        for outside in ["<script", "<link", "src=", "@import", "url(", "href="] { #expect(!page.contains(outside)) }
        // The namespace of SVG is a name, not an address that is fetched.
        #expect(page.replacing("http://www.w3.org/2000/svg", with: "").contains("http") == false)
    }

    @Test("The page shows table, tests, drawings, settings and recipe")
    func content() throws {
        var settings = SampleStudy.settings()
        settings.command = "regulus run table13.yaml --seeds 0,1"
        let page = try page(settings, recipe: "rows:\n  - name: <b>\n")
        #expect(page.contains("<td>+ MER</td><td class=\"number\"><strong>54.5 ± 2.1</strong></td>"))
        #expect(page.contains("Is the difference to Fusion more than chance?"))
        #expect(page.contains("Not a valid selection: the best epoch on the target"))
        #expect(page.contains("<li>Command: regulus run table13.yaml --seeds 0,1</li>"))
        #expect(page.contains("<li>Machine: a machine</li>"))
        #expect(page.contains("<pre>rows:\n  - name: &lt;b&gt;\n</pre>"))
        for title in ["Difference to Fusion", "Accuracy on the target", "Training loss", "mer, weighted", "mer, share of the gradient", "mer.gap"] {
            #expect(page.contains("<title>\(title)</title>"), "\(title)")
        }
    }

    @Test("A drawing is made when it is first looked at, and once")
    func lazyDrawings() {
        let count = Mutex(0)
        let figure = Figure(
            name: "a", caption: "",
            svg: {
                count.withLock { $0 += 1 }
                return "<svg/>"
            }())
        _ = Document([.figures([figure])]).terminalText(width: 80)
        #expect(count.withLock(\.self) == 0)
        #expect(figure.svg + figure.svg == "<svg/><svg/>" && count.withLock(\.self) == 1)
    }

    @Test("The same results give the same bytes, whatever their order")
    func deterministic() throws {
        let settings = SampleStudy.settings()
        let document = try Report(results: results, settings: settings).document()
        let shuffled = try Report(results: results.reversed(), settings: settings).document()
        #expect(document.html() == shuffled.html())
        #expect(document.latex() == shuffled.latex())
        #expect(document.figures == shuffled.figures)
    }

    @Test("The band of a fraction ends at 0 and at 100 %")
    func fractions() throws {
        var results = results
        for index in results.indices {
            for epoch in results[index].epochs.indices { results[index].epochs[epoch].gradientShares["mer"] = index.isMultiple(of: 2) ? 0 : 1 }
        }
        let figures = try Report(results: results, settings: SampleStudy.settings()).document().figures
        let shares = try #require(figures.first { $0.svg.contains("mer, share of the gradient") })
        let ticks = shares.svg.matches(of: />([−0-9.]+)<\/text>/).map { String($0.1) }
        #expect(ticks.contains("100") && !ticks.contains("120") && !ticks.contains { $0.hasPrefix("−") })
    }

    @Test("Drawings have different file names that every system accepts")
    func figureNames() throws {
        let names = try Report(results: results, settings: SampleStudy.settings()).document().figures.map(\.name)
        #expect(names.count == 10)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.wholeMatch(of: /[a-z0-9.-]+/) != nil })
    }

    @Test("The best is marked by what is printed, and only where nothing is missing")
    func best() throws {
        var results = SampleStudy.complete
        results[5] = SampleStudy.failure("+ MER", "D1", 1)
        let blocks = try Report(results: results, settings: SampleStudy.settings()).document().blocks
        guard case .table(let table) = blocks[2] else {
            Issue.record("no table at its place")
            return
        }
        // + MER has 53.0 of one seed on D1, which does not compete with Fusion's 52.0 of two.
        #expect(table.marked == [.init(row: 0, column: 1), .init(row: 1, column: 2), .init(row: 0, column: 3)])
    }

    @Test("A page for several runs has one title each")
    func severalRuns() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("page-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let report = try Report(results: results, settings: SampleStudy.settings())
        let file = root.appendingPathComponent("both.html")
        try ReportWriter().write([(report, nil), (report, "name: b")], toPage: file)
        let page = try String(contentsOf: file, encoding: .utf8)
        #expect(page.matches(of: /<h1>table13<\/h1>/).count == 2)
        #expect(page.matches(of: /<\/html>/).count == 1)
    }

    @Test("LaTeX: a table with rules, marks and escaped text")
    func latex() {
        let table = TextTable(
            columns: [.init("Row_1"), .init("A & \"B\"", .right)], rows: [["+ {x} 50% ±", "[1.0]"], ["λ → ~^\\", "<2"]],
            marked: [.init(row: 0, column: 1)])
        let document = Document([.title("T#1"), .paragraph("All."), .table(table), .list(["left out"])])
        let expected = ##"""
            % Needs \usepackage{booktabs,graphicx} and an engine that reads UTF-8.
            % A table that is wider than its column is made smaller, until it fits. In a document with two columns, wide tables go over both.

            \begin{table}[htbp]
            \centering
            \setlength{\belowcaptionskip}{4pt}
            \caption{T\#1. All.}
            \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
            \begin{tabular}{lr}
            \toprule
            Row\_1 & A \& ''B'' \\
            \midrule
            + \{x\} 50\% $\pm$ & \textbf{{[}1.0{]}} \\
            $\lambda$ $\rightarrow$ \textasciitilde{}\textasciicircum{}\textbackslash{} & $<$2 \\
            \bottomrule
            \end{tabular}}
            \end{table}

            """##
        #expect(document.latex() == expected)
    }

    @Test("LaTeX: a table that is too wide for one of two columns goes over both, and a note below a table is no caption of the next")
    func wideLaTeX() {
        let narrow = TextTable(columns: [.init("Row"), .init("Figure", .right)], rows: [["Fusion", "1.0 ± 0.1"]])
        let wide = TextTable(columns: (1...5).map { .init("A heading, number \($0)", .right) }, rows: [(1...5).map { "1.0 ± 0.\($0)" }])
        let text = Document([.heading("Two"), .paragraph("First."), .table(narrow), .paragraph("A note."), .table(wide)]).latex()
        #expect(text.contains("\\begin{table}[htbp]\n") && text.contains("\\end{table}\n"))
        #expect(text.contains("\\begin{table*}[htbp]\n") && text.contains("\\end{table*}\n"))
        #expect(text.contains("\\caption{Two. First.}") && text.contains("\\caption{Two}") && !text.contains("A note."))
    }

    @Test("LaTeX: a table that is longer than a page goes on in another one")
    func longLaTeX() {
        let long = TextTable(columns: [.init("Row")], rows: (1...100).map { ["row \($0)"] })
        let text = Document([.title("long"), .table(long)]).latex()
        func count(_ part: String) -> Int { text.components(separatedBy: part).count - 1 }
        #expect(count("\\begin{table}") == 3 && count("\\caption{long (continued)}") == 2)
        #expect(count("row ") == 100)
    }

    private static let engine = "/usr/bin/pdflatex"

    @Test(
        "LaTeX makes the tables, however many there are, none of them wider than a column or longer than a page",
        .enabled(if: FileManager.default.isExecutableFile(atPath: engine)))
    func compiledLaTeX() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("regulus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let wide = TextTable(columns: (1...20).map { .init("A heading, number \($0)", .right) }, rows: [(1...20).map { "1.0 ± 0.\($0)" }])
        let report = try Report(results: results, settings: SampleStudy.settings()).document()
        let long = TextTable(columns: [.init("Row"), .init("Figure", .right)], rows: (1...100).map { ["row \($0)", "1.0 ± 0.1"] })
        let many = [Document.Block](repeating: .table(wide), count: 100)
        try (Document([.title("wide"), .table(long)] + many).latex() + report.latex()).write(
            to: folder.appendingPathComponent("tables.tex"), atomically: true, encoding: .utf8)
        try """
        \\documentclass[twocolumn]{article}
        \\usepackage{booktabs,graphicx}
        \\begin{document}\\input{tables.tex}\\end{document}
        """.write(to: folder.appendingPathComponent("page.tex"), atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.engine)
        process.arguments = ["-interaction=nonstopmode", "-halt-on-error", "page.tex"]
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let log = try String(decoding: Data(contentsOf: folder.appendingPathComponent("page.log")), as: UTF8.self)
        #expect(!log.contains("Overfull") && !log.contains("too large") && log.contains("Output written"))
    }
}
