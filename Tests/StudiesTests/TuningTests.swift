import Configuration
import Datasets
import Foundation
import Regularization
import Results
import Selection
import Tensors
import TestSupport
import Testing

@testable import Studies
@testable import Training
@testable import TrainingSupport

@Suite("Choosing values on source domains")
struct TuningTests {
    /// One rehearsal with its scores; nil where it failed.
    private func outcome(_ candidate: Int, seed: Int = 1, leftOut: Int? = nil, _ scores: [(Double, Double)]?) -> TuningChoice.Outcome {
        let scores = scores?.enumerated().map { SourceScore(epoch: $0 + 1, validation: SourceScores($1.0, loss: $1.1, samples: 10)) }
        let plan = Sample.plan(seed: seed) { if let leftOut { $0.validation = .domain(leftOut) } }
        return (Rehearsal(candidate: candidate, plan: plan), scores)
    }

    private func cell(_ count: Int, _ tuning: TuningRule = TuningRule(seeds: [1, 2])) -> Cell {
        Sample.cell("row", Array(repeating: Sample.plan(), count: count), tuning: tuning)
    }

    private static func leavingOut() throws -> SelectionRule { try SelectionRegistry.standard().rule("leave-one-source-out") }

    @Test("the best mean accuracy over the tuning seeds wins")
    func best() {
        let outcomes = [
            outcome(0, [(0.9, 1)]), outcome(0, seed: 2, [(0.1, 1)]), outcome(1, [(0.6, 1)]), outcome(1, seed: 2, [(0.6, 1)]),
        ]
        #expect(TuningChoice.choose(in: cell(2), from: outcomes) == TuningChoice(candidate: 1, epoch: nil))
    }

    @Test("of equal accuracies the lower loss wins, then the earlier candidate")
    func ties() {
        let lower = [outcome(0, [(0.5, 2)]), outcome(1, [(0.5, 1)]), outcome(2, [(0.5, 1)])]
        #expect(TuningChoice.choose(in: cell(3), from: lower).candidate == 1)
    }

    @Test("each rehearsal counts at the epoch that the plan's selection takes")
    func selectedEpoch() {
        let outcomes = [outcome(0, [(0.8, 1), (0.2, 1)]), outcome(1, [(0.5, 1), (0.6, 1)])]
        #expect(TuningChoice.choose(in: cell(2), from: outcomes).candidate == 0)
    }

    @Test("a candidate with a failed rehearsal is dropped, and where all failed the first stays")
    func failed() {
        #expect(TuningChoice.choose(in: cell(2), from: [outcome(0, [(0.9, 1)]), outcome(0, seed: 2, nil), outcome(1, [(0.2, 1)])]).candidate == 1)
        #expect(TuningChoice.choose(in: cell(2), from: [outcome(0, nil), outcome(1, nil)]).candidate == 0)
    }

    @Test("a candidate of tuning whose mean is no number is not chosen, wherever it stands", arguments: [0, 1])
    func candidates(_ broken: Int) throws {
        let leavingOut = try Self.leavingOut()
        for tuning in [TuningRule(seeds: [1]), TuningRule(seeds: [1], selection: leavingOut)] {
            let cell = Sample.cell("row", [Sample.plan { $0.selection = .lastEpoch }, Sample.plan { $0.selection = .lastEpoch }], tuning: tuning)
            let outcomes = (0..<2).map { candidate in
                outcome(candidate, leftOut: tuning.selection == leavingOut ? 0 : nil, [candidate == broken ? (1, .nan) : (0.3, 2)])
            }
            #expect(TuningChoice.choose(in: cell, from: outcomes).candidate == 1 - broken)
            #expect(TuningChoice.scores(in: cell, from: outcomes)?[broken].score == nil)
        }
    }
    @Test("the scores that a choice rests on are kept, for every candidate; without a choice there are none")
    func scores() {
        let outcomes = [outcome(0, [(0.75, 1)]), outcome(0, seed: 2, [(0.25, 1)]), outcome(1, nil), outcome(1, seed: 2, [(0.2, 1)])]
        #expect(TuningChoice.scores(in: cell(2), from: outcomes)?.map(\.score) == [0.5, nil])
        #expect(TuningChoice.scores(in: cell(1), from: []) == nil)
    }

    @Test("with left-out source domains the epoch is the best of the mean curve")
    func meanCurve() throws {
        let tuning = try TuningRule(seeds: [1], epochs: Self.leavingOut())
        let outcomes = [outcome(0, leftOut: 0, [(0.2, 1), (0.5, 1), (0.9, 1)]), outcome(0, leftOut: 1, [(0.9, 1), (0.8, 1), (0.1, 1)])]
        #expect(TuningChoice.choose(in: cell(1, tuning), from: outcomes) == TuningChoice(candidate: 0, epoch: 2))
    }

    @Test("nothing is rehearsed where there is nothing to choose")
    func nothing() {
        #expect(Rehearsal.all(for: cell(1)).isEmpty)
    }

    @Test("leaving one source out validates on each source domain in turn, and never touches the target")
    func leftOut() throws {
        let rehearsals = try Rehearsal.all(for: cell(2, TuningRule(seeds: [7], selection: Self.leavingOut())))
        #expect(rehearsals.map(\.candidate) == [0, 0, 1, 1])
        #expect(rehearsals.map(\.plan.validation) == [.domain(0), .domain(1), .domain(0), .domain(1)])
        #expect(rehearsals.allSatisfy { $0.plan.seed == 7 && $0.plan.targets == [2] && $0.plan.sources == [0, 1] })
        let data = try Sample.dataset()
        for rehearsal in rehearsals {
            let split = try rehearsal.plan.makeSplit(of: data)
            let trained = Set(split.training.rows.map { data.domains[$0] })
            let validated = Set(split.validation.rows.map { data.domains[$0] })
            #expect(trained.isDisjoint(with: validated) && trained.union(validated) == [0, 1])
        }
    }

    @Test("an epoch that the trials do not reach is not rehearsed for choosing it")
    func unreachable() throws {
        let tuned = try Cell(
            row: "row", target: "d3", variant: [:], repetition: [:], candidates: cell(1).candidates, seeds: [1],
            tuning: TuningRule(seeds: [1], epochs: Self.leavingOut()), rehearsalEpochs: 50)
        #expect(Rehearsal.all(for: tuned).allSatisfy { $0.plan.epochs == 2 })
    }

    @Test("a tuned row is trained with the best candidate, and its rehearsals never measured the target")
    func study() throws {
        let folder = try TemporaryFolder()
        let plans = [
            Sample.plan([TermPlan("breaking")]),
            Sample.plan { $0.learningRate = 0 },
            Sample.plan { ($0.learningRate, $0.epochs) = (0.02, 6) },
        ]
        let result = try Sample.run([Sample.cell("Tuned", plans)], in: folder.run)[0]
        #expect(result.chosen == [ChosenValue(path: "candidate", value: "2")])
        #expect(result.plan == plans[2].hash)
        let files = try FileManager.default.contentsOfDirectory(
            at: folder.url.appendingPathComponent("tuning"), includingPropertiesForKeys: nil)
        let rehearsals = try files.map { try ResultCoding.value(TrialResult.self, from: Data(contentsOf: $0)) }
        #expect(rehearsals.count == 3)
        #expect(rehearsals.count { $0.status == .finished } == 2)
        for rehearsal in rehearsals {
            #expect(rehearsal.targetScore == nil && rehearsal.oracleScore == nil && rehearsal.lastScore == nil)
            #expect(rehearsal.epochs.allSatisfy { $0.targetScore == nil })
        }
    }

    @Test("a trial reports the epoch that its left-out source domains chose")
    func chosenEpoch() throws {
        let folder = try TemporaryFolder()
        let cell = try Sample.cell(
            "row", [Sample.plan { $0.epochs = 5 }], seeds: [1, 2], tuning: TuningRule(seeds: [1], epochs: Self.leavingOut()))
        let results = try Sample.run([cell], in: folder.run)
        let curves = try Rehearsal.all(for: cell).map { rehearsal in
            let file = folder.url.appendingPathComponent("tuning/\(rehearsal.plan.training).json")
            return try ResultCoding.value(TrialResult.self, from: Data(contentsOf: file)).epochs
        }
        let mean = (0..<5).map { epoch in
            let (accuracy, loss) = curves.reduce((0.0, 0.0)) {
                ($0.0 + ($1[epoch].sourceValidationScore ?? 0), $0.1 + ($1[epoch].sourceValidationLoss ?? 0))
            }
            return SourceScore(epoch: epoch + 1, validation: SourceScores(accuracy, loss: loss))
        }
        let best = EpochSelection.sourceValidation.choose(from: mean)?.epoch
        #expect(curves.count == 2)
        #expect(results.map(\.selectedEpoch) == [best, best])
    }

    // MARK: The target

    /// A world whose target, `d3`, holds nothing but NaN.
    private struct Poisoned: Dataset {
        let base: any Dataset
        var facts: DatasetFacts { base.facts }
        var labels: [Int] { base.labels }
        var domains: [Int] { base.domains }

        func inputs(_ rows: [Int], modality: String) throws -> Tensor {
            let inputs = try base.inputs(rows, modality: modality)
            let width = inputs.elementCount / max(rows.count, 1)
            var values = inputs.values
            for (place, row) in rows.enumerated() where domains[row] == 2 {
                for index in place * width..<(place + 1) * width { values[index] = .nan }
            }
            return Tensor(values, shape: inputs.shape)
        }

        func holdingOut(_ domains: [Int]) -> any Dataset { Poisoned(base: base.holdingOut(domains)) }
    }

    @Test(
        "every rule makes the same choice where nothing of the target is a number",
        arguments: ["source-validation", "guarded-silenced", "leave-one-source-out"])
    func poisonedTarget(_ name: String) throws {
        let rule = try SelectionRegistry.standard().rule(name)
        let plans = [Sample.plan { $0.learningRate = 0 }, Sample.plan(), Sample.plan { $0.learningRate = 0.05 }]
        let cell = Sample.cell("Tuned", plans, tuning: TuningRule(seeds: [1], selection: rule))
        let chosen = try [Sample.dataset(), Poisoned(base: Sample.dataset())].map { dataset -> [CandidateScore] in
            let folder = try TemporaryFolder()
            let run = StudyRun(
                cells: [cell], folder: folder.run, components: try Sample.components(), pool: WorkerPool(workers: 1, threadsPerWorker: 1),
                datasets: [Sample.data: dataset])
            return try #require(try run.run()[0].candidates)
        }
        #expect(chosen[0].map(\.evidence) == chosen[1].map(\.evidence))
        #expect(chosen[0].allSatisfy { $0.evidence != nil && $0.measured == nil })
    }

    @Test("with candidates measured for the report the choice is the same, and what was measured stands beside it")
    func measuredCandidates() throws {
        let plans = [Sample.plan { $0.learningRate = 0 }, Sample.plan()]
        func result(measuring: Bool) throws -> (TrialResult, files: [String]) {
            let folder = try TemporaryFolder()
            var cell = Sample.cell("Tuned", plans)
            cell.measuresCandidates = measuring
            let result = try Sample.run([cell], in: folder.run)[0]
            return (result, try FileManager.default.contentsOfDirectory(atPath: folder.url.path))
        }
        let (plain, plainFiles) = try result(measuring: false)
        let (measured, measuredFiles) = try result(measuring: true)
        #expect(plain.chosen == measured.chosen && plain.candidates?.map(\.evidence) == measured.candidates?.map(\.evidence))
        let targets = try #require(measured.candidates).map { $0.measured?.target }
        let place = try #require(Int(measured.chosen[0].value))
        #expect(targets[place] == measured.targetScore && targets[1 - place] != nil)
        #expect(measuredFiles.contains("choice") && !measuredFiles.contains("tuning") && !plainFiles.contains("choice"))
    }

    @Test("a result says by which rule its values were chosen, and what that rests on")
    func record() throws {
        let outcomes = (0..<3).map { outcome($0, [(0.9 + 0.01 * Double($0), 1)]) }
        let cell = cell(3, TuningRule(seeds: [1], fallback: "because"))
        let choice = TuningChoice.choose(in: cell, from: outcomes)
        let record = try #require(choice.record(in: cell, from: TuningChoice.scores(in: cell, from: outcomes)))
        #expect(record.rule == "source-validation" && record.fallback == "because" && record.unit == .score)
        #expect(record.guards.candidates == 3 && record.guards.isSaturated)
        #expect(record.guards.ends == [ChoiceGuards.End(path: "candidate", isHighest: true)])
        #expect(choice.record(in: cell, from: nil) == nil)
    }

    @Test("a rule that asks for both is given held-back samples and left-out domains")
    func both() throws {
        let mean = try SelectionRegistry.standard().rule("mean", options: ["of": .list([.string("source-validation"), .string("leave-one-source-out")])])
        let cell = cell(2, TuningRule(seeds: [1], selection: mean))
        #expect(Rehearsal.all(for: cell).map(\.leftOut) == [nil, 0, 1, nil, 0, 1])
        let outcomes = [
            outcome(0, [(0.9, 1)]), outcome(0, leftOut: 0, [(0.1, 1)]), outcome(0, leftOut: 1, [(0.3, 1)]),
            outcome(1, [(0.8, 1)]), outcome(1, leftOut: 0, [(0.6, 1)]), outcome(1, leftOut: 1, [(0.6, 1)]),
        ]
        #expect(TuningChoice.choose(in: cell, from: outcomes).candidate == 1)
        let scores = try #require(TuningChoice.scores(in: cell, from: outcomes))
        #expect(scores[0].score.map { abs($0 - 0.55) < 1e-12 } == true && scores[1].score.map { abs($0 - 0.7) < 1e-12 } == true)
    }
}
