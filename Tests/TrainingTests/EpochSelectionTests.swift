import Selection
import Testing

@testable import Training
@testable import TrainingSupport

@Suite("Which epoch is reported")
struct EpochSelectionTests {
    private func scores(_ values: (accuracy: Double, loss: Double)...) -> [SourceScore] {
        values.enumerated().map { SourceScore(epoch: $0 + 1, validation: SourceScores($1.accuracy, loss: $1.loss)) }
    }

    @Test("the best accuracy on source validation wins")
    func best() {
        #expect(EpochSelection.sourceValidation.choose(from: scores((0.5, 1), (0.7, 3), (0.6, 0)))?.epoch == 2)
    }

    @Test("of a score that is better the lower it is, the lowest wins, and a tie goes to the lower loss")
    func lowest() {
        func scores(_ values: (Double, Double)...) -> [SourceScore] {
            values.enumerated().map { SourceScore(epoch: $0 + 1, validation: SourceScores($1.0, loss: $1.1)) }
        }
        let situation = SelectionSituation(.epochs, isHigherBetter: false)
        #expect(EpochSelection.sourceValidation.choose(from: scores((0.5, 1), (0.3, 3), (0.6, 0)), in: situation)?.epoch == 2)
        #expect(EpochSelection.sourceValidation.choose(from: scores((0.3, 1), (0.3, 0.5), (0.3, 0.8)), in: situation)?.epoch == 2)
        #expect(EpochSelection.sourceValidation.choose(from: scores((.nan, 1), (0.9, 3)), in: situation)?.epoch == 2)
    }

    @Test("of equal accuracies the lower loss wins")
    func ties() {
        #expect(EpochSelection.sourceValidation.choose(from: scores((0.7, 1), (0.7, 0.5), (0.7, 0.8)))?.epoch == 2)
    }

    @Test("of equal scores the earlier epoch wins")
    func equal() {
        #expect(EpochSelection.sourceValidation.choose(from: scores((0.2, 1), (0.7, 1), (0.7, 1)))?.epoch == 2)
    }

    @Test("by name, the first or the latest of equal scores wins, whatever its loss")
    func tieRules() {
        let equal = scores((0.2, 0), (0.7, 3), (0.7, 1), (0.7, 2), (0.6, 0))
        #expect(EpochSelection.sourceValidation.choose(from: equal, ties: .first)?.epoch == 2)
        #expect(EpochSelection.sourceValidation.choose(from: equal, ties: .latest)?.epoch == 4)
        #expect(EpochSelection.sourceValidation.choose(from: scores((0.7, 1), (.nan, 0)), ties: .latest)?.epoch == 1)
    }

    @Test("an epoch whose loss is not a number loses a tie")
    func notANumber() {
        #expect(EpochSelection.sourceValidation.choose(from: scores((0.7, 1), (0.7, .nan)))?.epoch == 1)
    }

    @Test("the last epoch is the last, whatever its score")
    func last() {
        #expect(EpochSelection.lastEpoch.choose(from: scores((0.9, 1), (0.1, 3)))?.epoch == 2)
    }

    @Test("a given epoch is taken, and none where training did not reach it")
    func given() {
        #expect(EpochSelection.epoch(1).choose(from: scores((0.1, 1), (0.9, 1)))?.epoch == 1)
        #expect(EpochSelection.epoch(3).choose(from: scores((0.1, 1), (0.9, 1))) == nil)
    }

    @Test("epochs without a validation score are no choice but for a rule that needs none")
    func withoutScores() {
        let scores = (1...2).map { SourceScore(epoch: $0, validation: nil) }
        #expect(EpochSelection.sourceValidation.choose(from: scores) == nil)
        #expect(EpochSelection.lastEpoch.choose(from: scores)?.epoch == 2)
        #expect(EpochSelection.epoch(1).choose(from: scores)?.epoch == 1)
    }

    @Test("nothing is chosen from nothing")
    func nothing() {
        #expect(EpochSelection.sourceValidation.choose(from: []) == nil)
        #expect(EpochSelection.lastEpoch.choose(from: []) == nil)
    }

    @Test("a rule is given epochs and source scores, and there is no place for a target's")
    func seesNoTarget() {
        let rule: (EpochSelection) -> ([SourceScore], SelectionSituation, TieRule) -> SourceScore? = EpochSelection.choose
        #expect(rule(.lastEpoch)([], SelectionSituation(.epochs), .lowerLoss) == nil)
        let fields = Mirror(reflecting: SourceScore(epoch: 1, validation: SourceScores(0, loss: 0))).children.map(\.label)
        #expect(fields == ["epoch", "validation"])
    }
}
