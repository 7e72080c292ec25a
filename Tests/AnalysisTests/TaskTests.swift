import Configuration
import GoldenFixtures
import Regularization
import Tensors
import Testing

@testable import Analysis

@Suite("The scores of tasks")
struct TaskTests {
    private func regression(_ options: [String: OptionValue] = [:], values: Int = 1) throws(OptionFault) -> any TaskPlugin {
        let facts = TargetFacts(.values, names: (0..<values).map { "v\($0)" })
        do { return try TaskRegistry.standard().make("regression", options: options, context: TaskContext(targets: facts)) } catch let fault as OptionFault {
            throw fault
        } catch { throw OptionFault(option: nil, expected: "", found: "\(error)") }
    }

    private func scores(_ task: any TaskPlugin, _ outputs: [Float], _ values: [Float], columns: Int = 1) -> [String: Double] {
        let shape: Shape = [outputs.count / columns, columns]
        let found = task.allScores(Tensor(outputs, shape: shape), .values(Tensor(values, shape: shape)))
        return Dictionary(zip(task.scores.map(\.name), found.map { $0.number ?? .nan })) { first, _ in first }
    }

    private func isClose(_ found: Double?, _ expected: Double) -> Bool { found.map { abs($0 - expected) < 1e-12 } ?? false }

    @Test("errors, correlation, and two classes under each rule for a true 0, by hand")
    func byHand() throws {
        // Errors 0.5, 0, 0, 2; signs: + − 0 + against + − 0 0.
        let task = try regression(["zero": .list(["negative", "positive", "left-out"].map(OptionValue.string)), "rounded-within": .number(1)])
        let found = scores(task, [0.5, -1, 0, 2], [1, -1, 0, 0])
        #expect(found["mae"] == 0.625)
        #expect(found["mse"] == 1.0625)
        // Means 0.375 and 0: Σxy = 1.5, Σx² = 4.6875, Σy² = 2.
        let correlation = 1.5 / (4.6875 * 2.0).squareRoot()
        #expect(isClose(found["correlation"], correlation))
        // The true 0 of the last is negative and predicted positive.
        #expect(found["two-class-accuracy-zero-negative"] == 0.75)
        // Positive: 1 of 1, predicted twice: F1 2/3. Negative: 2 of 3: F1 0.8. Weights 1 and 3.
        let weighted: Double = (2.0 / 3.0 + 2.4) / 4.0
        #expect(isClose(found["weighted-f1-zero-negative"], weighted))
        #expect(found["two-class-accuracy-zero-positive"] == 1)
        #expect(found["weighted-f1-zero-positive"] == 1)
        #expect(found["two-class-accuracy-zero-left-out"] == 1)
        // Rounded to −1, 0, 1, half to even: 0, −1, 0, 1 against 1, −1, 0, 0.
        #expect(found["rounded-accuracy"] == 0.5)
    }

    @Test("are those of SciPy and scikit-learn")
    func stored() throws {
        // numpy.random.default_rng(3), rounded; scipy 1.17.1 (pearsonr), scikit-learn 1.9.1 (accuracy_score, f1_score, average_precision_score).
        let values: [Float] = [3, -4, 0, -1, -0.5, -0.5, -3, 0, -1.5, 5, 0.5, -0.5, 0, -1, -1.5, 0, 0.5, -0.5, 1.5, -0.5]
        let predictions: [Float] = [
            1.5, -0.5, 0.75, -1, 0, 0.25, 0.375, -0.5, -1, 3.5, -0.625, -0.5, 0, 0.125, -0.625, 0.375, -2.625, 0.75, -0.25, -1.875,
        ]
        let task = try regression(["zero": .list(["negative", "positive", "left-out"].map(OptionValue.string)), "rounded-within": .number(3)])
        let expected = [
            "mae": 1.19375, "mse": 2.48671875, "correlation": 0.5413984046770696, "two-class-accuracy-zero-negative": 0.55,
            "weighted-f1-zero-negative": 0.5769230769230769, "two-class-accuracy-zero-positive": 0.55,
            "weighted-f1-zero-positive": 0.5511278195488721, "two-class-accuracy-zero-left-out": 0.5625,
            "weighted-f1-zero-left-out": 0.571969696969697, "rounded-accuracy": 0.4,
        ]
        let found = scores(task, predictions, values)
        #expect(Set(found.keys) == Set(expected.keys))
        for (name, value) in expected { #expect(isClose(found[name], value), "\(name)") }

        let logits: [Float] = [
            -1.25, 4, 1.5, -2.5, 0.25, 1.25, -0.5, 1.25, -0.25, 1.25, 3, -1.25, 0.5, -1, 0.25, -2.25, -1.25, -0.5, 1.75, 2.25, -2.75, -1.5, 1.25,
            -4, -1, -0.25, 2.5, 1.5, -0.75, -0.75, -0.5, 3, -0.75, -0.5, 0.75, -0.25,
        ]
        let labels: [Float] = [0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1]
        let facts = TargetFacts(.labels, names: ["a", "b", "c"])
        let multiLabel = try TaskRegistry.standard().make("multi-label", context: TaskContext(targets: facts))
        let shape: Shape = [12, 3]
        let precisions = multiLabel.allScores(Tensor(logits, shape: shape), .labels(Tensor(labels, shape: shape))).map { $0.number ?? .nan }
        for (found, value) in zip(precisions, [0.9496317340067341, 0.8333333333333334, 0.8472222222222222, 0.7444444444444444]) {
            #expect(isClose(found, value))
        }
        #expect(precisions.count == 4)
    }

    @Test("of classes are the stored ones", arguments: GoldenFixtures.cases(kind: "classification-scores"))
    func golden(fixture: GoldenFixture) throws {
        let (logits, labels, classes) = (try fixture.tensor("logits"), try fixture.integers("labels"), try fixture.params.integer("C"))
        let context = TaskContext(targets: TargetFacts(.classes, names: (0..<classes).map(String.init)))
        for (score, key) in [("accuracy", "accuracy"), ("macro-f1", "macro_f1"), ("balanced-accuracy", "balanced_accuracy")] {
            let task = try TaskRegistry.standard().make("classification", options: ["score": .string(score)], context: context)
            let found = try #require(task.allScores(logits, .classes(labels, of: classes))[0].number)
            try fixture.expect(Float(found), matches: key)
        }
    }
    @Test("several values: errors over all entries, the mean correlation")
    func severalValues() throws {
        let found = scores(try regression(values: 2), [1, 3, 2, 2, 3, 1], [1, 0, 2, 1, 3, 2], columns: 2)
        let error = 5.0 / 6.0
        #expect(found["mae"] == error)
        #expect(isClose(found["correlation"], 0), "1 in the first column, −1 in the second")
    }

    @Test("a score that cannot be computed says why, and the others stay")
    func undefined() throws {
        let task = try regression()
        let shape: Shape = [3, 1]
        let constant = task.allScores(Tensor([1, 1, 1], shape: shape), .values(Tensor([0, 0, 0], shape: shape)))
        let reasons = Dictionary(zip(task.scores.map(\.name), constant)) { first, _ in first }
        #expect(reasons["mae"]?.number == 1)
        #expect(reason { try reasons["correlation"]?.get() } == "all predictions are equal")
        #expect(reason { try reasons["two-class-accuracy-zero-left-out"]?.get() } == "every true value is 0")
        let broken = task.allScores(Tensor([1, .nan, 1], shape: shape), .values(Tensor([0, 1, 0], shape: shape)))
        #expect(broken.allSatisfy { $0.number == nil })
        #expect(task.areFinite(Tensor([1, .nan, .infinity], shape: shape)) == [true, false, false])
    }

    @Test("a rule or a score that there is not is refused with the nearest one")
    func options() {
        #expect(throws: OptionFault(option: "zero", expected: "negative, positive or left-out", found: "negativ", suggestion: "negative")) {
            try regression(["zero": .string("negativ")])
        }
        let fault = #expect(throws: OptionFault.self) { try regression(["score": .string("corelation")]) }
        #expect(fault?.option == "score" && fault?.suggestion == "correlation")
        #expect(throws: OptionFault.self) { try regression(["delta": .number(0)]) }
    }

    @Test("the chosen score comes first, and the others follow in their order")
    func order() throws {
        #expect(try regression(["score": .string("correlation"), "zero": .list([])]).scores.map(\.name) == ["correlation", "mae", "mse"])
    }

    @Test("labels: mean average precision and F1, by hand")
    func labels() throws {
        let facts = TargetFacts(.labels, names: ["a", "b"])
        let task = try TaskRegistry.standard().make("multi-label", context: TaskContext(targets: facts))
        // First label ranked + − +: average precision (1 + 2/3)/2; second + −: 1 of the rows that have it come first.
        let logits = Tensor([3, 2, 2, -1, 1, -2], shape: [3, 2])
        let found = task.allScores(logits, .labels(Tensor([1, 1, 0, 0, 1, 0], shape: [3, 2]))).map { $0.number ?? .nan }
        #expect(task.scores.map(\.name) == ["mean-average-precision", "micro-f1", "macro-f1", "sample-f1"])
        let precision: Double = (5.0 / 6.0 + 1.0) / 2.0
        #expect(isClose(found[0], precision))
        // Predicted: 3 and 1; true: 2 and 1; hits: 2 and 1.
        #expect(isClose(found[1], 6.0 / 7.0))
        #expect(isClose(found[2], 0.9))
        #expect(isClose(found[3], 2.0 / 3.0))
    }

    @Test("classes: a prediction that is not finite is wrong, and leaves F1 without a value")
    func classes() throws {
        let facts = TargetFacts(.classes, names: ["a", "b"])
        let task = try TaskRegistry.standard().make("classification", options: ["score": .string("macro-f1")], context: TaskContext(targets: facts))
        #expect(task.scores.map(\.name) == ["macro-f1", "accuracy"])
        let logits = Tensor([1, 0, .nan, 1, -.infinity, 2], shape: [3, 2])
        let found = task.allScores(logits, .classes([0, 1, 1], of: 2))
        #expect(found[0].number == nil)
        #expect(found[1].number == 2.0 / 3)
        #expect(task.areFinite(logits) == [true, false, true])
        #expect(task.allScores(Tensor([1, 0, 0, 1], shape: [2, 2]), .classes([0, 1], of: 2))[0].number == 1)
    }

    @Test("data of another kind are refused, and the tasks that fit are known")
    func kinds() throws {
        let registry = try TaskRegistry.standard()
        let values = TargetFacts(.values, names: ["v"])
        #expect(throws: OptionFault(option: nil, expected: "data with targets of the kind 'classes'", found: "1 value")) {
            try registry.make("classification", context: TaskContext(targets: values))
        }
        #expect(registry.names(for: values) == ["regression"])
        #expect(registry.names(for: TargetFacts(.labels, names: ["a", "b"])) == ["multi-label"])
    }
}
