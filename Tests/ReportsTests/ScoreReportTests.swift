import Foundation
import Results
import SampleResults
import Testing

@testable import Reports

@Suite("The report of a score that is no accuracy")
struct ScoreReportTests {
    private static let error = ScoreDescription("mae", title: "mean absolute error", form: .plain, isHigherBetter: false)
    private static let correlation = ScoreDescription("correlation", form: .plain, lowest: -1, highest: 1)

    /// Errors where the sample study has accuracies, and a correlation beside each; − 0.1 of the oracle is + 0.1 here.
    private static func report(_ change: (inout TrialResult) -> Void = { _ in }) throws -> Report {
        var settings = SampleStudy.settings()
        settings.variants[0].scores = [error, correlation]
        let results = SampleStudy.complete.map { result in
            var result = result
            result.score = error
            result.oracleScore = result.targetScore.map { $0 - 0.1 }
            result.epochs = [
                EpochRecord(
                    epoch: 3, trainingLoss: 1, sourceValidationScore: 0.3, sourceValidationLoss: 1,
                    otherSourceValidationScores: ["correlation": 0.5], targetScore: result.targetScore,
                    otherTargetScores: ["correlation": result.key.row == "Fusion" ? 0.25 : 0.5])
            ]
            change(&result)
            return result
        }
        return try Report(results: results, settings: settings)
    }

    @Test("the table has its own unit, and the lowest error is the best")
    func table() throws {
        let text = try Self.report().document().markdown()
        #expect(text.contains("Mean absolute error (lower is better) on the held-out domain, at the epoch that the selection rule chose"))
        #expect(text.contains("| Fusion | 0.520 ± 0.0283 | 0.620 ± 0.0283 | 0.570 ± 0.0283 |"))
        #expect(text.contains("+0.0300 ± 0.00707"))
        #expect(text.contains("mean of the paired differences in units of the mean absolute error ± its standard error"))
        let page = try Self.report().document().html()
        #expect(page.contains("<strong>0.570 ± 0.0283</strong>") && !page.contains("<strong>0.600"))
        #expect(!text.contains("Accuracy") && !text.contains("percent"))
    }

    @Test("looking at the target gains where the error falls")
    func oracle() throws {
        #expect(try Self.report().document().markdown().contains("| Fusion |                 0.470 ± 0.0283 | +0.100 |"))
    }

    @Test("the other scores stand in a table of their own, in files of values, and as curves")
    func others() throws {
        let report = try Self.report()
        let text = report.document().markdown()
        #expect(text.contains("## Other scores"))
        #expect(text.contains("| Row    | Mean absolute error (lower is better) | Correlation |"))
        #expect(text.contains("| + MER  |                        0.600 ± 0.0354 |   0.500 ± 0 |"))
        let csv = report.csv()
        #expect(csv.contains("table13,correlation,cell,'+ MER,D1,,0.500000,"))
        #expect(csv.contains("table13,mae,cell,Fusion,D1,,0.520000,"))
        #expect(report.variants[0].curves.map { "\($0[0].quantity)" }.count { $0.contains("correlation") } == 2)
        let json = try ResultCoding.line(report.records)
        #expect(json.contains(#""measure":"correlation""#) && json.contains(#""unit":"""#))
    }

    @Test("what cannot be computed is said, with the reason")
    func undefined() throws {
        let report = try Self.report { result in
            guard result.key.row == "Fusion" else { return }
            result.epochs[0].otherTargetScores["correlation"] = .nan
            result.epochs[0].undefinedTargetScores = ["correlation": "all predictions are equal"]
        }
        #expect(report.warnings == ["Fusion: in some trials the correlation on the target cannot be computed because all predictions are equal."])
        #expect(report.document().markdown().contains("not finite (0 of 2)"))
    }

    @Test("a perfect error is saturated, and an error of 1 is not")
    func saturated() throws {
        let perfect = try Self.report { $0.targetScore = 0 }.variants[0].score.rows[0]
        #expect(perfect.cells.allSatisfy { $0.isSaturated })
        let poor = try Self.report { $0.targetScore = 1 }.variants[0].score.rows[0]
        #expect(poor.cells.allSatisfy { !$0.isSaturated })
    }

    @Test("expected figures are compared as they are written")
    func expected() throws {
        var settings = SampleStudy.settings()
        settings.variants[0].scores = [Self.error]
        settings.expected = ExpectedFigures(figures: ["Fusion": ["average": 0.58]])
        let check = try Report(results: SampleStudy.complete, settings: settings).variants[0].expectations[0]
        #expect(check.expected == 0.58 && check.verdict == .reproduced)
    }
}
