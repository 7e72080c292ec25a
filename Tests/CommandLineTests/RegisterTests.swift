import Foundation
import Testing

@Suite("register: a study is declared before it is trained")
struct RegisterTests {
    @Test("register writes the declaration, run follows it, and the report says so and who looked")
    func followed() async throws {
        let folder = try RecipeFolder()
        let first = try await folder.regulus("register", "r.yaml", "--out", "out")
        #expect(first.code == 0 && folder.files(below: "out") == ["registration.json"])
        #expect(first.output.contains("test: paired difference in accuracy on the held-out domain to Fusion of + MER"))
        let again = try await folder.regulus("register", "r.yaml", "--out", "out")
        #expect(again.code == 0 && again.output.hasPrefix("registered already"))
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out", "--threads", "2").code == 0)
        let text = try folder.text("out/report.md")
        #expect(text.contains("All rows were trained as registered."))
        #expect(text.contains("Looks at target figures through this program, this report included: 2."))
        let report = try await folder.regulus("report", "out")
        #expect(report.code == 0 && report.output.contains("this report included: 3."))
        let changed = try await folder.regulus("register", "r.yaml", "--out", "out", "--set", "training.epochs=3")
        #expect(changed.code == 2 && changed.messages.contains("already holds 12 results of trainings"))
        let said = try await folder.regulus("register", "r.yaml", "--out", "out", "--set", "training.epochs=3", "--after-results")
        #expect(said.code == 0 && said.output.contains("12 results of trainings existed already"))
    }
}
