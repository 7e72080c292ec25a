import Analysis
import Configuration
import Datasets
import Foundation
import Regularization
import Results
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Training
@testable import TrainingSupport

@Suite("Trials of other tasks than classification")
struct TaskTrialTests {
    private let folder: TemporaryFolder
    private let files: TargetFiles

    init() throws {
        folder = try TemporaryFolder()
        files = try TargetFiles(in: folder.path)
    }

    private static let regression = ComponentPlan("regression", options: ["loss": .string("huber"), "delta": .number(0.5)])

    private func trial(_ plan: TrialPlan, components: Components? = nil) throws -> Trial {
        Threads.use(1)
        let made = try DatasetRegistry.standard().make(plan.data.name, options: plan.data.options)
        return try Trial(
            plan, key: TrialKey(row: "row", target: "2", seed: plan.seed), dataset: made, components: try components ?? Sample.components())
    }

    @Test("a regression learns, and the epoch of the lowest error on validation is reported")
    func regression() throws {
        let result = try trial(files.plan(.values, task: Self.regression)).run().result
        #expect(result.status == .finished && result.score.name == "mae" && !result.score.isHigherBetter)
        let validation = try result.epochs.map { try #require($0.sourceValidationScore) }
        #expect(try #require(result.epochs.last).trainingLoss < result.epochs[0].trainingLoss)
        #expect(result.sourceValidationScore == validation.min())
        #expect(result.targetScore == result.epochs.first { $0.epoch == result.selectedEpoch }?.targetScore)
        #expect(result.oracleScore == result.epochs.compactMap(\.targetScore).min())
        #expect(try #require(result.selected?.otherTargetScores["correlation"]) > 0.5)
        #expect(
            Set(try #require(result.selected).otherTargetScores.keys) == [
                "mse", "correlation", "two-class-accuracy-zero-negative", "weighted-f1-zero-negative", "two-class-accuracy-zero-left-out",
                "weighted-f1-zero-left-out",
            ])
    }

    @Test("the error of the last epoch is the mean distance of the model's predictions from the values of the target's rows")
    func independentError() throws {
        let trial = try trial(files.plan(.values, task: Self.regression) { $0.selection = .lastEpoch })
        let values = try #require(try files.dataset(.values).targetValues)
        var distances: [Double] = []
        // Measuring the cost of a step, once the last epoch is over, changes the model.
        let result = try trial.run { record in
            guard record.epoch == 6 else { return }
            try trial.batches.evaluate(trial.split.target.rows) { batch in
                let predictions = try trial.trainer.objective.predict(batch.inputs, .evaluation).logits.values
                for (row, prediction) in zip(batch.rows, predictions) { distances.append(abs(Double(prediction) - Double(values[row]))) }
            }
        }.result
        #expect(distances.count == 40)
        #expect(abs(distances.reduce(0, +) / 40 - (result.targetScore ?? .nan)) < 1e-12)
    }

    @Test("several labels are learned, and the epoch of the highest mean average precision is reported")
    func labels() throws {
        let result = try trial(files.plan(.labels, task: ComponentPlan("multi-label"))).run().result
        let validation = try result.epochs.map { try #require($0.sourceValidationScore) }
        #expect(result.score.name == "mean-average-precision")
        #expect(result.sourceValidationScore == validation.max())
        #expect(try #require(result.targetScore) > 0.7)
        #expect(Set(try #require(result.selected).otherTargetScores.keys) == ["micro-f1", "macro-f1", "sample-f1"])
    }

    @Test("a score that is chosen by the recipe is the one that selects")
    func chosenScore() throws {
        let task = ComponentPlan("regression", options: ["score": .string("two-class-accuracy-zero-left-out")])
        let result = try trial(files.plan(.values, task: task)).run().result
        let validation = try result.epochs.map { try #require($0.sourceValidationScore) }
        #expect(result.score.isHigherBetter && result.sourceValidationScore == validation.max())
        #expect(validation.allSatisfy { (0...1).contains($0) })
        #expect(result.selected?.otherTargetScores["mae"] != nil)
    }

    @Test("a trial that stops goes on to the same bits", arguments: [TargetKind.values, .labels])
    func resume(_ kind: TargetKind) throws {
        let plan = files.plan(kind, task: kind == .values ? Self.regression : ComponentPlan("multi-label")) { $0.epochs = 3 }
        let whole = try trial(plan).run()
        let save = try TemporaryFolder()
        func run(stoppingAfter steps: Int) throws -> Trial.Outcome? {
            let done = Atomic(0)
            let saving = TrialSaving(
                folder: ResumeFolder(save.url, origin: SavedOrigin(plan: plan)), interval: .seconds(3600),
                shouldStop: { done.add(1, ordering: .relaxed).newValue >= steps }, isOwned: { true })
            do { return try trial(plan).run(saving: saving) } catch is TrialInterrupted { return nil }
        }
        #expect(try run(stoppingAfter: 5) == nil)
        let rest = try #require(try run(stoppingAfter: .max))
        #expect(rest.result.timeless == whole.result.timeless)
        #expect(rest.bits == whole.bits)
    }

    @Test("the task is part of what a result belongs to")
    func hash() {
        let plans = [Self.regression, ComponentPlan("regression"), ComponentPlan("regression", options: ["loss": .string("l2")])]
        #expect(Set(plans.map { files.plan(.values, task: $0).hash }).count == 3)
    }

    @Test("a task of somebody else's trains with its own loss, its own width of the prediction and its own score")
    func foreignTask() throws {
        var components = try Sample.components()
        try components.tasks.register(Spread.self)
        let trial = try trial(files.plan(.values, task: ComponentPlan("spread")), components: components)
        let result = try trial.run().result
        #expect(result.status == .finished && result.score.name == "likelihood")
        #expect(try #require(result.epochs.last).trainingLoss < result.epochs[0].trainingLoss)
        #expect(result.sourceValidationScore == result.epochs.compactMap(\.sourceValidationScore).max())
    }

    @Test("a loss that is no scalar ends the trial under the task's name, and scores that are left out say so")
    func badTask() throws {
        var components = try Sample.components()
        try components.tasks.register(Careless.self)
        let failed = try trial(files.plan(.values, task: ComponentPlan("careless", options: ["scalar": .bool(false)])), components: components).run().result
        guard case .failed(let term, _, let message) = failed.status else {
            Issue.record("the trial did not fail")
            return
        }
        #expect(term == "task" && message.contains("must be a scalar"))
        let result = try trial(
            files.plan(.values, task: ComponentPlan("careless")) { $0.selection = .lastEpoch }, components: components
        ).run().result
        #expect(result.selected?.undefinedTargetScores == ["second": "the task does not give it"])
        #expect(result.selected?.otherTargetScores["second"]?.isNaN == true)
    }
}

/// A mean and the logarithm of a variance for each value, by the likelihood of a normal distribution.
private struct Spread: TaskPlugin {
    static let description = ComponentDescription(name: "spread", summary: "a mean and a variance")
    static let targets = TargetKind.values
    let scores = [ScoreDescription("likelihood", form: .plain, lowest: nil)]
    let criterion = Criterion("normal") { outputs, targets in
        let (mean, logarithm) = (outputs.slice(axis: 1, 0..<1), outputs.slice(axis: 1, 1..<2))
        return ((targets - mean).squared() * (logarithm * -1).exp() + logarithm).mean()
    }

    init(options: NoOptions, context: TaskContext) {}

    func outputs(for targets: TargetFacts) -> Int { 2 * targets.width }

    func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity] {
        [.success(-Double(criterion.loss(of: outputs, targets: targets.array).item))]
    }
}

private struct Careless: TaskPlugin {
    struct Options: ComponentOptions {
        var scalar = true
        static var fields: [OptionField<Options>] { [.flag("scalar", \.scalar, "whether the loss is a scalar")] }
    }

    static let description = ComponentDescription(name: "careless", summary: "forgets things")
    static let targets = TargetKind.values
    let scores = [ScoreDescription("first", form: .plain), ScoreDescription("second", form: .plain)]
    let criterion: Criterion

    init(options: Options, context: TaskContext) {
        criterion = Criterion("careless") { outputs, targets in options.scalar ? (outputs - targets).squared().mean() : (outputs - targets).squared() }
    }

    func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity] { [.success(1)] }
}
