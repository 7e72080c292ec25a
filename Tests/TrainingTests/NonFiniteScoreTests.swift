import Configuration
import Datasets
import Foundation
import Regularization
import Results
import Selection
import Tensors
import Testing

@testable import Training
@testable import TrainingSupport

/// A data set whose samples of one domain are all of class 0, and some of them infinite, of which no model can make a prediction.
private struct Infinite: Dataset {
    let base: any Dataset
    /// Of the third domain's 48 rows, how many are infinite.
    var count = 48

    var facts: DatasetFacts { base.facts }
    var domains: [Int] { base.domains }
    var labels: [Int] { zip(base.labels, base.domains).map { $1 == 2 ? 0 : $0 } }
    private var broken: Set<Int> { Set(domains.indices.filter { domains[$0] == 2 }.prefix(count)) }

    func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        let broken = broken
        let mask = Tensor(rows.map { broken.contains($0) ? 1 : 0 }, shape: [rows.count, 1])
        return Tensor.select(mask, Tensor(.infinity), try base.inputs(rows, modality: modality))
    }
}

@Suite("Scores that are no numbers")
struct NonFiniteScoreTests {
    private func run(_ plan: TrialPlan = Sample.plan { $0.standardization = .none }, infinite count: Int) throws -> TrialResult {
        Threads.use(1)
        let data = Infinite(base: try Sample.dataset(), count: count)
        let key = TrialKey(row: "row", target: "d3", seed: plan.seed)
        return try Trial(plan, key: key, dataset: data, components: Sample.components()).run().result
    }

    @Test("a target of which no prediction is finite fails the trial, though the arg max of NaN is the right class")
    func target() throws {
        let result = try run(infinite: 48)
        #expect(
            result.status
                == .failed(term: "task", step: 9, message: "after epoch 2 none of the 48 predictions on the target d3 is finite"))
        #expect(result.epochs.map(\.targetScore) == [0, 0] && result.epochs.map(\.targetNonFinite) == [48, 48])
        #expect(result.targetScore == nil && result.oracleScore == nil && result.selectedEpoch == nil)
    }

    @Test("single predictions that are not finite are counted, and are wrong")
    func some() throws {
        let result = try run(infinite: 12)
        #expect(result.status == .finished)
        #expect(result.epochs.map(\.targetNonFinite) == [12, 12] && result.epochs.map(\.sourceValidationNonFinite) == [0, 0])
        #expect(try #require(result.targetScore) <= 0.75)
    }

    @Test("counts of predictions that are not finite survive the way to a file, where there are any")
    func coding() throws {
        let record = EpochRecord(epoch: 1, trainingLoss: 1, sourceValidationNonFinite: 3, targetNonFinite: 4)
        #expect(try ResultCoding.value(EpochRecord.self, from: Data(ResultCoding.line(record).utf8)) == record)
        #expect(try !ResultCoding.line(EpochRecord(epoch: 1, trainingLoss: 1)).contains("NonFinite"))
    }

    @Test("samples whose predictions are NaN count as wrong, whatever their class")
    func wrong() throws {
        let trainer = try Sample.trial(Sample.plan()).trainer
        let width = try Sample.dataset().facts.modalities[0].sampleShape[0]
        let nan = Tensor([Float](repeating: .nan, count: 4 * width), shape: [4, width])
        let score = try trainer.evaluate(
            on: [Batch(inputs: ["m1": nan, "m2": nan], targets: .classes([0, 0, 1, 3], of: 4), domains: [])])
        #expect(score.value == 0 && score.nonFinite == 4 && score.loss.isNaN)
    }

    @Test("what the last step breaks fails the trial, which no later loss would show")
    func lastStep() throws {
        let plan = Sample.plan { ($0.learningRate, $0.optimizer, $0.epochs, $0.batch) = (3e38, ComponentPlan("sgd"), 1, 80) }
        let result = try Sample.run(plan).result
        #expect(result.steps == 1 && !result.isFinished && result.targetScore == nil)
    }

    @Test("a trained value, an average or a running statistic that is not finite is named")
    func model() throws {
        let trainer = try Sample.trial(Sample.plan()).trainer
        try trainer.requireFiniteModel()
        let parameter = trainer.parameters[2]
        parameter.parameter.value = Tensor.full(-.infinity, parameter.parameter.value.shape)
        #expect(throws: TrainingFailure(term: "task", step: 0, message: "after this step \(parameter.name) is not finite")) {
            try trainer.requireFiniteModel()
        }
    }

    @Test("a score that is no number loses against every other, in either order and whatever its accuracy")
    func selection() {
        func epochs(_ scores: (Double, Double)...) -> [SourceScore] {
            scores.enumerated().map { SourceScore(epoch: $0 + 1, validation: SourceScores($1.0, loss: $1.1)) }
        }
        let rule = EpochSelection.sourceValidation
        #expect(rule.choose(from: epochs((0.7, .nan), (0.7, 1)))?.epoch == 2)
        #expect(rule.choose(from: epochs((0.7, 1), (0.7, .nan)))?.epoch == 1)
        #expect(rule.choose(from: epochs((0.9, .nan), (0.2, .infinity)))?.epoch == 2)
        #expect(rule.choose(from: epochs((.nan, 0), (0.1, 5)))?.epoch == 2)
        #expect(rule.choose(from: epochs((0.9, .nan), (.nan, 1))) == nil)
    }
}
