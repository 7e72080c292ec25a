import Configuration
import Testing

@testable import Recipes

@Suite("Variables")
struct VariableTests {
    @Test("put values of any kind in their place")
    func values() throws {
        let text = Sample.recipe("mer: {weight: 3, on: [gyroscope]}", "mer:\n          epsilon: ${rate}\n          on: ${sensors}")
        let row = try Sample.study(text + "variables: {rate: 0.5, sensors: [gyroscope]}\n").variants[0].recipe.rows[1]
        #expect(row.regularizers[0].choice.options == ["epsilon": .number(0.5)])
        #expect(row.regularizers[0].modalities == ["gyroscope"])
    }

    @Test("stand inside texts, and may use others")
    func texts() throws {
        let study = try Sample.study(
            Sample.recipe + "name: run-${kind}-${ number }\nvariables: {number: 7, kind: \"x${number}\"}\n")
        #expect(study.name == "run-x7-7")
    }

    @Test("are set by --set, and swept")
    func changed() throws {
        let text = Sample.recipe("epochs: 20", "epochs: ${length}") + "variables: {length: 5}\n"
        #expect(try Sample.study(text, set: ["variables.length=6"]).variants[0].recipe.training.epochs == 6)
        let swept = try Sample.study(text + "sweep: {variables.length: [1, 2]}\n")
        #expect(swept.variants.map(\.recipe.training.epochs) == [1, 2])
        let again = try Sample.study(swept.resolvedYAML)
        #expect(again.variants.map(\.recipe.training.epochs) == [1, 2])
    }

    @Test("are gone from the resolved recipe, but for those that are swept and what uses them")
    func resolved() throws {
        let text =
            Sample.recipe("epochs: 20", "epochs: ${length}").replacingFirst("batch: 64", "batch: ${batch}")
            + "variables: {length: \"${base}\", base: 5, batch: 32}\n"
        #expect(!(try Sample.study(text).resolvedYAML.contains("$")))
        #expect(!(try Sample.study(text).resolvedYAML.contains("variables")))
        let swept = try Sample.study(text + "sweep: {variables.base: [1, 2]}\n")
        #expect(swept.resolvedYAML.contains("batch: 32"))
        #expect(swept.resolvedYAML.hasSuffix("variables:\n  length: ${base}\n  base: 5\n"))
        #expect(swept.variants.map(\.recipe.training.epochs) == [1, 2])
    }

    @Test("a fault of a value is shown where the value stands")
    func place() {
        let text = "variables: {length: long}\n" + Sample.recipe("epochs: 20", "epochs: ${length}")
        #expect(
            Sample.messages(text) == """
                r.yaml:1:21: error: epochs cannot be 'long'
                    1 | variables: {length: long}
                      |                     ^~~~
                      = expected a whole number from 1 to 1000000
                """)
    }

    @Test("faults", arguments: faultCases)
    func faults(_ sample: (epochs: String, variables: String, message: String)) {
        let text = Sample.recipe("epochs: 20", "epochs: \(sample.epochs)") + "variables: \(sample.variables)\n"
        #expect(Sample.messages(text) == sample.message)
    }

    static let faultCases: [(epochs: String, variables: String, message: String)] = [
        (
            "${lenght}", "{length: 5}",
            """
            r.yaml:9:11: error: unknown variable 'lenght'
                9 |   epochs: ${lenght}
                  |           ^~~~~~~~~
                  = expected one of: length
                  = did you mean 'length'?
            """
        ),
        (
            "\"${length\"", "{length: 5}",
            """
            r.yaml:9:12: error: '${' without a '}'
                9 |   epochs: "${length"
                  |            ^~
                  = expected ${name}
            """
        ),
        (
            "7", "{a: \"${b}\", b: \"${a}\", use: 1}",
            ""
        ),
        (
            "7", "3",
            """
            r.yaml:21:12: error: variables cannot be '3'
               21 | variables: 3
                  |            ^
                  = expected a section with keys and values
            """
        ),
    ]

    @Test("that are made of themselves are refused where they are used")
    func circle() {
        let messages = Sample.messages(Sample.recipe + "name: ${a}\nvariables: {a: \"x${b}\", b: \"${a}\"}\n")
        #expect(
            messages == """
                r.yaml:22:29: error: the variable 'a' refers to itself: a → b → a
                   22 | variables: {a: "x${b}", b: "${a}"}
                      |                             ^~~~
                """)
    }

    @Test("a list inside a text is refused")
    func listInText() {
        #expect(
            Sample.messages(Sample.recipe + "name: x-${a}\nvariables: {a: [1, 2]}\n") == """
                r.yaml:21:9: error: the variable 'a' is '[1, 2]', and is used inside a text
                   21 | name: x-${a}
                      |         ^~~~
                      = expected a variable with a single value
                """)
    }

    @Test("a setting of a variable that there is not is refused")
    func unknownSetting() {
        #expect(
            Sample.messages(Sample.recipe + "variables: {lambda: 1}\n", set: ["variables.lamda=2"]) == """
                --set variables.lamda=2: error: unknown variable 'lamda'
                --set | variables.lamda=2
                      |           ^~~~~
                      = expected one of: lambda
                      = did you mean 'lambda'?
                """)
    }

    @Test("a sweep of a variable that there is not is refused")
    func unknownSweep() {
        #expect(
            Sample.messages(Sample.recipe + "variables: {lambda: 1}\nsweep: {variables.lamda: [2]}\n") == """
                r.yaml:22:19: error: unknown variable 'lamda'
                   22 | sweep: {variables.lamda: [2]}
                      |                   ^~~~~
                      = expected one of: lambda
                      = did you mean 'lambda'?
                """)
    }

    @Test("that would make a recipe huge are refused in time")
    func explosion() {
        let names = (1...30).map { "v\($0): \"${v\($0 - 1)}${v\($0 - 1)}\"" }.joined(separator: ", ")
        let messages = Sample.messages(Sample.recipe + "name: ${v30}\nvariables: {v0: aaaaaaaa, \(names)}\n")
        #expect(messages.contains("error: variables make the recipe too large"))
    }
}
