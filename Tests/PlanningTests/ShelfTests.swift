import Configuration
import Foundation
import Recipes
import Results
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("The shelf of methods") struct ShelfTests {
    /// The rows of recipes/shelf.yaml on a small world with so many modalities.
    private func text(modalities: Int) throws -> String {
        let shelf = try PaperRecipes.text("shelf.yaml")
        let rows = try #require(shelf.range(of: "\nrows:\n"))
        // The encoders here have no convolutions, which one method changes unless told otherwise, and no feature maps.
        var list = String(shelf[rows.lowerBound...]).replacing("- gradient-modulation\n", with: "- gradient-modulation: {layers: all}\n")
        for term in [
            "  - name: MixStyle\n    regularizers:\n      - mix-style\n", "  - name: DSU\n    regularizers:\n      - dsu\n",
            "      - dsu: {points: [layer2, layer3]}\n",
        ] {
            try #require(list.contains(term))
            list = list.replacing(term, with: "")
        }
        return """
            data: {use: co-occurrence, classes: 4, samples: 64, modalities: \(modalities), invariant: 1.5, standardize: scale}
            model: {encoder: {use: vector-mlp, hidden: [16], embedding: 8}, fusion: {use: late, hidden: 16, dropout: 0}}
            evaluation: {validation: 0.25, domains: [d1]}
            training: {epochs: 10, batch: 16, batching: balanced, optimizer: {use: adam, learning-rate: 0.01}}
            seeds: [1]
            variables:
              {heads: [16], projection-width: 8, translation-width: 16, bottleneck-width: 16, jigsaw-width: 16, jigsaw-orders: 6,
               adversary-width: 8, average-after: 8, decay: 0.8}

            """ + list
    }

    @Test("every row learns more than chance from three and from four modalities", arguments: [3, 4]) func learns(modalities: Int) throws {
        let study = try Sample.planned(try text(modalities: modalities), file: PaperRecipes.path("small.yaml"))
        #expect(study.cells.count > 40)
        let dataset = try #require(study.datasets.values.first)
        for cell in study.cells {
            let plan = cell.candidates[0].plan
            let trial = try Trial(plan, key: cell.key(seed: plan.seed), dataset: dataset, components: Sample.components())
            let result = try trial.run(measuringTarget: false).result
            #expect(result.status == .finished, "\(cell.row)")
            // A quarter is chance.
            #expect(try #require(result.sourceValidationScore) > 0.4, "\(cell.row)")
        }
    }

    @Test("the methods of MMDG-Bench are searched as there: eleven candidates, one seed each; ERM is not") func benchmark() throws {
        let name = "mmdg-bench/methods.yaml"
        let study = try Sample.planned(try PaperRecipes.text(name), file: PaperRecipes.path(name))
        let candidates = Dictionary(study.cells.map { ($0.row, $0.candidates.count) }) { first, _ in first }
        #expect(candidates.count == 9 && candidates["ERM"] == 1)
        #expect(candidates.filter { $0.key != "ERM" }.values.allSatisfy { $0 == 11 })
    }

    @Test("every term says its formula, its source, its cost, and where it is searched or why that is not known") func described() throws {
        for term in try Sample.components().regularizers.descriptions
        where ![Breaking.description.name, Probe.description.name].contains(term.name) {
            #expect(term.formula != nil && term.source != nil && term.cost != nil, "\(term.name)")
            #expect(term.search.isEmpty == (term.unsearched != nil), "\(term.name)")
        }
    }

    @Test("every fusion says its formula, its source and its cost") func fusions() throws {
        for fusion in try Sample.components().fusions.descriptions {
            #expect(fusion.formula != nil && fusion.source != nil && fusion.cost != nil, "\(fusion.name)")
        }
    }

    @Test("every fragment of a method says its source and what is adapted, and is planned as a row") func fragments() throws {
        let folder = PaperRecipes.root.appendingPathComponent("recipes/methods")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(names.count > 12)
        for name in names where name != "fusion.yaml" {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            let header = text.split(separator: "\n").prefix { $0.hasPrefix("#") }.joined(separator: " ")
            #expect(header.contains("Source: ") && header.contains("Adapted: "), "\(name)")
            let recipe = """
                data: {use: watch}
                model: {encoder: {use: series-resnet, width: 4, embedding: 8, blocks: [1, 1, 1]}, fusion: {use: late, hidden: 16}}
                evaluation: {validation: 0.2, domains: [people-1-3]}
                training: {epochs: 1, batch: 16}
                seeds: [1]
                variables: {heads: [16], projection-width: 8, translation-width: 16, bottleneck-width: 16, jigsaw-width: 16, adversary-width: 8}
                rows:
                  - {name: Method, regularizers: [{include: methods/\(name)}]}
                """
            #expect(try Sample.planned(recipe, file: PaperRecipes.path("own.yaml")).cells.count == 1, "\(name)")
        }
    }

    @Test(
        "what a released program does not do right is a form by name",
        arguments: [
            ("gmp", "discriminator-learns: false", "domain-adversarial", "learns", OptionValue.bool(false)),
            ("mbcd", "embedding-norm: untrained", "averaged-distillation", "norm", .string("untrained")),
            ("nel", "contrast-labels: displaced", "supervised-contrastive", "labels", .string("displaced")),
        ])
    func releasedForms(method: String, form: String, term: String, option: String, released: OptionValue) throws {
        func planned(_ variables: String) throws -> OptionValue? {
            let recipe = """
                data: {use: watch}
                model: {encoder: {use: series-resnet, width: 4, embedding: 8}, fusion: {use: late, hidden: 16}}
                evaluation: {validation: 0.2, domains: [people-1-3]}
                training: {epochs: 1, batch: 16}
                seeds: [1]
                variables: {\(variables)}
                rows:
                  - {name: Method, regularizers: [{include: methods/\(method).yaml}]}
                """
            let cell = try #require(try Sample.planned(recipe, file: PaperRecipes.path("own.yaml")).cells.first)
            return cell.candidates[0].plan.regularizers.first { $0.instance == term }?.options[option]
        }
        #expect(try planned(form) == released)
        let own = try planned("")
        #expect(own != nil && own != released)
    }

    @Test("all combinations of four terms are rows of one recipe") func combinations() throws {
        let study = try Sample.planned(try PaperRecipes.text("combinations.yaml"), file: PaperRecipes.path("combinations.yaml"))
        let terms = Set(study.cells.map { Set($0.candidates[0].plan.regularizers.map(\.instance)) })
        #expect(terms.count == 16)
    }
}
