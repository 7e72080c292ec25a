import Configuration
import Testing

@testable import Recipes

@Suite("Plug-ins of a recipe")
struct PluginListTests {
    private let files = RecipeFiles.sample([
        "recipes/base.yaml": "plugins: [libs/a.so, /opt/b.so]\n", "recipes/sub/mine.yaml": "extends: ../base.yaml\n",
        "broken.yaml": "plugins: [{a: 1}]\n",
    ])

    @Test("are paths relative to the file that names them")
    func paths() throws {
        let paths = try RecipeLoader.pluginPaths(ofRecipeAt: "recipes/sub/mine.yaml", files: files)
        #expect(paths.map(\.path) == ["/here/recipes/libs/a.so", "/opt/b.so"])
        #expect(paths.map(\.location.description) == ["recipes/base.yaml:1:11", "recipes/base.yaml:1:22"])
    }

    @Test("of a setting are relative to the current folder")
    func setting() throws {
        let paths = try RecipeLoader.pluginPaths(ofRecipeAt: "recipes/base.yaml", settings: ["plugins=c.so"], files: files)
        #expect(paths.map(\.path) == ["/here/c.so"])
    }

    @Test("are texts")
    func fault() {
        let error = #expect(throws: RecipeError.self) { try RecipeLoader.pluginPaths(ofRecipeAt: "broken.yaml", files: files) }
        #expect(
            error?.description == """
                broken.yaml:1:11: error: plugins cannot contain a section
                    1 | plugins: [{a: 1}]
                      |           ^~~~~~
                      = expected names of shared libraries
                """)
    }

    @Test("are no unknown key for the reader")
    func accepted() throws {
        #expect(try Sample.study(Sample.recipe + "plugins: a.so\n").variants.count == 1)
    }
}

@Suite("A whole model")
struct WholeModelTests {
    private let encoders = "  encoder: {use: series-resnet, embedding: 32}\n  fusion: late\n"

    @Test("stands in place of encoders and fusion, with its options")
    func whole() throws {
        let text = Sample.recipe(encoders, "  use: joint\n  dropout: 0.1\n  modalities: [gyroscope]\n")
        let recipe = try Sample.study(text).variants[0].recipe
        #expect(recipe.model.whole?.component == "joint")
        #expect(recipe.model.whole?.options == ["dropout": .number(0.1)])
        #expect(recipe.model.encoder(for: "gyroscope") == nil)
        #expect(recipe.model.modalities(of: Sample.facts(of: recipe.data.source)) == ["gyroscope"])
    }

    @Test("can be unknown")
    func unknown() {
        #expect(
            Sample.messages(Sample.recipe(encoders, "  use: jiont\n")) == """
                r.yaml:6:8: error: unknown model 'jiont'
                    6 |   use: jiont
                      |        ^~~~~
                      = expected one of: joint
                      = did you mean 'joint'?
                """)
    }

    @Test("has no encoder or fusion beside it, and no options but its own")
    func beside() {
        #expect(
            Sample.messages(Sample.recipe(encoders, "  use: joint\n  fusion: late\n  dropuot: 1\n")) == """
                r.yaml:7:3: error: 'fusion' appears beside 'use', which names a whole model
                    7 |   fusion: late
                      |   ^~~~~~
                      = expected either use or encoder and fusion

                r.yaml:8:3: error: unknown key 'dropuot' in model joint
                    8 |   dropuot: 1
                      |   ^~~~~~~
                      = expected one of: dropout, use, modalities
                      = did you mean 'dropout'?
                """)
    }
}

@Suite("Expected figures")
struct ExpectationTests {
    @Test("are read from a row, over those of the recipe")
    func values() throws {
        let text =
            Sample.recipe("- Fusion", "- name: Fusion\n    expect: {average: 62.82, group-1: 58}")
            + "expect:\n  source: Table 13\n  rows:\n    Fusion: {average: 1, group-2: 3}\n    + MER: {average: 64}\n"
        let recipe = try Sample.study(text).variants[0].recipe
        #expect(recipe.expectationSource == "Table 13")
        #expect(recipe.rows[0].expected == ["average": 62.82, "group-1": 58, "group-2": 3])
        #expect(recipe.rows[1].expected == ["average": 64])
    }

    @Test("of a single-source study go by its columns")
    func columns() throws {
        let text =
            Sample.recipe("- Fusion", "- name: Fusion\n    expect: {group-1 → group-3: 40}")
            + "evaluation: {protocol: single-source}\n"
        #expect(try Sample.study(text).variants[0].recipe.rows[0].expected == ["group-1 → group-3": 40])
    }

    @Test("of measurements are read by measurement, quantity and row, and ask for ones that there are")
    func measured() throws {
        func text(_ figures: String) -> String {
            Sample.recipe("- Fusion", "- name: Fusion\n    measure: [rank]") + "expect:\n  measured:\n    \(figures)\n"
        }
        let recipe = try Sample.study(text("rank: {rankme of video on target: {Fusion: 235.9, + MER: 290}}")).variants[0].recipe
        #expect(
            recipe.measuredExpectations == [
                MeasuredExpectation(measurement: "rank", quantity: "rankme of video on target", row: "Fusion", value: 235.9),
                MeasuredExpectation(measurement: "rank", quantity: "rankme of video on target", row: "+ MER", value: 290),
            ])
        #expect(Sample.messages(text("rnak: {rankme: {Fusion: 1}}")).contains("did you mean 'rank'"))
        #expect(Sample.messages(text("rank: {rankme: {Fusoin: 1}}")).contains("did you mean 'Fusion'"))
        #expect(Sample.messages(text("rank: {rankme: {Fusion: high}}")).contains("in the measurement's own unit"))
    }

    @Test("name targets and rows that there are, and are numbers")
    func faults() {
        let text =
            Sample.recipe("- Fusion", "- name: Fusion\n    expect: {groop-1: 3, average: high, group-2: [1]}")
            + "expect: {rows: {Fusoin: {}}, sorce: x}\n"
        #expect(
            Sample.messages(text) == """
                r.yaml:16:35: error: average cannot be 'high'
                   16 |     expect: {groop-1: 3, average: high, group-2: [1]}
                      |                                   ^~~~
                      = expected a number in the unit of the table: percent for a fraction

                r.yaml:16:50: error: group-2 cannot be '[1]'
                   16 |     expect: {groop-1: 3, average: high, group-2: [1]}
                      |                                                  ^~~
                      = expected a number in the unit of the table: percent for a fraction

                r.yaml:22:17: error: unknown row 'Fusoin'
                   22 | expect: {rows: {Fusoin: {}}, sorce: x}
                      |                 ^~~~~~
                      = expected one of: Fusion, + MER
                      = did you mean 'Fusion'?

                r.yaml:22:30: error: unknown key 'sorce' in expect
                   22 | expect: {rows: {Fusoin: {}}, sorce: x}
                      |                              ^~~~~
                      = expected one of: source, rows, measured
                      = did you mean 'source'?
                """)
    }

    @Test("name targets that the data set has")
    func unknownTarget() {
        #expect(
            Sample.messages(Sample.recipe("- Fusion", "- name: Fusion\n    expect: {groop-1: 3, average: 4}")) == """
                r.yaml:16:14: error: unknown target 'groop-1'
                   16 |     expect: {groop-1: 3, average: 4}
                      |              ^~~~~~~
                      = expected one of: group-1, group-2, group-3, average
                      = did you mean 'group-1'?
                """)
    }
}

@Suite("The difference between two recipes")
struct RecipeDifferenceTests {
    private func difference(_ old: String, _ new: String) throws -> [String] {
        let files = RecipeFiles.sample(["old.yaml": old, "new.yaml": new])
        return RecipeDifference(
            from: try RecipeLoader.resolve(recipeAt: "old.yaml", files: files),
            to: try RecipeLoader.resolve(recipeAt: "new.yaml", files: files)
        ).changes.map(\.description)
    }

    @Test("is nothing for one and the same, however it is written")
    func same() throws {
        #expect(try difference(Sample.recipe, Sample.recipe) == [])
        let old = "optimizer: adam\nrows:\n  - Fusion\n  - {name: A, regularizers: [mer, {use: noise, sigma: 1}]}\n"
        let new = "rows:\n  - name: Fusion\n  - {name: A, regularizers: [{use: mer}, noise: {sigma: 1.0}]}\noptimizer: {use: adam}\n"
        #expect(try difference(old, new) == [])
    }

    @Test("is said path by path, as settings are")
    func paths() throws {
        let new = Sample.recipe("weight: 3", "weight: 1").replacingFirst("seeds: [1, 2]", "seeds: [1, 2, 3]")
            .replacingFirst("fusion: late", "fusion: {use: late, dropout: 0.1}").replacingFirst("  batch: 64\n", "")
            .replacingFirst("- Fusion", "- Fusion\n  - name: + Noise\n    regularizers: [noise]")
        #expect(
            try difference(Sample.recipe, new) == [
                "model.fusion.dropout: added 0.1", "training.batch: removed 64", "seeds: [1, 2] → [1, 2, 3]",
                "rows[+ MER].regularizers.mer.weight: 3 → 1", "rows[+ Noise]: added {regularizers: [noise]}",
            ])
    }

    @Test("names terms of sums, removed rows and another order")
    func terms() throws {
        let old = "rows: [{name: A, regularizers: [sum: {name: s, terms: [mer, noise]}]}, B, C]\n"
        let new = "rows: [C, {name: A, regularizers: [sum: {name: s, terms: [mer: {weight: 2}, noise]}]}]\n"
        #expect(
            try difference(old, new) == [
                "rows.A.regularizers.s.terms.mer.weight: added 2", "rows.B: removed", "rows: order A, C → C, A",
            ])
    }

    @Test("goes by what is extended and by variables' values")
    func resolved() throws {
        let files = RecipeFiles.sample(["a.yaml": "x: 1\ny: [1]\n", "b.yaml": "extends: a.yaml\nx: ${v}\nvariables: {v: 2}\n"])
        let difference = RecipeDifference(
            from: try RecipeLoader.resolve(recipeAt: "a.yaml", files: files), to: try RecipeLoader.resolve(recipeAt: "b.yaml", files: files))
        #expect(difference.changes == [.init(path: "x", kind: .changed(from: "1", to: "2"))])
    }
}
