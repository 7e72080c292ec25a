import Configuration
import Datasets
import Recipes
import Results
import TestSupport
import Testing
import Weights

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("Protocols without domains")
struct ProtocolTests {
    private let text = """
        \(Sample.recipeHead)
        evaluation: {protocol: k-fold, folds: 4}
        training: {epochs: 1, batch: 8}
        seeds: [1]
        rows: [Fusion]

        """

    @Test("k-fold: each fold is held out once, and all others are trained on")
    func folds() throws {
        let planned = try Sample.planned(text)
        #expect(planned.cells.map(\.target) == ["fold-1", "fold-2", "fold-3", "fold-4"])
        #expect(planned.cells.map(\.candidates[0].plan.sources)[1] == [0, 2, 3])
        #expect(planned.settings.variants[0].heldOut == .fold)
        #expect(planned.settings.variants[0].protocolText.hasPrefix("k-fold: 4 folds of whole groups (draw 0)"))
        #expect(planned.datasets.values.map { $0.facts.domains } == [["fold-1", "fold-2", "fold-3", "fold-4"]])
    }

    @Test("iid: one column, trained on everything but the test samples")
    func iid() throws {
        let planned = try Sample.planned(text.replacing("{protocol: k-fold, folds: 4}", with: "{protocol: iid, test: 0.25}"))
        #expect(planned.settings.variants[0].heldOut == .test)
        #expect(planned.cells.map(\.target) == ["test"] && planned.cells[0].candidates[0].plan.sources == [0])
        #expect(planned.datasets.values.map { $0.facts.samplesPerDomain } == [[108, 36]])
    }

    @Test("iid: where the data set prescribes test samples those are held out, the protocol says so, and keys that would draw others are refused")
    func prescribedTest() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("parts.safetensors").path
        var writer = SafetensorsWriter()
        writer.add("x", (0..<36).map { Float($0) / 36 }, shape: [12, 3])
        writer.add("y", (0..<12).map { $0 % 2 }, shape: [12])
        writer.add("parts", (0..<12).map { $0 < 8 ? 0 : 2 }, shape: [12])
        try writer.write(to: path)
        func recipe(_ evaluation: String) -> String {
            """
            data: {use: arrays, path: "\(path)", modalities: [x], labels: y, domains: null, split: parts}
            model: {encoder: {use: vector-mlp, hidden: [4], embedding: 4}, fusion: {use: late, hidden: 4}}
            evaluation: \(evaluation)
            training: {epochs: 1, batch: 4}
            seeds: [1]
            rows: [Fusion]

            """
        }
        let planned = try Sample.planned(recipe("{protocol: iid}"))
        #expect(planned.datasets.values.map { $0.facts.samplesPerDomain } == [[8, 4]])
        #expect(
            planned.settings.variants[0].protocolText
                == "iid: the data set's own test samples are held out; 20% of the other samples are validation")
        for (key, column) in [("test: 0.5", 35), ("draw: 1", 35)] {
            let error = #expect(throws: RecipeError.self) { try Sample.planned(recipe("{protocol: iid, \(key)}")) }
            let text = error?.description ?? ""
            #expect(text.contains("3:\(column)") && text.contains("the data set itself says which samples are for the test"), "\(text)")
        }
        // Folds are of all samples, whatever is prescribed.
        #expect(try Sample.planned(recipe("{protocol: k-fold, folds: 2}")).cells.count == 2)
        let drawn = try Sample.planned(recipe("{protocol: iid, test: 0.25}").replacing(", split: parts", with: ""))
        #expect(drawn.settings.variants[0].protocolText.hasPrefix("iid: 25% of the samples, in whole groups, are held out (draw 0)"))
    }

    @Test("the division is part of what a trial is, and over domains a plan is what it was before there were others")
    func hashes() throws {
        let plans = try ["k-fold, folds: 4", "k-fold, folds: 4, draw: 1"].map { options in
            try Sample.planned(text.replacing("k-fold, folds: 4", with: options)).cells[0].candidates[0].plan
        }
        #expect(plans[0].hash != plans[1].hash)
        let domains = try Sample.planned(text.replacing("{protocol: k-fold, folds: 4}", with: "{validation: 0.2}"))
        #expect(domains.cells[0].candidates[0].plan.data.options[SampleDivision.option] == nil)
    }

    @Test("under iid there is no source domain to leave out, and another rule chooses")
    func fallback() throws {
        let planned = try Sample.planned(text.replacing("{protocol: k-fold, folds: 4}", with: "{protocol: iid, selection: leave-one-source-out}"))
        #expect(
            planned.settings.notices == [
                "the epoch: leave-one-source-out falls back to source-validation, because with one source domain there is none to leave out"
            ])
    }

    @Test("classes that training does not know are part of the data of every plan, and the settings say so")
    func unknownClasses() throws {
        let names = try Sample.planned(text).datasets.values.first?.facts.classes ?? []
        let planned = try Sample.planned(text.replacing("{protocol: k-fold, folds: 4}", with: "{unknown-classes: [\(names[1])]}"))
        let plan = planned.cells[0].candidates[0].plan
        #expect(plan.data.options[UnknownClasses.option] == .list([.string(names[1])]))
        #expect(planned.settings.variants[0].lines.contains("classes that training does not know: \(names[1])"))
        #expect(planned.settings.variants[0].samples?.classes == names.filter { $0 != names[1] })
        let known = try #require(planned.datasets.values.first)
        #expect(planned.settings.variants[0].samples?.counts.joined().reduce(0, +) == known.count - known.rowsOfUnknownClasses.count)
    }

    @Test(
        "keys of another protocol, and folds that leave nothing, are refused at their place",
        arguments: [
            ("{protocol: multi-source, folds: 3}", "5:38: error: 'folds' belongs to another protocol than multi-source"),
            ("{protocol: k-fold, test: 0.5}", "5:32: error: 'test' belongs to another protocol than k-fold"),
            ("{unknown-classes: [clas-1]}", "5:31: error: the data have no class 'clas-1'"),
            ("{protocol: k-fold, folds: 144}", "in the source domains (fold-2, fold-3, fold-4, fold-5, fold-6, … 143 in all)"),
            ("{protocol: k-fold, folds: 500}", "5:24: error: nothing is left for the part 'fold-145'"),
        ])
    func faults(evaluation: String, message: String) {
        let error = #expect(throws: RecipeError.self) { try Sample.planned(text.replacing("{protocol: k-fold, folds: 4}", with: evaluation)) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}
