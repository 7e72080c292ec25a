import Results
import SampleResults
import Testing

@testable import Reports

@Suite("What a report says of its rows and data")
struct RowDescriptionTests {
    private func report(_ change: (inout VariantSettings) -> Void) throws -> Report {
        var variant = VariantSettings(
            baseline: "Fusion", rows: ["Fusion", "+ MER"], targets: ["d1"], seeds: [1], selection: "the last epoch", protocolText: "multi-source")
        change(&variant)
        return try Report(results: [], settings: RunSettings(recipe: "small", variants: [variant], machine: "a machine", threads: 1))
    }

    @Test("each row stands with its values, and samples of each class, domain and part on the page")
    func described() throws {
        let report = try report {
            $0.descriptions = ["Fusion": ["no regularizer"], "+ MER": ["mer: weight 0.3, estimator paper (default)", "model: fusion: sum"]]
            $0.samples = SampleCounts(domains: ["d1", "d2"], classes: ["put", "take"], counts: [[3, 4], [5, 6]], digest: "0123456789abcdef")
            $0.parts = [SampleParts(target: "d1", training: 8, validation: 2, heldOut: 8)]
        }
        let text = report.terminalText()
        #expect(text.contains("• + MER: mer: weight 0.3, estimator paper (default); model: fusion: sum"))
        #expect(text.contains("• Digest of the data: 0123456789ab"))
        let page = report.document().html()
        #expect(page.contains("<td>d1</td><td class=\"number\">8</td><td class=\"number\">2</td><td class=\"number\">8</td>"))
        #expect(page.contains("Samples by class, domain and split") && page.contains("<td>all</td><td class=\"number\">8</td><td class=\"number\">10</td>"))
    }

    @Test("commands are set as code on the page")
    func commands() {
        let page = Document([.paragraph("`regulus register` does <that>.")]).html()
        #expect(page.contains("<p><code>regulus register</code> does &lt;that&gt;.</p>"))
    }

    @Test("notes of trials that differ in numbers only are one")
    func notes() {
        let notes = ["validation: 332 samples; target: 714 samples", "a score of 0.5", "validation: 273 samples; target: 1000 samples"]
        #expect(Report.joined(notes) == ["validation: 273 to 332 samples; target: 714 to 1000 samples", "a score of 0.5"])
    }

    @Test("a run that does not say them has no such section")
    func silent() throws {
        let text = try report { _ in }.terminalText()
        #expect(!text.contains("What each row is") && !text.contains("digest"))
    }
}
