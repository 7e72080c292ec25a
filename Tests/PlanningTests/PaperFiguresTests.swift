import Configuration
import Datasets
import Foundation
import Recipes
import TestSupport
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

/// The recipes of MER-DG's tables on EPIC-Kitchens and HAC, read without the data.
enum PaperRecipes {
    static let root = Repository.root

    /// `epic-kitchens/table3.yaml` and the others, without what they extend.
    static let names: [String] = ["epic-kitchens", "hac"].flatMap { folder in
        let files = (try? FileManager.default.contentsOfDirectory(atPath: root.path + "/recipes/" + folder)) ?? []
        return files.filter { $0.hasPrefix("table") }.sorted().map { "\(folder)/\($0)" }
    }

    static func path(_ name: String) -> String { "\(root.path)/recipes/\(name)" }

    static func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    /// What the data sets would say of themselves.
    static func facts(of dataset: String) -> DatasetFacts {
        let isEpic = dataset == "epic-kitchens"
        return DatasetFacts(
            modalities: [
                .init(name: "video", sampleShape: [32, 224, 224, 3]), .init(name: "audio", sampleShape: [257, 1004, 1]),
                .init(name: "flow", sampleShape: [8, 224, 224, 2]),
            ],
            domains: isEpic ? ["D1", "D2", "D3"] : ["human", "animal", "cartoon"], classes: (0..<(isEpic ? 8 : 7)).map { "class-\($0)" },
            samplesPerDomain: [1000, 1000, 1000])
    }

    static func study(_ name: String, overrides: [String] = []) throws -> Study {
        let components = try Sample.components()
        return try RecipeLoader.load(
            file: path(name), text: text(name), overrides: ["data.root=/data"] + overrides, catalogue: components.catalogue)
    }
}

@Suite("The recipes of the paper's tables")
struct PaperFiguresTests {
    /// A figure by its place in the paper.
    private struct Figure: Hashable {
        var table = ""
        var dataset = ""
        var modalities = ""
        var fusion = ""
        var row = ""
        var column = ""
        var percent = 0.0
    }

    /// `D2,D3->D1` as the report's column of a multi-source table, `D2->D1` as that of a single-source one.
    private func column(_ split: String) -> String {
        let names = ["H": "human", "A": "animal", "C": "cartoon"]
        let sides = split.components(separatedBy: "->")
        guard sides.count == 2 else { return split }
        let target = names[sides[1]] ?? sides[1]
        return sides[0].contains(",") ? target : "\(names[sides[0]] ?? sides[0]) → \(target)"
    }

    private func printed() throws -> [Figure] {
        let path = PaperRecipes.root.path + "/Tests/Fixtures/paper/tables.csv"
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            // Only the split may stand in quotes.
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            var fields = parts[0].split(separator: ",", omittingEmptySubsequences: true).map(String.init)
            if parts.count == 3 { fields += [String(parts[1]), String(parts[2].dropFirst())] }
            try #require(fields.count == 7)
            return Figure(
                table: fields[0], dataset: fields[1] == "EPIC" ? "epic-kitchens" : "hac", modalities: fields[2], fusion: fields[3],
                row: fields[4], column: column(fields[5]), percent: try #require(Double(fields[6])))
        }
    }

    private func expected() throws -> [Figure] {
        try PaperRecipes.names.flatMap { name in
            try PaperRecipes.study(name).variants.flatMap { variant in
                let recipe = variant.recipe
                let figures = recipe.rows.flatMap { row in row.expected.map { (row.name, $0.key, $0.value) } }
                let table = recipe.expectationSource?.split(separator: " ").last.map(String.init) ?? ""
                return figures.map { row, column, percent in
                    Figure(
                        table: table, dataset: recipe.data.source.component,
                        modalities: recipe.model.modalities(of: PaperRecipes.facts(of: recipe.data.source.component)).joined(separator: "+"),
                        fusion: recipe.model.fusion.component, row: row, column: column, percent: percent)
                }
            }
        }
    }

    @Test("every printed figure of Tables 3, 4, 6, 8, 9, 10, 12 and 13 is expected exactly once, and nothing else is")
    func figures() throws {
        let printed = try printed()
        let tables = Set(printed.map(\.table))
        // Other tables, of measurements, are not in the list of printed scores.
        let expected = try expected().filter { tables.contains($0.table) }
        #expect(printed.count == 730)
        #expect(Set(printed).count == printed.count && Set(expected).count == expected.count)
        #expect(Set(printed).subtracting(expected) == [])
        #expect(Set(expected).subtracting(printed) == [])
    }

    @Test("what is trained is what the paper's appendix says", arguments: PaperRecipes.names)
    func settings(_ name: String) throws {
        for variant in try PaperRecipes.study(name).variants {
            let recipe = variant.recipe
            #expect(recipe.training.epochs == 25 && recipe.training.batch == 48 && recipe.training.learningRate == 1e-4)
            #expect(recipe.training.optimizer.component == "adam" && recipe.seeds.count == 3)
            #expect(recipe.evaluation.selection.component == "source-validation")
            for modality in recipe.model.modalities(of: PaperRecipes.facts(of: recipe.data.source.component)) {
                let options = recipe.model.encoder(for: modality)?.options
                #expect(options?["train"] == .string("last-stage") && options?["batch-norm"] == .string("evaluation"))
            }
            // Only CMRF knows of single modalities.
            let hasSound = recipe.model.modalities(of: PaperRecipes.facts(of: recipe.data.source.component)).contains("audio")
            for term in recipe.rows.flatMap(\.regularizers).flatMap(\.regularizers) where term.choice.component == "unimodal-loss" {
                #expect(term.choice.options["factors"] == .list(hasSound ? [.string("audio=0.5")] : []))
            }
        }
    }

    @Test("without the data's folder the message says what is missing and where it is given")
    func withoutRoot() throws {
        let components = try Sample.components()
        let name = "epic-kitchens/table13.yaml"
        let error = #expect(throws: RecipeError.self) {
            try RecipeLoader.load(
                file: PaperRecipes.path(name), text: PaperRecipes.text(name),
                catalogue: components.catalogue)
        }
        let message = "\(try #require(error))"
        #expect(message.contains("epic-kitchens/base.yaml:9:8: error: data set epic-kitchens lacks the required key 'root'"))
        #expect(message.contains("expected a path: the folder with MM-SADA_Domain_Adaptation_Splits, rgb and flow"))
        #expect(error?.diagnostics.count == 1)
    }
}
