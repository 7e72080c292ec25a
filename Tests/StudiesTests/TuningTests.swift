import Datasets
import Foundation
import Regularization
import Results
import TestSupport
import Testing

@testable import Studies
@testable import Training
@testable import TrainingSupport

@Suite("Choosing values on source domains")
struct TuningTests {
    /// One rehearsal with its scores; nil where it failed.
    private func outcome(_ candidate: Int, _ scores: [(Double, Double)]?) -> (rehearsal: Rehearsal, scores: RehearsalScores) {
        let scores = scores?.enumerated().map { SourceScore(epoch: $0 + 1, validation: Score($1.0, loss: $1.1)) }
        return (Rehearsal(candidate: candidate, plan: Sample.plan()), scores)
    }

    private func cell(_ count: Int, _ tuning: TuningRule = TuningRule(seeds: [1, 2])) -> Cell {
        Sample.cell("row", Array(repeating: Sample.plan(), count: count), tuning: tuning)
    }

    @Test("the best mean accuracy over the tuning seeds wins")
    func best() {
        let outcomes = [outcome(0, [(0.9, 1)]), outcome(0, [(0.1, 1)]), outcome(1, [(0.6, 1)]), outcome(1, [(0.6, 1)])]
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
        #expect(TuningChoice.choose(in: cell(2), from: [outcome(0, [(0.9, 1)]), outcome(0, nil), outcome(1, [(0.2, 1)])]).candidate == 1)
        #expect(TuningChoice.choose(in: cell(2), from: [outcome(0, nil), outcome(1, nil)]).candidate == 0)
    }

    @Test("a candidate of tuning whose mean is no number is not chosen, wherever it stands", arguments: [0, 1])
    func candidates(_ broken: Int) {
        for tuning in [TuningRule(seeds: [1]), TuningRule(seeds: [1], holdsOutSources: true)] {
            let cell = Sample.cell("row", [Sample.plan { $0.selection = .lastEpoch }, Sample.plan { $0.selection = .lastEpoch }], tuning: tuning)
            let outcomes = (0..<2).map { candidate in
                let score = candidate == broken ? Score(1, loss: .nan) : Score(0.3, loss: 2)
                return (
                    rehearsal: Rehearsal(candidate: candidate, plan: Sample.plan()),
                    scores: RehearsalScores.some([SourceScore(epoch: 1, validation: score)])
                )
            }
            #expect(TuningChoice.choose(in: cell, from: outcomes).candidate == 1 - broken)
            #expect(TuningChoice.scores(in: cell, from: outcomes)?[broken].score == nil)
        }
    }
    @Test("the scores that a choice rests on are kept, for every candidate; without a choice there are none")
    func scores() {
        let outcomes = [outcome(0, [(0.75, 1)]), outcome(0, [(0.25, 1)]), outcome(1, nil), outcome(1, [(0.2, 1)])]
        #expect(TuningChoice.scores(in: cell(2), from: outcomes)?.map(\.score) == [0.5, nil])
        #expect(TuningChoice.scores(in: cell(1), from: []) == nil)
    }

    @Test("with left-out source domains the epoch is the best of the mean curve")
    func meanCurve() {
        let tuning = TuningRule(seeds: [1], choosesEpoch: true)
        let outcomes = [outcome(0, [(0.2, 1), (0.5, 1), (0.9, 1)]), outcome(0, [(0.9, 1), (0.8, 1), (0.1, 1)])]
        #expect(TuningChoice.choose(in: cell(1, tuning), from: outcomes) == TuningChoice(candidate: 0, epoch: 2))
    }

    @Test("nothing is rehearsed where there is nothing to choose")
    func nothing() {
        #expect(Rehearsal.all(for: cell(1)).isEmpty)
    }

    @Test("leaving one source out validates on each source domain in turn, and never touches the target")
    func leftOut() throws {
        let rehearsals = Rehearsal.all(for: cell(2, TuningRule(seeds: [7], holdsOutSources: true)))
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
    func unreachable() {
        let tuned = Cell(
            row: "row", target: "d3", variant: [:], repetition: [:], candidates: cell(1).candidates, seeds: [1],
            tuning: TuningRule(seeds: [1], choosesEpoch: true), rehearsalEpochs: 50)
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
        let cell = Sample.cell(
            "row", [Sample.plan { $0.epochs = 5 }], seeds: [1, 2], tuning: TuningRule(seeds: [1], choosesEpoch: true))
        let results = try Sample.run([cell], in: folder.run)
        let curves = try Rehearsal.all(for: cell).map { rehearsal in
            let file = folder.url.appendingPathComponent("tuning/\(rehearsal.plan.training).json")
            return try ResultCoding.value(TrialResult.self, from: Data(contentsOf: file)).epochs
        }
        let mean = (0..<5).map { epoch in
            let (accuracy, loss) = curves.reduce((0.0, 0.0)) {
                ($0.0 + ($1[epoch].sourceValidationScore ?? 0), $0.1 + ($1[epoch].sourceValidationLoss ?? 0))
            }
            return SourceScore(epoch: epoch + 1, validation: Score(accuracy, loss: loss))
        }
        let best = EpochSelection.sourceValidation.choose(from: mean)?.epoch
        #expect(curves.count == 2)
        #expect(results.map(\.selectedEpoch) == [best, best])
    }
}
