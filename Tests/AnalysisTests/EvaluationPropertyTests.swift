import Foundation
import Tensors
import Testing

@testable import Analysis

@Suite("Evaluation") struct EvaluationPropertyTests {
    @Test("one kind of sample only has no curve, and says which kind is missing")
    func oneKind() throws {
        #expect(reason { try Detection(scores: [1, 2], isPositive: [true, true]) } == "there is no negative among 2 samples")
        #expect(reason { try Detection(scores: [1, 2], isPositive: [false, false]) } == "there is no positive among 2 samples")
        let allRight = try MisclassificationDetection(confidences: [0.5, 0.9], isCorrect: [true, true])
        #expect(allRight.areaUnderRiskCoverage == 0)
        #expect(reason { try allRight.correctness.get() } == "every sample is classified correctly")
        let allWrong = try MisclassificationDetection(confidences: [0.5, 0.9], isCorrect: [false, false])
        #expect(reason { try allWrong.errors.get() } == "no sample is classified correctly")
        #expect(allWrong.excessAreaUnderRiskCoverage == 0)
    }

    @Test("equal scores count half, whatever their order")
    func ties() throws {
        let found = try Detection(scores: [1, 1, 1, 1], isPositive: [true, false, true, false])
        #expect(found.areaUnderROC == 0.5)
        #expect(found.averagePrecision == 0.5)
        #expect(found.falsePositiveRate(atLeast: 0.95) == 1)
        let ordered = try MisclassificationDetection(confidences: [1, 1], isCorrect: [true, false])
        let reversed = try MisclassificationDetection(confidences: [1, 1], isCorrect: [false, true])
        #expect(ordered.areaUnderRiskCoverage != reversed.areaUnderRiskCoverage)
        #expect(ordered.areaUnderRiskCoverageOfTies == reversed.areaUnderRiskCoverageOfTies)
    }

    @Test("confidences are told apart where softmax is 1 to the last digit")
    func saturated() throws {
        let probabilities = try ClassProbabilities(logits: Tensor([60, 0, 80, 0, 0, 70], shape: [3, 2]))
        #expect(probabilities.confidences == [1, 1, 1])
        #expect(probabilities.confidenceLogits == [60, 80, 70])
        let found = try MisclassificationDetection(probabilities, labels: [1, 0, 1])
        #expect(try found.correctness.get().areaUnderROC == 1)
    }

    @Test("what is not finite or does not fit is said")
    func badInput() {
        #expect(reason { try ClassProbabilities(logits: Tensor([1, .nan], shape: [1, 2])) }?.contains("row 1, column 2") == true)
        #expect(reason { try Detection(scores: [1, .nan], isPositive: [true, false]) } == "the score of sample 2 is not a number")
        #expect(reason { try MisclassificationDetection(confidences: [], isCorrect: []) } == "there are no samples")
        #expect(reason { try ClassificationScores(predictions: [0], labels: [2], classes: 2) }?.contains("label 2") == true)
        #expect(reason { try GroupAccuracies(predictions: [0], labels: [0], groups: []) } != nil)
        #expect(reason { try RobustnessCurve(levels: [0, 0], performance: [1, 1]) } == "the levels do not ascend")
        #expect(reason { try RobustnessCurve(levels: [0], performance: [1]) } != nil)
        #expect(reason { try ModalityShapley(scores: [0, 1, 2]) } != nil)
        #expect(reason { try ModalityShapley(scores: [0, .nan]) } != nil)
    }

    @Test("a temperature restores the likelihood of scaled logits, and is not invented where there is none")
    func temperature() throws {
        var stream = RandomSource(seed: 1).stream("temperature")
        let logits = stream.normal([400, 4]) * 2
        let probabilities = try ClassProbabilities(logits: logits)
        // Labels drawn from the softmax itself are calibrated at the temperature 1.
        let labels = (0..<400).map { row in
            var rest = Double(stream.uniform())
            for (c, p) in probabilities.probabilities(of: row).enumerated() {
                rest -= p
                if rest < 0 { return c }
            }
            return 3
        }
        let plain = try Calibration.temperature(logits: logits, labels: labels)
        #expect(abs(log(plain)) < 0.2)
        #expect(abs(try Calibration.temperature(logits: logits * 3, labels: labels) / plain - 3) < 1e-4)
        #expect(reason { try Calibration.temperature(logits: logits, labels: probabilities.predictions) }?.contains("goes to 0") == true)
        #expect(reason { try Calibration.temperature(logits: -logits, labels: probabilities.predictions) }?.contains("equal probabilities") == true)
    }

    @Test("the values of modalities add up, and those of exchangeable ones are equal")
    func shapley() throws {
        let found = try ModalityShapley(scores: [0.1, 0.4, 0.4, 0.9])
        #expect(abs(found.values.reduce(0, +) - 0.8) < 1e-12)
        #expect(found.values[0] == found.values[1])
        #expect(abs(found.interactions[0][1] - 0.2) < 1e-12)
    }

    @Test("F1 of a class that is predicted and never true counts where the mean says so")
    func meansOfF1() throws {
        let found = try ClassificationScores(predictions: [0, 0, 1, 2], labels: [0, 0, 1, 1], classes: 4)
        #expect(abs(found.macroF1 - (1 + 2.0 / 3 + 0) / 3) < 1e-12)
        #expect(abs(found.macroF1OfLabels - (1 + 2.0 / 3) / 2) < 1e-12)
        #expect(abs(found.macroF1OfAll - (1 + 2.0 / 3) / 4) < 1e-12)
        #expect(abs(found.weightedF1 - (1 + 2.0 / 3) / 2) < 1e-12)
        #expect(found.worstClass?.class == 1)
        #expect(found.worstClass?.accuracy == 0.5)
    }

    @Test("a true value of 0 is negative, not negative or left out, as the rule says")
    func zeroRules() throws {
        let found = try ValueScores(predictions: [1, -1, -1, 0.5], values: [2, -2, 0, 0])
        #expect(found.meanAbsoluteError == 0.875)
        #expect(try found.twoClasses(.negative).accuracy == 0.75)
        #expect(try found.twoClasses(.nonnegative).accuracy == 0.75)
        #expect(try found.twoClasses(.leftOut).accuracy == 1)
        #expect(try found.twoClasses(.leftOut).supports == [1, 1])
        #expect(found.accuracy(roundedWithin: -3...3) == 0.25)
        #expect(reason { try ValueScores(predictions: [1], values: [0]).twoClasses(.leftOut) } == "every true value is 0")
        #expect(reason { try ValueScores(predictions: [.nan], values: [0]) } != nil)
        #expect(reason { try ValueScores(predictions: [1, 1], values: [0, 1]).correlation.get() } == "all predictions are equal")
        #expect(abs((try ValueScores(predictions: [1, 2, 4], values: [2, 4, 8]).correlation.number ?? 0) - 1) < 1e-12)
    }

    @Test("labels that never or always occur have no average precision and no part in its mean")
    func labels() throws {
        let logits = Tensor([1, -1, 2, -2, 3, 1, 1, -1, 1], shape: [3, 3])
        let labels = Tensor([1, 0, 1, 0, 0, 1, 1, 0, 1], shape: [3, 3])
        let found = try LabelScores(logits: logits, labels: labels)
        #expect(found.averagePrecisions.map { $0.number != nil } == [true, false, false])
        #expect(found.meanAveragePrecision.number == 1)
        // Hits 2, 0, 3; predicted 2, 1, 3; true 2, 0, 3.
        #expect(abs(found.microF1 - 10.0 / 11) < 1e-12)
        #expect(abs(found.macroF1 - 2.0 / 3) < 1e-12)
        #expect(abs(found.sampleF1 - (1 + 2.0 / 3 + 1) / 3) < 1e-12)
        #expect(reason { try LabelScores(logits: logits, labels: labels * 2) } == "a label is neither 0 nor 1")
    }
}
