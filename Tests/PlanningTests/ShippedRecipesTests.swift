import Foundation
import Results
import Studies
import Tensors
import TestSupport
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("The recipes that come with the program")
struct ShippedRecipesTests {
    static let folder = Repository.url("recipes")

    static var recipes: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".yaml") }.sorted()
    }

    @Test("there are recipes")
    func any() {
        #expect(Self.recipes.contains("table13.yaml") && Self.recipes.contains("quickstart.yaml"))
    }

    @Test("every row of each is read, checked and trained with finite figures", arguments: recipes)
    func trains(_ name: String) throws {
        let file = Self.folder.appendingPathComponent(name)
        let planned = try Sample.planned(String(contentsOf: file, encoding: .utf8), file: file.path, overrides: ["training.epochs=1", "seeds=[1]"])
        #expect(!planned.cells.isEmpty)
        var seen: Set<String> = []
        // One cell of every row, untuned.
        let cells = planned.cells.filter { seen.insert($0.row).inserted }.map { cell in
            Cell(
                row: cell.row, target: cell.target, variant: cell.variant, repetition: cell.repetition,
                candidates: [cell.candidates[0]], seeds: [1], tuning: TuningRule(seeds: [1]))
        }
        #expect(Set(cells.map(\.row)) == Set(planned.settings.rows))
        let folder = try TemporaryFolder()
        let results = try StudyRun(
            cells: StudyCells(cells), folder: folder.run, components: Sample.components(), pool: WorkerPool(workers: 2, threadsPerWorker: 1),
            datasets: planned.datasets
        ).run()
        for result in results {
            #expect(result.status == .finished)
            let epoch = try #require(result.epochs.first)
            #expect(epoch.trainingLoss.isFinite && epoch.terms.values.allSatisfy(\.isFinite))
            #expect(epoch.sourceValidationLoss?.isFinite == true && result.targetScore != nil)
        }
    }

    @Test("on watch a short training is far above chance on people it has not seen")
    func aboveChance() throws {
        let text = try String(contentsOf: Self.folder.appendingPathComponent("quickstart.yaml"), encoding: .utf8)
        let planned = try Sample.planned(text, overrides: ["training.epochs=2"])
        let cell = try #require(planned.cells.first { $0.row == "Fusion" })
        let plan = cell.candidates[0].plan
        let data = try #require(planned.datasets[plan.data])
        Threads.use(1)
        let trial = try Trial(plan, key: cell.key(seed: 1), dataset: data, components: Sample.components())
        let accuracy = try #require(try trial.run().result.targetScore)
        #expect(accuracy > 3.0 / 7, "chance is 1 in 7")
    }
}
