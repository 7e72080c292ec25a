import Recipes
import Results
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("Rows that change the model or the task")
struct OwnModelPlanTests {
    private let text = """
        \(Sample.recipeHead)
        training: {epochs: 1, batch: 8}
        seeds: [1]
        rows:
          - Both
          - name: First alone
            model: {modalities: [m1]}
          - name: Sum
            model: {fusion: {use: sum}}

        """

    @Test("each row is planned with its own model, and a row that says nothing with the common one")
    func models() throws {
        let planned = try Sample.planned(text)
        let plans = planned.cells.filter { $0.target == "d1" }.map(\.candidates[0].plan)
        #expect(plans.map { $0.model.encoders.keys.map(\.name).sorted() } == [["m1", "m2"], ["m1"], ["m1", "m2"]])
        #expect(plans[2].model != plans[0].model)
        #expect(planned.settings.variants[0].lines.contains { $0.hasPrefix("model of First alone: m1: vector-mlp") })
        #expect(planned.outline.modules.filter { $0.row == nil }.map(\.name) == ["encoders.m1", "encoders.m2", "fusion"])
        #expect(planned.outline.modules.filter { $0.row == "First alone" }.map(\.name) == ["encoders.m1", "fusion"])
    }

    @Test("a part of the model that some tables of a sweep have says which; one that all have says nothing")
    func variants() throws {
        let swept = text.replacing("rows:\n", with: "sweep: {model.fusion: [{use: late, hidden: 16}, {use: sum}]}\nrows:\n")
        let modules = try Sample.planned(swept).outline.modules.filter { $0.row == nil }
        #expect(modules.map(\.name) == ["encoders.m1", "encoders.m2", "fusion", "fusion"])
        #expect(modules.map(\.variants) == [[], [], ["model.fusion = {use: late, hidden: 16}"], ["model.fusion = {use: sum}"]])
    }

    @Test("what a row does not change is planned as without the others: its trials are the same")
    func sameTrials() throws {
        let alone = text.replacing("  - name: First alone\n    model: {modalities: [m1]}\n  - name: Sum\n    model: {fusion: {use: sum}}\n", with: "")
        let hashes = try [text, alone].map { try Sample.planned($0).cells.filter { $0.row == "Both" }.map(\.candidates[0].plan.hash) }
        #expect(hashes[0] == hashes[1] && hashes[0].count == 3)
    }

    @Test("rows with a model of their own are no combinations of regularizers, unless they say what is switched on")
    func factors() throws {
        #expect(try Sample.planned(text).settings.variants[0].regularizers == ["Both": []])
        let crossed = text.replacing(
            "  - Both\n", with: "  - all-combinations-of: [mer, {name: sum, model: {fusion: {use: sum}}}]\n    base: Both\n"
        ).replacing("  - name: Sum\n    model: {fusion: {use: sum}}\n", with: "")
        let variant = try Sample.planned(crossed).settings.variants[0]
        #expect(
            variant.lines.filter { $0.hasPrefix("model of ") }.map { String($0.prefix { $0 != ":" }) } == [
                "model of + sum, + mer + sum", "model of First alone",
            ])
        let regularizers = variant.regularizers
        #expect(regularizers == ["Both": [], "+ mer": ["mer"], "+ sum": ["sum"], "+ mer + sum": ["mer", "sum"]])
    }

    @Test("a row's fusion that does not fit is shown in the row")
    func fault() {
        let wrong = text.replacing("{fusion: {use: sum}}", with: "{fusion: {use: late, hidden: -1}}")
        #expect(throws: RecipeError.self) { try Sample.planned(wrong) }
        let absent = text.replacing("  - name: First alone", with: "  - name: First alone\n    regularizers: [mer: {on: [m2]}]")
        let error = #expect(throws: RecipeError.self) { try Sample.planned(absent) }
        #expect(
            error?.description.contains("error: on of regularizer 'mer' in row 'First alone' does not fit: found m2") == true, "\(error?.description ?? "")")
    }

    @Test("a task of a row has to be scored as the others are")
    func task() throws {
        let other = text.replacing("    model: {modalities: [m1]}", with: "    task: {score: macro-f1}")
        let error = #expect(throws: RecipeError.self) { try Sample.planned(other) }
        #expect(error?.description.contains("the task of row 'First alone' is scored by macro-f1, accuracy") == true, "\(error?.description ?? "")")
    }

    @Test("a part of a study has the rows and targets that are asked for, and names that there are not are refused")
    func part() throws {
        let planned = try Sample.planned(text)
        let part = try planned.keeping(rows: ["Sum"], targets: ["d2", "d3"])
        #expect(part.cells.map { "\($0.row) \($0.target)" } == ["Sum d2", "Sum d3"] && part.cells.trialCount == 2)
        #expect(part.settings.rows == planned.settings.rows)
        #expect(try planned.keeping(rows: [], targets: []).cells.count == 9)
        let fault = #expect(throws: StudyPartFault.self) { try planned.keeping(rows: ["Som"], targets: []) }
        #expect(fault?.description == "the study has no row 'Som', only Both, First alone, Sum; did you mean 'Sum'?")
    }
}
