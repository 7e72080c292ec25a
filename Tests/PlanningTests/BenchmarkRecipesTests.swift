import Configuration
import Foundation
import Recipes
import Results
import Studies
import TestSupport
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("The recipes of MMDG-Bench")
struct BenchmarkRecipesTests {
    private static let folder = ShippedRecipesTests.folder.appendingPathComponent("mmdg-bench")
    private static let domains = [
        "epic-kitchens": ["D1", "D2", "D3"], "hac": ["human", "animal", "cartoon"], "hust-motor": ["5-hz", "10-hz", "20-hz", "30-hz"],
        "sentiment": ["mosei", "mosi", "sims"],
    ]

    private func study(_ name: String, _ overrides: [String] = ["data.root=/data"]) throws -> Study {
        let file = Self.folder.appendingPathComponent("\(name).yaml")
        return try RecipeLoader.load(
            file: file.path, text: String(contentsOf: file, encoding: .utf8), overrides: overrides, catalogue: Sample.components().catalogue)
    }

    @Test("together they have the benchmark's 95 tasks, each once")
    func tasks() throws {
        var tasks: Set<String> = []
        for (data, domains) in Self.domains {
            for setting in ["", "-single-source"] {
                for variant in try study(data + setting).variants {
                    let settings = variant.settings.map { "\($0.value)" }.joined()
                    for column in variant.recipe.evaluation.columns(among: domains) {
                        #expect(tasks.insert("\(data)\(setting) \(settings) \(column)").inserted)
                    }
                }
            }
        }
        #expect(tasks.count == 95)
    }

    @Test("what is trained on the target is a study of its own, with a column for each domain", arguments: domains.keys.sorted())
    func trainedOnTarget(data: String) throws {
        for variant in try study("\(data)-trained-on-target").variants {
            let columns = variant.recipe.evaluation.columns(among: try #require(Self.domains[data]))
            #expect(columns == Self.domains[data]?.map { "\($0) → \($0)" })
            #expect(variant.recipe.rows.map(\.name) == ["ERM"])
        }
    }

    /// Plans the recipe with other sizes and trains its first cell.
    private func train(_ name: String, _ overrides: [String]) throws -> (planned: PlannedStudy, result: TrialResult) {
        let components = try Sample.components()
        let planned = try PlannedStudy(study(name, overrides), components: PlannedComponents(components), threads: 1)
        let cell = planned.cells[0]
        let folder = try TemporaryFolder()
        let results = try StudyRun(
            cells: [
                Cell(
                    row: cell.row, target: cell.target, variant: cell.variant, repetition: cell.repetition, candidates: cell.candidates, seeds: [8],
                    tuning: TuningRule(seeds: [8]), score: cell.score)
            ], folder: folder.run, components: components, pool: WorkerPool(workers: 1, threadsPerWorker: 1), datasets: planned.datasets
        ).run()
        return (planned, try #require(results.first))
    }

    @Test("motor faults are trained from text files, in steps", arguments: ["hust-motor", "hust-motor-single-source", "hust-motor-trained-on-target"])
    func motor(name: String) throws {
        let folder = try TemporaryFolder()
        try MotorFiles.write(to: folder.path, steps: 400)
        let (planned, result) = try train(
            name,
            [
                "data.root=\(folder.path)", "data.window=64", "data.counts=[6, 2, 2]", "training.steps=4", "training.check-every=2", "training.batch=16",
                "seeds=[8]",
            ])
        #expect(planned.cells.count == ["hust-motor": 4, "hust-motor-single-source": 12, "hust-motor-trained-on-target": 4][name])
        #expect(result.status == .finished && result.epochs.count == 2 && result.targetScore != nil)
    }

    @Test("sentiment is trained from pickles", arguments: ["sentiment", "sentiment-single-source", "sentiment-trained-on-target"])
    func sentiment(name: String) throws {
        let fixtures = Repository.url("Tests/Fixtures/sentiment").path
        let (planned, result) = try train(
            name, ["data.root=\(fixtures)", "training.epochs=1", "training.batch=8", "model.encoder.layers=1", "seeds=[8]"])
        #expect(planned.cells.count == ["sentiment": 2, "sentiment-single-source": 5, "sentiment-trained-on-target": 3][name])
        #expect(result.status == .finished && result.score.name == "two-class-accuracy-zero-negative")
    }
}
