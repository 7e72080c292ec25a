import Foundation
import Recipes
import Results
import Studies
import TestSupport
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("About what a run takes")
struct StudyEstimateTests {
    private let text = """
        \(Sample.recipeHead)
        training: {epochs: 3, batch: 8}
        seeds: [1, 2]
        rows:
          - Fusion
          - name: + MER
            regularizers: [mer]
            tune: {mer.weight: [1, 3]}

        """

    private func estimate(_ overrides: [String] = [], workers: Int = 1, in folder: RunFolder) throws -> StudyEstimate {
        let planned = try Sample.planned(text, overrides: overrides)
        let calibration = StudyCalibration(
            planned, components: try Sample.components(), pool: WorkerPool(workers: workers, threadsPerWorker: 1))
        return try calibration.estimate(without: FolderState(of: planned.cells, in: folder).finished, seconds: 0)
    }

    @Test("costs add up over steps and evaluated samples of all epochs, spread over the workers")
    func time() throws {
        let planned = try Sample.planned(text)
        let data = try #require(planned.datasets.values.first)
        var costs: [TrialKind: TrialCost] = [:]
        for cell in planned.cells {
            var cost = TrialCost()
            cost.step = 1
            cost.evaluation = 100
            cost.setup = 1000
            costs[TrialKind(cell.candidates[0].plan, facts: data.facts)] = cost
        }
        let work = try StudyWork(planned, costs: costs)
        let split = try planned.cells[0].candidates[0].plan.makeSplit(of: data)
        let batches = try planned.cells[0].candidates[0].plan.makeSampler(of: data, rows: split.training).batchesPerEpoch
        let training = Double(1000 + 3 * batches + 300 * split.validation.count)
        let trial = training + Double(300 * split.target.count) + 6
        #expect(work.seconds(workers: 1, without: []) == 6 * training + 12 * trial)
        #expect(work.seconds(workers: 18, without: []) == trial)
    }

    @Test("every kind of row is measured once, however many targets, seeds and candidates it has")
    func kinds() throws {
        let folder = try TemporaryFolder()
        let estimate = try estimate(in: folder.run)
        #expect(estimate.measurement.kinds == 2 && estimate.measurement.steps >= 2)
        #expect(estimate.seconds > 0 && estimate.seconds == estimate.secondsInAll)
        #expect(estimate.memory.total > 0)
    }

    @Test("of many kinds of rows each is measured for a part of the time, and rows that differ in a strength alone are one kind")
    func manyKinds() throws {
        let rows = (1...40).map {
            "  - name: + MER \($0)\n    regularizers: [mer: {weight: \($0), gamma: 1.\($0), estimator: \($0 < 40 ? "paper" : "reference")}]\n"
        }.joined()
        let planned = try Sample.planned("\(Sample.recipeHead)\ntraining: {epochs: 1, batch: 8}\nseeds: [1]\nrows:\n  - Fusion\n\(rows)")
        let calibration = StudyCalibration(planned, components: try Sample.components(), pool: WorkerPool(workers: 1, threadsPerWorker: 1))
        #expect(StudyCalibration.seconds(ofKinds: 2, each: 1.5) == 1.5 && StudyCalibration.seconds(ofKinds: 40, each: 1.5) == 0.6)
        let estimate = try calibration.estimate(without: [], seconds: 0)
        #expect(estimate.measurement.kinds == 3 && estimate.seconds > 0)
    }

    @Test("a recipe may plan as many trials as the settings of its run folder may list")
    func mostTrials() { #expect(TrainingCount.mostTrials == RunSettings.mostTrials) }

    @Test("what measuring takes is tried and set beside the trainings, and counts to the time of the run")
    func measuring() throws {
        let folder = try TemporaryFolder()
        #expect(try estimate(in: folder.run).measuring == nil)
        let measuring = try #require(try estimate(["measure=[scores, dependence: {name: d}]"], in: folder.run).measuring)
        #expect(measuring.ofTrial > 0 && measuring.share > 0)
        #expect(Set(measuring.parts.map(\.name)) == ["scores", "d"])
        #expect(abs(measuring.parts.reduce(0) { $0 + $1.seconds } - measuring.ofTrial) < 1e-9)

        let planned = try Sample.planned(text, overrides: ["measure=[scores]"])
        let data = try #require(planned.datasets.values.first)
        let first = planned.cells[0]
        let plan = first.candidates[0].plan
        let costs = [TrialKind(plan, facts: data.facts): TrialCost(setup: 8)]
        let kind = MeasuringKind(plan, facts: data.facts, measurements: first.measurements)
        let work = try StudyWork(planned, costs: costs, measuring: [kind: MeasuringCost(parts: [("scores", 2)])])
        // Both rows have the same model; the second one's trainings take nothing here.
        #expect(work.measuring?.ofTrial == 2 && work.measuring?.share == 12 * 2 / (6 * 8.0))
        #expect(work.seconds(workers: 1, without: []) == 6 * 8 + 12 * 2)
    }

    @Test("files come to about what a run leaves")
    func disk() throws {
        let folder = try TemporaryFolder()
        let planned = try Sample.planned(text)
        let run = StudyRun(
            cells: planned.cells, folder: folder.run, components: try Sample.components(), pool: WorkerPool(workers: 1, threadsPerWorker: 1),
            datasets: planned.datasets)
        _ = try run.run()
        let checkpoints = try folder.sizes { $0.hasSuffix(".safetensors") }
        let records = try folder.sizes { $0.hasSuffix(".json") || $0.hasSuffix(".jsonl") }
        let estimate = try estimate(in: folder.run)
        #expect(estimate.seconds == 0, "everything is there")
        let disk = Dictionary(uniqueKeysWithValues: estimate.disk.map { ($0.what, Double($0.bytes)) })
        #expect((0.9...1.1).contains(try #require(disk["checkpoints"]) / Double(checkpoints)))
        let ratio = try #require(disk["metrics and results"]) / Double(records)
        #expect((0.6...1.6).contains(ratio), "\(ratio)")
    }

    @Test("more memory than there is, is said to be too much")
    func memory() {
        var need = MemoryNeed(base: 1 << 20, ofTrial: 1 << 20, trials: 3)
        #expect(need.total == 4 << 20)
        need.available = 5 << 20
        #expect(!need.exceedsAvailable)
        need.available = 3 << 20
        #expect(need.exceedsAvailable)
    }
}

extension TemporaryFolder {
    /// The size in bytes of all files with names that `isCounted` takes.
    fileprivate func sizes(_ isCounted: (String) -> Bool) throws -> Int {
        try FileManager.default.subpathsOfDirectory(atPath: url.path).filter(isCounted).reduce(0) { sum, path in
            let attributes = try FileManager.default.attributesOfItem(atPath: url.appendingPathComponent(path).path)
            return sum + (attributes[.size] as? Int ?? 0)
        }
    }
}
