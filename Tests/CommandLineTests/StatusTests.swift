import Foundation
import Testing

@Suite("status, watch, and parts of a study")
struct StatusTests {
    @Test("a part of a study is run, the report shows what is there, and the rest comes later to the same study")
    func parts() async throws {
        let folder = try RecipeFolder()
        let part = try await folder.regulus("run", "r.yaml", "--out", "out", "--rows", "Fusion", "--targets", "d1")
        #expect(part.code == 0, "\(part.messages)")
        #expect(part.messages.contains("small: 2 of 12 trials into "))
        let status = try await folder.regulus("status", "out")
        #expect(status.code == 0 && status.output.contains("2/12") && status.output.contains("no process is training"), "\(status.output)")
        #expect(status.lines.contains { $0.contains("to continue: regulus run r.yaml ") && $0.hasSuffix(" --out out") }, "\(status.output)")
        let whole = try await folder.regulus("run", "r.yaml", "--out", "out")
        #expect(whole.code == 0 && whole.messages.contains("2 taken from the run folder"), "\(whole.messages)")
        let done = try await folder.regulus("watch", "out")
        #expect(done.code == 0 && done.output.contains("12/12") && !done.output.contains("no process is training"), "\(done.output)")
        let json = try await folder.regulus("status", "--json", "out")
        #expect(json.output.contains("\"finished\":12,") && json.output.contains("\"isOver\":true"))
        #expect(!folder.files(below: "out").contains { $0.hasSuffix("progress.jsonl") })
        let again = try await folder.regulus("run", "r.yaml", "--out", "out", "--rows", "+ MER")
        #expect(again.code == 0 && again.output.contains("Fusion"))
    }

    @Test("rows and folders that there are not are refused")
    func refused() async throws {
        let folder = try RecipeFolder()
        let row = try await folder.regulus("run", "r.yaml", "--out", "out", "--rows", "Fusoin")
        #expect(row.code == 2 && row.messages.contains("the study has no row 'Fusoin', only Fusion, + MER; did you mean 'Fusion'?"))
        #expect(folder.files == ["r.yaml"])
        let none = try await folder.regulus("status", "out")
        #expect(none.code == 2 && none.messages == "error: there is no run folder out\n")
        try folder.makeFolder("out")
        let empty = try await folder.regulus("watch", "out")
        #expect(empty.code == 2 && empty.messages == "error: out holds no run: it has no settings.json\n")
    }

    @Test("manual pages are made of the commands' own definitions")
    func manual() async throws {
        let folder = try RecipeFolder()
        let outcome = try await folder.regulus("manual", "man")
        #expect(outcome.code == 0, "\(outcome.messages)")
        let files = folder.files(below: "man")
        #expect(files.contains("regulus.1") && files.contains("regulus-run.1") && files.contains("regulus-plugin-test.1"))
        #expect(!files.contains("regulus-plugin-probe.1") && !files.contains("regulus-manual.1"))
        let page = try folder.text("man/regulus-run.1")
        #expect(page.hasPrefix(".TH \"REGULUS\\-RUN\" 1 ") && page.contains("\n.B \\-\\-save\\-every seconds\n"), "\(page.prefix(300))")
        #expect(try folder.text("man/regulus-data-check.1").contains("Values: none, some, all. Default: some."))
    }
}
