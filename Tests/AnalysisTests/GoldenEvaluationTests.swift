import GoldenFixtures
import Tensors
import Testing

@testable import Analysis

@Suite("Stored numbers: evaluation") struct GoldenEvaluationTests {
    @Test("calibration", arguments: GoldenFixtures.cases(kind: "calibration"))
    func calibration(fixture: GoldenFixture) throws {
        let probabilities = try ClassProbabilities(logits: fixture.tensor("logits"))
        let labels = try fixture.integers("labels")
        let found = try Calibration(probabilities, labels: labels, bins: fixture.params.integer("bins"))
        try fixture.expect(Float(found.expectedError), matches: "ece")
        try fixture.expect(Float(found.maximumError), matches: "mce")
        try fixture.expect(Float(found.brierScore), matches: "brier")
        try fixture.expect(Float(found.negativeLogLikelihood), matches: "nll")
        #expect(try found.bins.map(\.count) == fixture.integers("bin_count"))
        try fixture.expect(found.bins.map { Float($0.accuracy) }, matches: "bin_accuracy")
        try fixture.expect(found.bins.map { Float($0.confidence) }, matches: "bin_confidence")
    }

    @Test("detection of misclassified samples", arguments: GoldenFixtures.cases(kind: "misclassification-detection"))
    func misclassification(fixture: GoldenFixture) throws {
        let level = try fixture.params.number("level")
        let isCorrect = try fixture.integers("correct").map { $0 == 1 }
        let found: MisclassificationDetection
        if fixture.has("logits") {
            let probabilities = try ClassProbabilities(logits: fixture.tensor("logits"))
            let labels = try fixture.integers("labels")
            #expect(zip(probabilities.predictions, labels).map { $0 == $1 } == isCorrect)
            try fixture.expect(probabilities.confidences.map(Float.init), matches: "confidence")
            found = try MisclassificationDetection(probabilities, labels: labels)
        } else {
            found = try MisclassificationDetection(confidences: fixture.tensor("confidence").values.map(Double.init), isCorrect: isCorrect)
        }
        try fixture.expect(Float(found.errorRate), matches: "error_rate")
        try fixture.expect(Float(found.areaUnderRiskCoverage), matches: "aurc")
        try fixture.expect(Float(found.areaUnderRiskCoverageOfTies), matches: "aurc_ties")
        try fixture.expect(Float(found.excessAreaUnderRiskCoverage), matches: "e_aurc")
        let correctness = try found.correctness.get()
        try fixture.expect(Float(correctness.areaUnderROC), matches: "auroc")
        try fixture.expect(Float(correctness.falsePositiveRate(atLeast: level)), matches: "fpr95")
        try fixture.expect(Float(correctness.falsePositiveRate(nearest: level)), matches: "fpr95_nearest")
        try fixture.expect(Float(correctness.falsePositiveRate(nearest: level, droppingCollinear: true)), matches: "fpr95_nearest_dropped")
        try fixture.expect(Float(correctness.averagePrecision), matches: "ap_correct")
        try fixture.expect(Float(found.errors.get().averagePrecision), matches: "ap_error")
    }

    @Test("detection of out-of-distribution samples", arguments: GoldenFixtures.cases(kind: "ood-detection"))
    func outOfDistribution(fixture: GoldenFixture) throws {
        let level = try fixture.params.number("level")
        let temperature = try fixture.params.number("temperature")
        let isIn = try fixture.integers("is_in").map { $0 == 1 }
        for score in OutOfDistributionScore.allCases {
            // The temperature is the energy's; the largest probability is that of the model as it is.
            let probabilities = try ClassProbabilities(logits: fixture.tensor("logits"), temperature: score == .energy ? temperature : 1)
            let values = score.values(probabilities, temperature: temperature)
            let name = score.rawValue
            try fixture.expect(values.map(Float.init), matches: name)
            let found = try Detection(scores: values, isPositive: isIn)
            let reversed = try Detection(scores: values.map(-), isPositive: isIn.map(!))
            try fixture.expect(Float(found.areaUnderROC), matches: "\(name).auroc")
            try fixture.expect(Float(reversed.areaUnderROC), matches: "\(name).auroc")
            try fixture.expect(Float(found.falsePositiveRate(atLeast: level)), matches: "\(name).fpr95")
            try fixture.expect(Float(reversed.falsePositiveRate(atLeast: level)), matches: "\(name).fpr95_out_positive")
            try fixture.expect(Float(found.averagePrecision), matches: "\(name).aupr_in")
            try fixture.expect(Float(reversed.averagePrecision), matches: "\(name).aupr_out")
        }
    }

    @Test("scores by class and group", arguments: GoldenFixtures.cases(kind: "classification-scores"))
    func scores(fixture: GoldenFixture) throws {
        let (logits, labels, groups) = (try fixture.tensor("logits"), try fixture.integers("labels"), try fixture.integers("groups"))
        let classes = try fixture.params.integer("C")
        let predictions = try ClassProbabilities(logits: logits).predictions
        #expect(try predictions == fixture.integers("pred"))
        let found = try ClassificationScores(predictions: predictions, labels: labels, classes: classes)
        let byGroup = try GroupAccuracies(predictions: predictions, labels: labels, groups: groups)
        try fixture.expect(Float(found.accuracy), matches: "accuracy")
        #expect(try byGroup.groups == fixture.integers("groups_present"))
        try fixture.expect(byGroup.accuracies.map(Float.init), matches: "group_accuracy")
        try fixture.expect(Float(byGroup.worst.accuracy), matches: "worst_group")
        try fixture.expect(Float(byGroup.mean), matches: "mean_group")
        let finer = try GroupAccuracies(predictions: predictions, labels: labels, groups: zip(labels, groups).map { $0 + classes * $1 })
        try fixture.expect(Float(finer.worst.accuracy), matches: "worst_group_class_domain")
        try fixture.expect(found.precision.map(Float.init), matches: "precision")
        try fixture.expect(found.recall.map(Float.init), matches: "recall")
        try fixture.expect(found.f1.map(Float.init), matches: "f1")
        try fixture.expect(Float(found.macroF1), matches: "macro_f1")
        try fixture.expect(Float(found.macroF1OfLabels), matches: "macro_f1_labels")
        try fixture.expect(Float(found.macroF1OfAll), matches: "macro_f1_all")
        try fixture.expect(Float(found.balancedAccuracy), matches: "balanced_accuracy")
    }

    @Test("Shapley values of modalities", arguments: GoldenFixtures.cases(kind: "modality-shapley"))
    func shapley(fixture: GoldenFixture) throws {
        let found = try ModalityShapley(scores: fixture.tensor("v").values.map(Double.init))
        try fixture.expect(found.values.map(Float.init), matches: "shapley")
        try fixture.expect(found.interactions.flatMap { $0.map(Float.init) }, matches: "interaction")
    }

    @Test("robustness curves", arguments: GoldenFixtures.cases(kind: "robustness-curve"))
    func robustness(fixture: GoldenFixture) throws {
        func curve(_ name: String) throws -> RobustnessCurve {
            try RobustnessCurve(
                levels: fixture.tensor("levels").values.map(Double.init), performance: fixture.tensor(name).values.map(Double.init))
        }
        let (found, baseline) = (try curve("performance"), try curve("late_fusion"))
        try fixture.expect(Float(found.relativeOfFixedWidth), matches: "relative")
        try fixture.expect(Float(found.relative), matches: "relative_levels")
        try fixture.expect(Float(found.effective(against: baseline)), matches: "effective")
        #expect(try baseline.effective(against: baseline) == 0)
    }
}
