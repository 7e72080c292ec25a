import Datasets
import Networks
import Regularization
import Results
import Tensors
import Testing

@testable import Training
@testable import TrainingSupport

@Suite("One trial")
struct TrialTests {
    @Test("records every epoch, and reports the selected epoch's accuracy on the target")
    func records() throws {
        let result = try Sample.run(Sample.plan { $0.epochs = 4 }).result
        #expect(result.status == .finished)
        #expect(result.epochs.map(\.epoch) == [1, 2, 3, 4])
        #expect(result.steps == 20)
        func score(_ epoch: EpochRecord) -> (Double, Double) { (epoch.sourceValidationScore ?? 0, -(epoch.sourceValidationLoss ?? 0)) }
        let best = result.epochs.max { score($0) < score($1) }
        #expect(result.selectedEpoch == best?.epoch)
        #expect(result.targetScore == best?.targetScore)
        #expect(result.oracleScore == result.epochs.compactMap(\.targetScore).max())
        #expect(result.lastScore == result.epochs.last?.targetScore)
    }

    @Test("without validation samples the last epoch is reported, and no score of validation recorded")
    func withoutValidation() throws {
        let plan = Sample.plan { ($0.validation, $0.selection) = (.fraction(0), .lastEpoch) }
        let result = try Sample.run(plan).result
        #expect(result.status == .finished && result.selectedEpoch == 2)
        #expect(result.epochs.allSatisfy { $0.sourceValidationScore == nil && $0.sourceValidationLoss == nil && $0.targetScore != nil })
        #expect(result.targetScore == result.lastScore && result.sourceValidationScore == nil)
    }

    @Test("the base loss is reported as `task`, and the whole loss is it and the weighted terms")
    func task() throws {
        let alone = try Sample.run(Sample.plan()).result.epochs[0]
        #expect(alone.terms == ["task": alone.trainingLoss])
        let epoch = try Sample.run(Sample.plan([TermPlan("mer", weight: 0.5)])).result.epochs[0]
        let task = try #require(epoch.terms["task"])
        let (raw, weighted) = (try #require(epoch.terms["mer"]), try #require(epoch.terms["mer.weighted"]))
        #expect(abs(weighted - 0.5 * raw) < 1e-5)
        #expect(abs(epoch.trainingLoss - task - weighted) < 1e-5)
    }

    @Test("the cost of a step and of each term in it is measured once training is over, and counts for neither its time nor its steps")
    func cost() throws {
        let result = try Sample.run(Sample.plan([TermPlan("mer"), TermPlan("noise"), TermPlan("weight-decay")])).result
        let cost = try #require(result.stepCost)
        #expect(cost.terms.map(\.instance) == ["mer", "noise", "weight-decay"])
        #expect(cost.terms.allSatisfy { $0.seconds > 0 && $0.seconds < cost.seconds * 100 })
        #expect(cost.seconds > 0)
        #expect(result.steps == 10)
    }

    @Test("batches smaller and larger than the embedding both train", arguments: [(4, 0.0), (16, 1.0)])
    func regimes(_ batch: Int, _ regime: Double) throws {
        let result = try Sample.run(Sample.plan([TermPlan("mer")]) { $0.batch = batch }).result
        #expect(result.status == .finished)
        #expect(result.epochs.allSatisfy { $0.trainingLoss.isFinite && $0.terms.values.allSatisfy(\.isFinite) })
        #expect(result.epochs.allSatisfy { $0.terms["mer.m1.regime"] == regime })
    }

    @Test("training on one source domain alone works, as does any order of batches")
    func oneSource() throws {
        let result = try Sample.run(Sample.plan { ($0.sources, $0.batching) = ([1], .shuffled) }).result
        #expect(result.status == .finished)
        #expect(result.steps == 4)
    }

    @Test("every epoch tells each term's share of the gradient")
    func gradientShares() throws {
        let epochs = try Sample.run(Sample.plan([TermPlan("mer")])).result.epochs
        #expect(epochs.count == 2)
        for epoch in epochs {
            #expect(Set(epoch.gradientShares.keys) == ["task", "mer"])
            #expect(abs(epoch.gradientShares.values.reduce(0, +) - 1) < 1e-12)
        }
        #expect(try Sample.run(Sample.plan()).result.epochs.allSatisfy(\.gradientShares.isEmpty))
    }

    @Test("a rehearsal does not measure the target")
    func rehearsal() throws {
        let outcome = try Sample.trial(Sample.plan()).run(measuringTarget: false)
        #expect(outcome.result.epochs.allSatisfy { $0.targetScore == nil && $0.sourceValidationScore != nil })
        #expect(outcome.result.targetScore == nil && outcome.result.oracleScore == nil && outcome.result.lastScore == nil)
    }

    @Test("a loss that is not a number ends the trial with the term, the step and the epochs before it")
    func failure() throws {
        let plan = Sample.plan([TermPlan("mer"), TermPlan("breaking", instance: "broken", options: ["step": .integer(7)])])
        let outcome = try Sample.run(plan)
        #expect(outcome.result.status == .failed(term: "broken", step: 7, message: "the loss became nan"))
        #expect(outcome.result.epochs.map(\.epoch) == [1])
        #expect(outcome.result.selectedEpoch == nil && outcome.result.targetScore == nil && outcome.result.oracleScore == nil)
        #expect(outcome.state.isEmpty)
    }

    @Test("a term that is not a number but has weight 0 ends nothing, and is not blamed for another's failure")
    func weightless() throws {
        let harmless = TermPlan("breaking", instance: "harmless", weight: 0)
        #expect(try Sample.run(Sample.plan([harmless])).result.status == .finished)
        let status = try Sample.run(Sample.plan([harmless, TermPlan("breaking", instance: "broken")])).result.status
        #expect(status == .failed(term: "broken", step: 0, message: "the loss became nan"))
    }

    @Test("a base loss that is not a number is the task's failure")
    func taskFailure() throws {
        let status = try Sample.run(Sample.plan { $0.learningRate = 1e30 }).result.status
        guard case .failed(let term, let step, _) = status else {
            Issue.record("a learning rate of 1e30 did not fail")
            return
        }
        #expect(term == "task")
        #expect(step == 1)
    }
}
