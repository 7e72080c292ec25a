import Analysis
import Configuration
import Datasets
import Foundation
import Regularization
import Results
import Tensors
import TestSupport
import Testing

@testable import Training
@testable import TrainingSupport

/// The smallest trials of MMDG-Bench's two sets that need no films: does what they are made of learn?
@Suite("Trials of motor faults and of sentiment")
struct BenchmarkTrialTests {
    private func run(_ plan: TrialPlan) throws -> TrialResult {
        Threads.use(1)
        let made = try DatasetRegistry.standard().make(plan.data.name, options: plan.data.options)
        let trial = try Trial(plan, key: TrialKey(row: "ERM", target: "t", seed: plan.seed), dataset: made, components: Sample.components())
        return try trial.run().result
    }

    @Test("a motor's states are told apart at a speed that was not trained on, by the benchmark's encoder and schedule")
    func motor() throws {
        let folder = try TemporaryFolder()
        // Each state is a tone of its own, and every speed a little noise of its own.
        var noise = RandomSource(seed: 3).stream("noise")
        try MotorFiles.write(to: folder.path, steps: 240) { state, speed, step in
            sin(Double(step) * Double(state + 1) / 4) + 0.1 * Double(speed) + 0.05 * Double(noise.normal([1]).item)
        }
        let encoder = ComponentPlan(
            "series-cnn",
            options: ["widths": .list([.integer(6), .integer(8)]), "kernels": .list([.integer(8), .integer(3)])])
        let result = try run(
            Sample.plan { plan in
                plan.data = ComponentPlan(
                    "hust-motor",
                    options: ["root": .string(folder.path), "window": .integer(32), "counts": .list([.integer(12), .integer(4), .integer(4)])])
                plan.standardization = .none
                plan.model = .assembled(encoders: ["vibration": encoder, "sound": encoder], fusion: ComponentPlan("late"))
                plan.schedule = ComponentPlan("inverse-power")
                (plan.sources, plan.targets) = ([0, 1, 3], [2])
                (plan.epochs, plan.batch) = (12, 36)
            })
        #expect(result.status == .finished)
        #expect(try #require(result.targetScore) > 0.6)
    }

    @Test("sentiment is learned from the words of padded sequences, and scored by its sign")
    func sentiment() throws {
        let encoder = ComponentPlan(
            "sequence-transformer",
            options: [
                "width": .integer(12), "layers": .integer(1), "heads": .integer(2), "feed-forward": .integer(16), "pooling": .string("mean"),
                "input-dropout": .number(0), "dropout": .number(0), "attention-dropout": .number(0),
            ])
        let result = try run(
            Sample.plan { plan in
                plan.data = ComponentPlan("sentiment", options: ["root": .string(Repository.url("Tests/Fixtures/sentiment").path)])
                plan.task = ComponentPlan("regression", options: ["score": .string("two-class-accuracy-zero-negative")])
                plan.standardization = .none
                plan.model = .assembled(encoders: ["text": encoder, "audio": encoder, "vision": encoder], fusion: ComponentPlan("late"))
                (plan.epochs, plan.batch) = (25, 12)
            })
        #expect(result.status == .finished && result.score.name == "two-class-accuracy-zero-negative")
        #expect(try #require(result.epochs.last).trainingLoss < 0.8 * result.epochs[0].trainingLoss)
        #expect(Set(try #require(result.selected).otherTargetScores.keys).isSuperset(of: ["mae", "weighted-f1-zero-negative"]))
    }
}
