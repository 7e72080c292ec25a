import Configuration
import Testing

@testable import Recipes

@Suite("Limits of what a recipe may ask for")
struct LimitTests {
    /// The heads of all messages about the sample with something behind it.
    private func heads(_ addition: String = "", set overrides: [String] = [], files: [String: String] = [:]) -> [Substring] {
        let messages = Sample.messages(Sample.recipe + addition, set: overrides, files: files)
        return messages.split(separator: "\n").filter { $0.contains("error: ") }.compactMap { $0.split(separator: "error: ").last }
    }

    @Test(
        "numbers at the ends of their types are answered, not computed with",
        arguments: [
            ("{between: [-1.0e+308, 1.0e+308]}", "between is too wide"),
            ("{between: [-9223372036854775808, 5]}", nil),
            ("{between: [-9223372036854775808, 9223372036854775807], step: 1}", "step cannot be '1'"),
            ("{between: [0, 1.0e+300], step: 1.0e-12}", "step cannot be '1e-12'"),
            ("{between: [0, 1], step: -9223372036854775808}", "step cannot be '-9223372036854775808'"),
            ("{between: [5.0e-324, 1.0e-320], scale: log}", nil),
            ("{between: [5.0e-324, 1.7e+308], scale: log}", nil),
        ] as [(String, String?)])
    func numbers(range: String, message: String?) {
        let search = "mer.weight: [0.1, 1]"
        let text = Sample.recipe(search, "search: random\n      budget: 3\n      mer.weight: \(range)")
        let found = Sample.messages(text).split(separator: "\n").first.map { String($0) }
        if let message {
            #expect(found?.contains(message.replacing("'", with: "")) == true || found?.contains(message) == true, "\(found ?? "nothing")")
        } else {
            #expect(found == nil || found?.contains("weight cannot be") == true, "\(found ?? "nothing")")
        }
    }

    @Test("a chain of variables")
    func chain() {
        let variables = (0..<4000).map { "  v\($0): \"${v\($0 + 1)}\"\n" }.joined()
        #expect(
            heads("name: ${v0}\nvariables:\n\(variables)  v4000: x\n") == ["more than 32 variables use each other one after another"])
    }

    @Test("variables that nest lists in lists")
    func nesting() {
        let variables = (0..<20).map { "  v\($0): [[[[[\"${v\($0 + 1)}\"]]]]]\n" }.joined()
        let heads = heads("expect: ${v0}\nvariables:\n\(variables)  v20: x\n")
        #expect(heads.contains("the variable 'v12' makes this nested deeper than 40 levels"), "\(heads)")
    }

    @Test("names of a path, wherever one stands")
    func paths() {
        let path = (0..<20_000).map { "a\($0)" }.joined(separator: ".")
        #expect(heads(set: ["\(path)=1"]) == ["a path has 20000 names"])
        #expect(heads("sweep:\n  ? \"\(path)\"\n  : [1, 2]\n") == ["a path has 20000 names"])
        #expect(heads("repeat:\n  ? \"\(path)\"\n  : [1, 2]\n") == ["a path has 20000 names"])
        let tuned = Sample.messages(Sample.recipe("mer.weight: [0.1, 1]", "? \"\(path)\"\n      : [0.1, 1]"))
        #expect(tuned.contains("a path has 20000 names"))
        #expect(heads("sweep: {x: [1]}\nvariants:\n  - where:\n      ? \"\(path)\"\n      : 1\n").contains("a path has 20000 names"))
    }

    @Test("settings and files that nest a recipe")
    func depth() {
        let path = Array(repeating: "a", count: 30).joined(separator: ".")
        let value = String(repeating: "[", count: 30) + String(repeating: "]", count: 30)
        #expect(heads(set: ["\(path)=\(value)"]) == ["with its settings the recipe is nested deeper than 40 levels"])
        var files: [String: String] = ["15.yaml": "a: 1\n"]
        for number in 0..<15 {
            files["\(number).yaml"] = String(repeating: "{a: ", count: 9) + "{include: \(number + 1).yaml}" + String(repeating: "}", count: 9)
        }
        #expect(
            heads("expect: {include: 0.yaml}\n", files: files)
                == ["with what it includes, the recipe is nested deeper than 40 levels"])
    }

    @Test("sweep and repeat together")
    func variants() {
        let numbers = "[" + (0..<1000).map(String.init).joined(separator: ", ") + "]"
        #expect(
            heads("sweep: {data.draw: \(numbers)}\nrepeat: {training.epochs: \(numbers)}\n")
                == ["sweep and repeat together make 1000000 recipes"])
    }

    @Test("the values of a recipe in all its variants")
    func values() {
        let numbers = "[" + (0..<5000).map(String.init).joined(separator: ", ") + "]"
        #expect(
            heads("sweep: {data.draw: \(numbers)}\n").first?.hasSuffix("in 5000 variants is too much to read") == true)
    }

    @Test("combinations that all rows try")
    func candidates() {
        let weights = "[" + (1...100).map(String.init).joined(separator: ", ") + "]"
        let rows = (0..<10).map { row in
            "  - {name: r\(row), regularizers: [mer, noise: {sigma: 0}], tune: {mer.weight: \(weights), noise.sigma: \(weights)}}\n"
        }
        let messages = Sample.messages(Sample.recipe + rows.joined())
        #expect(messages.contains("the rows of all variants try 100003 combinations or more"), "\(messages.prefix(300))")
    }

    @Test("what each row reads anew")
    func rows() {
        let terms = (0..<2000).map { "  - mer: {name: m\($0)}\n" }.joined()
        let rows = (0..<5000).map { "  - r\($0)\n" }.joined()
        let messages = Sample.messages(Sample.recipe + rows + "regularizers:\n" + terms)
        #expect(messages.contains("error: the regularizers and training of all rows are "), "\(messages.prefix(300))")
    }

    @Test("a list of as many terms as fit into a file is read")
    func terms() {
        let terms = (0..<30_000).map { "  - mer: {name: m\($0)}\n" }.joined()
        #expect(
            Sample.messages(
                "regularizers:\n" + terms
                    + Sample.recipe(
                        "  - name: + MER\n    regularizers:\n      - mer: {weight: 3, on: [gyroscope]}\n    tune:\n      mer.weight: [0.1, 1]\n", "")) == "")
    }

    @Test("trainings in all")
    func trainings() {
        let seeds = (0..<100_000).map(String.init).joined(separator: ", ")
        let messages = Sample.messages(Sample.recipe("seeds: [1, 2]", "seeds: [\(seeds)]") + "  - A\n  - B\n")
        #expect(messages.contains("error: the study has 1200006 trainings or more"), "\(messages.prefix(300))")
    }

    @Test("trials in all, no more than a run folder may list")
    func trials() {
        let seeds = (0..<20_000).map(String.init).joined(separator: ", ")
        let messages = Sample.messages(Sample.recipe("seeds: [1, 2]", "seeds: [\(seeds)]") + "  - A\n  - B\n")
        #expect(messages.contains("error: the study has 240000 trials or more"), "\(messages.prefix(300))")
    }

    @Test("files that include each other again and again, of which one message remains")
    func inclusion() {
        var files = ["9.yaml": "- mer\n"]
        for number in 0..<9 {
            files["\(number).yaml"] = Array(repeating: "- include: \(number + 1).yaml\n", count: 40).joined()
        }
        #expect(heads("regularizers: [include: 0.yaml]\n", files: files).first == "the recipe includes too much")
    }

    @Test("names, as they become those of folders")
    func names() {
        let long = String(repeating: "x", count: 5000)
        #expect(heads("name: \(long)\n") == ["the study's name has 5000 bytes"])
        let row = Sample.messages(Sample.recipe("name: + MER", "name: \(long)"))
        #expect(row.contains("error: the row's name has 5000 bytes"))
        #expect(heads("sweep: {data.domains: [\(long), groups]}\n").first == "the name of a variant, made of the swept paths and values, would have 5012 bytes")
    }

    @Test("messages, in number and in length")
    func messages() {
        let keys = (0..<5000).map { "k\($0): x\n" }.joined()
        let many = Sample.messages(Sample.recipe + keys)
        #expect(many.hasSuffix("… and 4900 more"))
        #expect(many.utf8.count < 100_000)
        let key = String(repeating: "k", count: 100_000)
        let long = Sample.messages(Sample.recipe + "\(key): 1\n\(key): 2\n", set: ["\(key)=1"])
        #expect(long.utf8.count < 10_000)
    }

    @Test("a hundred thousand values on one line, and nearly as many variables, are read")
    func long() throws {
        let list = "[" + (0..<100_000).map(String.init).joined(separator: ", ") + "]"
        let faults = FaultCollector()
        let node = try #require(YAMLParser.parse(Array("a: \(list)".utf8), file: "t.yaml", faults: faults))
        #expect(node["a"]?.items?.last?.location.column == 688_888)
        let variables = (0..<80_000).map { "  v\($0): 1\n" }.joined()
        #expect(Sample.messages("variables:\n\(variables)\n" + Sample.recipe("epochs: 20", "epochs: ${v79999}")) == "")
        let double = (0..<40_000).map { "  v\($0): 1\n  v\($0): 2\n" }.joined()
        #expect(Sample.messages("variables:\n\(double)\n" + Sample.recipe).hasSuffix("… and 39900 more"))
    }
}
