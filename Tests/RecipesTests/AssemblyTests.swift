import Configuration
import Testing

@testable import Recipes

@Suite("Files that a recipe extends and includes")
struct AssemblyTests {
    @Test("extends lays a recipe over another one, key by key, without taking its name")
    func extending() throws {
        let files = ["recipes/base.yaml": "name: base\n" + Sample.recipe]
        let study = try Sample.study(
            "extends: base.yaml\ntraining: {epochs: 3}\nseeds: [9]\n", file: "recipes/mine.yaml", files: files)
        #expect(study.name == "mine")
        let recipe = study.variants[0].recipe
        #expect(recipe.training.epochs == 3)
        #expect(recipe.training.batch == 64)
        #expect(recipe.seeds == [9])
        #expect(recipe.rows.map(\.name) == ["Fusion", "+ MER"])
        #expect(recipe.training.locations["batch"]?.description == "recipes/base.yaml:11:10")
        #expect(recipe.training.locations["epochs"]?.description == "recipes/mine.yaml:2:20")
    }

    @Test("paths are relative to the file in which they stand")
    func relativePaths() throws {
        let files = [
            "a/b/base.yaml": "extends: ../../c/common.yaml\nseeds: [4]\n", "c/common.yaml": Sample.recipe,
        ]
        #expect(try Sample.study("extends: b/base.yaml\n", file: "a/r.yaml", files: files).variants[0].recipe.seeds == [4])
    }

    @Test("a plain list replaces that of the base; its rows can be removed, replaced, put in front and behind")
    func lists() throws {
        let files = ["base.yaml": Sample.recipe + "regularizers: [dropout]\n"]
        let plain = try Sample.study("extends: base.yaml\nrows: [Fusion, Other]\n", files: files)
        #expect(plain.variants[0].recipe.rows.map(\.name) == ["Fusion", "Other"])
        let changed = """
            extends: base.yaml
            regularizers: {append: [noise: {sigma: 1}], replace: {dropout: {name: drop, rate: 0.1}}}
            baseline: First
            rows:
              remove: [Fusion]
              replace:
                + MER:
                  regularizers: [mer: {weight: 7}]
              prepend: [First]
              append:
                - name: Last

            """
        let recipe = try Sample.study(changed, files: files).variants[0].recipe
        #expect(recipe.rows.map(\.name) == ["First", "+ MER", "Last"])
        #expect(recipe.rows[1].grid.isEmpty)
        #expect(recipe.rows[1].regularizers.map(\.name) == ["drop", "noise", "mer"])
        #expect(recipe.rows[1].regularizers.map(\.weight) == [nil, nil, 7])
        #expect(recipe.rows[0].regularizers[0].choice.component == "dropout")
        #expect(recipe.rows[0].regularizers[0].choice.options == ["rate": .number(0.1)])
    }

    @Test("a replaced term keeps its name, and takes another regularizer by use")
    func replacedTerm() throws {
        let files = ["base.yaml": Sample.recipe + "regularizers:\n  - use: dropout\n    name: first\n    rate: 0.9\n"]
        let text = "extends: base.yaml\nregularizers: {replace: {first: {use: noise, sigma: 2}}}\n"
        let term = try Sample.study(text, files: files).variants[0].recipe.rows[0].regularizers[0]
        #expect(term.name == "first")
        #expect(term.choice.component == "noise")
        #expect(term.choice.options == ["sigma": .integer(2)])
    }

    @Test("an included section lies under the keys beside it")
    func includedSection() throws {
        let text = Sample.recipe("  epochs: 20\n", "  include: parts/long.yaml\n")
        let files = ["parts/long.yaml": "epochs: 100\nbatch: 8\n"]
        let recipe = try Sample.study(text, files: files).variants[0].recipe
        #expect(recipe.training.epochs == 100)
        #expect(recipe.training.batch == 64)
    }

    @Test("an included list item gives way to the items of the fragment, in either form")
    func includedItems() throws {
        let files = [
            "methods/both.yaml": "# A method.\nregularizers:\n  - dropout\n  - include: more/noise.yaml\ntraining: {epochs: 1}\n",
            "methods/more/noise.yaml": "- noise: {sigma: 2}\n", "rows/extra.yaml": "name: Extra\nregularizers: [include: ../methods/both.yaml]\n",
        ]
        let text = Sample.recipe("mer: {weight: 3, on: [gyroscope]}", "include: methods/both.yaml\n      - mer")
            .replacingFirst("- Fusion", "- Fusion\n  - include: rows/extra.yaml")
        let recipe = try Sample.study(text, files: files).variants[0].recipe
        #expect(recipe.rows.map(\.name) == ["Fusion", "Extra", "+ MER"])
        #expect(recipe.rows[2].regularizers.map(\.name) == ["dropout", "noise", "mer"])
        #expect(recipe.rows[1].regularizers.map(\.name) == ["dropout", "noise"])
        #expect(recipe.training.epochs == 20)
        #expect(recipe.rows[1].regularizers[1].location.description == "methods/more/noise.yaml:1:3")
    }

    @Test("an included row can be changed beside the include")
    func includedRow() throws {
        let files = ["row.yaml": "name: Extra\nregularizers: [dropout]\n"]
        let text = Sample.recipe("- Fusion", "- Fusion\n  - include: row.yaml\n    name: Mine\n    regularizers: {append: [mer]}")
        let recipe = try Sample.study(text, files: files).variants[0].recipe
        #expect(recipe.rows[1].name == "Mine")
        #expect(recipe.rows[1].regularizers.map(\.name) == ["dropout", "mer"])
    }

    @Test("variables of an included fragment are defaults of the recipe's")
    func fragmentVariables() throws {
        let files = ["m.yaml": "variables: {rate: 0.25}\nregularizers: [dropout: {rate: \"${rate}\"}]\n"]
        let text = Sample.recipe("- Fusion", "- name: Fusion\n    regularizers: [include: m.yaml]")
        func rate(_ text: String, _ settings: [String] = []) throws -> OptionValue? {
            try Sample.study(text, set: settings, files: files).variants[0].recipe.rows[0].regularizers[0].choice.options["rate"]
        }
        #expect(try rate(text) == .number(0.25))
        #expect(try rate(text, ["variables.rate=0.75"]) == .number(0.75))
        #expect(try rate(text + "variables: {rate: 1}\n") == .integer(1))
    }

    @Test("the resolved recipe stands alone and reads as the same study")
    func resolved() throws {
        let files = [
            "base.yaml": "name: base\nplugins: [extra.so]\n" + Sample.recipe,
            "m.yaml": "variables: {rate: 0.25}\nregularizers: [dropout: {rate: \"${rate}\"}]\n",
        ]
        let text = "# About it.\nextends: base.yaml\nregularizers: [include: m.yaml]\nsweep: {training.batch: [32, 64]}\n"
        let study = try Sample.study(text, set: ["training.epochs=2"], files: files)
        for word in ["extends", "include", "variables", "$"] { #expect(!study.resolvedYAML.contains(word)) }
        let again = try Sample.study(study.resolvedYAML, file: "runs/r/recipe.resolved.yaml")
        #expect(again.resolvedYAML == study.resolvedYAML)
        #expect(again.name == study.name)
        #expect(again.about == study.about)
        #expect(again.variants.count == study.variants.count)
        for (new, old) in zip(again.variants, study.variants) {
            #expect(new.settings.map(\.value) == old.settings.map(\.value))
            #expect(new.recipe.training.epochs == old.recipe.training.epochs)
            #expect(new.recipe.training.batch == old.recipe.training.batch)
            #expect(new.recipe.rows.map(\.name) == old.recipe.rows.map(\.name))
            #expect(new.recipe.rows.map { $0.regularizers.map(\.choice.options) } == old.recipe.rows.map { $0.regularizers.map(\.choice.options) })
            #expect(new.recipe.seeds == old.recipe.seeds)
        }
    }

    @Test("a fault in an included file is shown with that file's line")
    func faultInside() {
        let text = Sample.recipe("mer: {weight: 3, on: [gyroscope]}", "include: m.yaml\n      - mer")
        #expect(
            Sample.messages(text, files: ["m.yaml": "- dropuot\n"]) == """
                m.yaml:1:3: error: unknown regularizer 'dropuot'
                    1 | - dropuot
                      |   ^~~~~~~
                      = expected one of: mer, dropout, noise
                      = did you mean 'dropout'?
                """)
    }

    @Test("faults", arguments: faultCases)
    func faults(_ sample: (title: String, text: String, files: [String: String], message: String)) {
        #expect(Sample.messages(sample.text, files: sample.files) == sample.message)
    }

    static let faultCases: [(title: String, text: String, files: [String: String], message: String)] = [
        (
            "missing file", Sample.recipe + "regularizers: [include: m/absent.yaml]\n", [:],
            """
            r.yaml:21:25: error: cannot read m/absent.yaml: No such file or directory
               21 | regularizers: [include: m/absent.yaml]
                  |                         ^~~~~~~~~~~~~
                  = expected a path relative to the folder of r.yaml
            """
        ),
        (
            "missing file on the way", Sample.recipe + "regularizers: [include: m/a.yaml]\n", ["m/a.yaml": "- dropout\n- include: b.yaml\n"],
            """
            m/a.yaml:2:12: error: cannot read m/b.yaml: No such file or directory
                2 | - include: b.yaml
                  |            ^~~~~~
                  = expected a path relative to the folder of m/a.yaml
                  = included at r.yaml:21:25
            """
        ),
        (
            "circle", "extends: a.yaml\n", ["a.yaml": "extends: b.yaml\n", "b.yaml": Sample.recipe + "regularizers: [include: ./a.yaml]\n"],
            """
            b.yaml:21:25: error: a.yaml would include itself
               21 | regularizers: [include: ./a.yaml]
                  |                         ^~~~~~~~
                  = expected a file that does not include this one
                  = extended at a.yaml:1:10
                  = extended at r.yaml:1:10
            """
        ),
        (
            "no YAML", Sample.recipe + "regularizers: [include: m.yaml]\n", ["m.yaml": "- {a\n"],
            """
            m.yaml:2:1: error: invalid YAML: did not find expected ',' or '}' while parsing a flow mapping
                2 |
                  | ^
                  = included at r.yaml:21:25
            """
        ),
        (
            "list for keys", "include: m.yaml\n" + Sample.recipe, ["m.yaml": "- 1\n"],
            """
            r.yaml:1:10: error: m.yaml is '[1]', and keys are needed here
                1 | include: m.yaml
                  |          ^~~~~~
                  = expected a file with keys and values
            """
        ),
        (
            "no path", "extends: [a, b]\n" + Sample.recipe, [:],
            """
            r.yaml:1:10: error: extends cannot be '[a, b]'
                1 | extends: [a, b]
                  |          ^~~~~~
                  = expected the path of a recipe
            """
        ),
        (
            "unknown names in changes", "extends: a.yaml\nrows: {remove: [+ MRE], apend: [x], replace: {Fusoin: {}}}\n", ["a.yaml": Sample.recipe],
            """
            r.yaml:2:17: error: there is no '+ MRE' in the rows below
                2 | rows: {remove: [+ MRE], apend: [x], replace: {Fusoin: {}}}
                  |                 ^~~~~
                  = expected one of: Fusion, + MER
                  = did you mean '+ MER'?

            r.yaml:2:25: error: unknown change 'apend' of rows
                2 | rows: {remove: [+ MRE], apend: [x], replace: {Fusoin: {}}}
                  |                         ^~~~~
                  = expected a list, or one of: remove, replace, prepend, append
                  = did you mean 'append'?

            r.yaml:2:47: error: there is no 'Fusoin' in the rows below
                2 | rows: {remove: [+ MRE], apend: [x], replace: {Fusoin: {}}}
                  |                                               ^~~~~~
                  = expected one of: Fusion, + MER
                  = did you mean 'Fusion'?
            """
        ),
        (
            "two defaults", Sample.recipe + "regularizers: [include: [m.yaml, n.yaml]]\n",
            ["m.yaml": "variables: {a: 1}\nregularizers: [dropout]\n", "n.yaml": "variables: {a: 2}\nregularizers: [noise: {sigma: 1}]\n"],
            """
            n.yaml:1:13: error: the variable 'a' has another value at m.yaml:1:13
                1 | variables: {a: 2}
                  |             ^
                  = expected a value for it under the recipe's own variables
            """
        ),
    ]

    @Test("longer chains than 16 files are refused")
    func depth() {
        var files: [String: String] = [:]
        for index in 1...20 { files["\(index).yaml"] = "extends: \(index + 1).yaml\n" }
        files["21.yaml"] = Sample.recipe
        let lines = Sample.messages("extends: 1.yaml\n", files: files).split(separator: "\n")
        #expect(lines.first == "16.yaml:1:10: error: files include each other more than 16 deep")
        #expect(lines.filter { $0.contains("= extended at") }.count == 16)
    }

    @Test("a fragment that is too large is refused unread")
    func size() {
        let files = ["big.yaml": String(repeating: "#", count: (1 << 20) + 1)]
        let messages = Sample.messages("extends: big.yaml\n", files: files)
        #expect(messages.hasPrefix("r.yaml:1:10: error: big.yaml has 1048577 bytes"))
    }

    @Test("files that include many others many times are refused in time")
    func fanOut() {
        var files = ["9.yaml": "- dropout\n"]
        for index in 0..<9 {
            let next = "\(index + 1).yaml"
            files["\(index).yaml"] = "- include: [\(Array(repeating: next, count: 12).joined(separator: ", "))]\n"
        }
        #expect(Sample.messages(Sample.recipe + "regularizers: [include: 0.yaml]\n", files: files).contains("the recipe includes too much"))
    }

    @Test("a recipe that cannot be read is a fault as well")
    func unreadable() {
        let error = #expect(throws: RecipeError.self) { try RecipeLoader.resolve(recipeAt: "absent.yaml", files: .sample([:])) }
        #expect(error?.description.hasPrefix("absent.yaml:1:1: error: cannot read absent.yaml: No such file or directory") == true)
    }
}
