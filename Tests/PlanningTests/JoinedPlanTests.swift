import Configuration
import Datasets
import Recipes
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("Several data sets as the domains of a study")
struct JoinedPlanTests {
    private static let domains = """
          domains:
            - {name: near, use: co-occurrence, classes: 4, samples: 24}
            - {name: far, use: co-occurrence, classes: 4, samples: 24, cue: 0}
            - co-occurrence: {classes: 4, samples: 24, draw: 1}
        """

    private static func text(_ domains: String = domains) -> String {
        """
        data:
          use: joined
        \(domains)
          standardize: scale
        model: {encoder: {use: vector-mlp, hidden: [16], embedding: 8}, fusion: {use: late, hidden: 16}}
        training: {epochs: 1, batch: 8}
        seeds: [1]
        rows:
          - Fusion

        """
    }

    private func messages(_ domains: String) throws -> String { try Sample.messages(Self.text(domains)) }

    @Test("each has a column under its name, and is trained on with the others")
    func columns() throws {
        let planned = try Sample.planned(Self.text())
        #expect(planned.cells.map(\.target) == ["near", "far", "co-occurrence"])
        let plan = planned.cells[0].candidates[0].plan
        #expect(plan.sources == [1, 2] && plan.standardization == .scale)
        let dataset = try #require(planned.datasets[plan.data])
        let result = try Trial(plan, key: planned.cells[0].key(seed: 1), dataset: dataset, components: Sample.components()).run().result
        #expect(result.status == .finished && result.targetScore != nil)
    }

    @Test("a setting changes one by its name, and another option of one is another training")
    func settings() throws {
        func hash(_ overrides: [String]) throws -> String { try Sample.planned(Self.text(), overrides: overrides).cells[0].candidates[0].plan.hash }
        #expect(try hash([]) == hash([]))
        #expect(try hash([]) != hash(["data.domains.far.cue=1"]))
        #expect(try hash(["data.domains.far.cue=0"]) == hash([]))
    }

    @Test("what is wrong with one is said where it stands")
    func faults() throws {
        #expect(
            try messages("  domains: [{name: a, use: co-occurrence, sampels: 24}, {name: b, use: co-occurrence}]")
                .contains("r.yaml:3:43: error: unknown key 'sampels' in data set co-occurrence"))
        #expect(try messages("  domains: [{name: a, use: co-ocurrence}, watch]").contains("r.yaml:3:28: error: unknown data set 'co-ocurrence'"))
        #expect(
            try messages("  domains:\n    - watch\n    - watch").contains("r.yaml:5:7: error: two of domains are called 'watch'; the first is at r.yaml:4:7"))
        #expect(try messages("  domains: watch").contains("r.yaml:3:12: error: domains cannot be 'watch'"))
        #expect(try messages("  domains: []").contains("r.yaml:3:12: error: domains cannot be an empty list"))
        #expect(try messages("  classes: equal").contains("error: data set joined lacks the required key 'domains'"))
        #expect(try messages("  domains: [watch]").contains("r.yaml:3:12: error: option domains: found 1 data sets"))
    }

    @Test("what does not fit the others is said at the data set, with the names of both")
    func misfits() throws {
        let message = try messages("  domains:\n    - watch\n    - {name: spoken, use: digits}")
        #expect(message.contains("r.yaml:5:27: error: 'spoken' has the modalities"))
        #expect(message.contains("but 'watch' has accelerometer, gyroscope"))
        let missing = try messages("  domains:\n    - watch\n    - {name: own, use: arrays, path: none.npz, modalities: [accelerometer, gyroscope]}")
        #expect(missing.contains("r.yaml:5:") && missing.contains("error: 'own': "))
    }

    @Test("the resolved recipe reads as the same study, also where a name looks like a number")
    func resolved() throws {
        let text = Self.text(
            "  domains:\n    - {name: 01, use: co-occurrence, classes: 4, samples: 24}\n    - {name: 1e3, use: co-occurrence, classes: 4, samples: 24, cue: 0}")
        let catalogue = try Sample.components().catalogue
        let study = try RecipeLoader.load(file: "r.yaml", text: text, catalogue: catalogue)
        let again = try RecipeLoader.load(file: "elsewhere/s.yaml", text: study.resolvedYAML, catalogue: catalogue)
        let (first, second) = (study.variants[0].recipe.data.source, again.variants[0].recipe.data.source)
        #expect(first.options == second.options)
        #expect(first.options["domains"]?.components.map(\.name) == ["01", "1e3"])
    }

    @Test("the code of a plug-in among them belongs to the plan")
    func foreignCode() throws {
        let plans = try ["", "abc"].map { code in
            try Sample.planned(Self.text(), foreignCode: code.isEmpty ? [:] : ["co-occurrence": code]).cells[0].candidates[0].plan
        }
        #expect(plans[0].foreignCode == [] && plans[1].foreignCode == ["abc"] && plans[1].foreignStemCode == ["abc"])
    }

    @Test("options that change no bit are left out of the plan's name wherever they stand")
    func indifferent() {
        func plan(_ workers: Int) -> TrialPlan {
            let part = NamedComponent("clips", name: "a", options: ["workers": .integer(workers), "manifest": .string("/a.csv")])
            var plan = Sample.plan()
            plan.data = ComponentPlan("joined", options: ["domains": .list([part.value])])
            plan.indifferentOptions = ["workers"]
            return plan
        }
        #expect(plan(1).hash == plan(2).hash)
    }
}
