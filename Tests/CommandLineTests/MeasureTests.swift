import Foundation
import Testing

@Suite("measure")
struct MeasureTests {
    @Test("measures a finished run without training, and its report shows the tables")
    func finishedRun() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out").code == 0)
        let before = folder.files(below: "out").filter { $0.hasSuffix("result.json") || $0.hasSuffix(".safetensors") }
        let bytes = try before.map { try folder.data("out/\($0)") }
        let outcome = try await folder.regulus("measure", "out", "--measure", "dependence: {samples: 100}", "--measure", "calibration")
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(outcome.output.contains("24 measured"))
        #expect(try before.map { try folder.data("out/\($0)") } == bytes)
        #expect(folder.files(below: "out").count { $0.contains("/measurements/") } == 24)
        #expect(try await folder.regulus("report", "out").code == 0)
        let report = try folder.text("out/report.md")
        for name in ["Measured: dependence (samples 100)", "Measured: calibration", "canonical-correlation", "Differences to Fusion"] {
            #expect(report.contains(name), "\(name)")
        }
        #expect(try folder.text("out/measurements.csv").contains("hsic"))
        #expect(try folder.text("out/report.html").contains("Measured: calibration"))
        let again = try await folder.regulus("measure", "out", "--measure", "calibration")
        #expect(again.output.contains("0 measured") && again.output.contains("12 there before"))
    }

    @Test("a recipe's measure: is part of its run, to the same bytes on any number of workers")
    func partOfRun() async throws {
        let folder = try RecipeFolder(("baseline: Fusion", "baseline: Fusion\nmeasure: [representation, corruption: {sigmas: [0.5]}]"))
        for (name, threads) in [("one", "1"), ("two", "3")] {
            let outcome = try await folder.regulus("run", "r.yaml", "--out", name, "--threads", threads)
            #expect(outcome.code == 0, "\(outcome.messages)")
        }
        #expect(folder.files(below: "one").count { $0.contains("/measurements/") } == 24)
        #expect(try folder.data("one/measurements.csv") == folder.data("two/measurements.csv"))
        #expect(try folder.text("one/report.md").contains("Measured: representation"))
    }

    @Test("what cannot be measured is said with what there is, exit code 2")
    func badInput() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("measure", "absent", "--measure", "calibration").code == 2)
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out", "--set", "seeds=[1]").code == 0)
        let nothing = try await folder.regulus("measure", "out")
        #expect(nothing.code == 2)
        #expect(nothing.messages.contains("representation"))
        let unknown = try await folder.regulus("measure", "out", "--measure", "calibraton")
        #expect(unknown.code == 2)
        #expect(unknown.messages.contains("did you mean 'calibration'?"))
        let option = try await folder.regulus("measure", "out", "--measure", "corruption: {sigmas: [1, 0.5]}")
        #expect(option.code == 2)
        #expect(option.messages.contains("rising order"))
        #expect(!folder.files(below: "out").contains { $0.contains("/measurements/") })
    }

    @Test("measurements are listed and described like other components")
    func listed() async throws {
        let folder = try RecipeFolder()
        let list = try await folder.regulus("list", "measurements")
        #expect(list.code == 0)
        #expect(list.output.contains("modality-reliance"))
        let described = try await folder.regulus("describe", "dependence")
        #expect(described.output.contains("within-classes"))
    }
}
