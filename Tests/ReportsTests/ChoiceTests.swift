import Results
import SampleResults
import Selection
import Statistics
import Testing

@testable import Reports

@Suite("How well selection rules choose")
struct ChoiceTests {
    private static let paths = ["0", "1", "3"]

    /// A row tuned over three values on two targets, in two draws: source validation is saturated and picks the lowest by its loss, each modality alone and
    /// left-out domains rise with the value, and so does the target.
    private static func results(measured: Bool = true, saturated: Bool = true) -> [TrialResult] {
        ["0", "1"].flatMap { draw in
            ["D1", "D2"].flatMap { target -> [TrialResult] in
                let lift = draw == "1" ? 0.1 : 0
                let candidates = paths.enumerated().map { index, value -> CandidateScore in
                    let place = Double(index)
                    let sources = SourceScores(
                        saturated ? 1 : 0.5 + 0.2 * place, loss: 0.01 + 0.01 * place, samples: 100, alone: ["a": 0.3 + 0.2 * place, "v": 0.3], recombined: 1)
                    let leftOut = [SourceScores(0.4 + 0.1 * place, loss: 1, samples: 100), SourceScores(0.5 + 0.1 * place, loss: 1, samples: 100)]
                    return CandidateScore(
                        values: [ChosenValue(path: "mer.weight", value: value)], score: sources.score,
                        evidence: SourceEvidence(position: index, seeds: [.init(heldBack: sources, leftOut: leftOut)]),
                        measured: measured ? .init(sources: sources, target: 0.5 + lift + 0.1 * place) : nil)
                }
                var guards = ChoiceGuards(of: .sourceValidation, candidates.compactMap(\.evidence), in: SelectionSituation(.values))
                guards.ends = [.init(path: "mer.weight", isHighest: false)]
                var tuned = SampleStudy.result("+ MER", target, 0, 0.5 + lift, repetition: ["data.draw": draw], chosen: candidates[0].values)
                (tuned.candidates, tuned.choice) = (candidates, ChoiceRecord(rule: "source-validation", unit: .score, guards: guards))
                return [SampleStudy.result("Fusion", target, 0, 0.5 + lift, repetition: ["data.draw": draw]), tuned]
            }
        }
    }

    private static let settings = SampleStudy.settings(seeds: [0], repetitions: [["data.draw": "0"], ["data.draw": "1"]])

    private static func report(_ results: [TrialResult], comparing rules: [SelectionRule]? = nil) throws -> Report {
        try Report(results: results, settings: settings, comparing: rules)
    }

    private func verdict(_ rule: String) throws -> ChoiceFindings.Verdict {
        let finding = try #require(Self.report(Self.results()).variants[0].choices.first)
        #expect(finding.subject == .values && finding.row == "+ MER")
        return try #require(finding.verdicts.first { $0.rule == rule })
    }

    private func isEqual(_ value: Double?, _ other: Double) -> Bool { value.map { abs($0 - other) < 1e-12 } ?? false }

    @Test("regret is what the best candidate on the target has more, over draws")
    func regret() throws {
        let validation = try verdict("source-validation")
        #expect(isEqual(validation.target?.mean, 0.55) && isEqual(validation.regret?.mean, 0.2) && isEqual(validation.regret?.standardError, 0))
        #expect(validation.gain == nil && validation.decided == 4 && validation.regret?.count == 2)
        let silenced = try verdict("silenced-modality")
        #expect(isEqual(silenced.regret?.mean, 0) && isEqual(silenced.gain?.mean, 0.2))
        #expect(isEqual(try verdict("leave-one-source-out").gain?.mean, 0.2))
        #expect(isEqual(try verdict("guarded-silenced").gain?.mean, 0.2))
    }

    @Test("the ends of the grid that a rule chose are counted, and choices that nothing decided")
    func ends() throws {
        let validation = try verdict("source-validation")
        #expect(validation.lowest == 4 && validation.highest == 0 && validation.undecidable == 4)
        let silenced = try verdict("silenced-modality")
        #expect(silenced.lowest == 0 && silenced.highest == 4 && silenced.undecidable == 0)
    }

    @Test("the rank correlation of a criterion with the target is 1 where they rise together, and missing where the criterion does not move")
    func correlation() throws {
        #expect(isEqual(try verdict("silenced-modality").correlationWithin, 1))
        #expect(try verdict("source-validation").correlation == nil)
        // A lower loss is the better one, and here the lower loss has the lower target.
        #expect(isEqual(try verdict("source-loss").correlationWithin, -1))
        // Two draws of another level each make the pooled one smaller.
        #expect(try (verdict("silenced-modality").correlation ?? 0) < 1)
    }

    @Test("rules agree with themselves always, and with others as often as they chose the same")
    func agreement() throws {
        let finding = try #require(Self.report(Self.results()).variants[0].choices.first)
        let names = finding.verdicts.map(\.rule)
        func share(_ one: String, _ other: String) -> Double? {
            names.firstIndex(of: one).flatMap { one in names.firstIndex(of: other).flatMap { finding.agreement[one][$0] } }
        }
        #expect(share("source-validation", "source-validation") == 1)
        #expect(share("source-validation", "silenced-modality") == 0)
        #expect(share("guarded-silenced", "leave-one-source-out") == 1)
        #expect(isEqual(finding.random?.mean, 0.65) && isEqual(finding.randomRegret?.mean, 0.1) && isEqual(finding.oracle?.mean, 0.75))
    }

    @Test("rows and epochs can be chosen among too, where a comparison asks for them")
    func otherSubjects() throws {
        let results = Self.results().map { result -> TrialResult in
            var result = result
            result.epochs = (1...3).map { epoch in
                EpochRecord(
                    epoch: epoch, trainingLoss: 1, sourceValidationScore: 0.9, sourceValidationLoss: 1 / Double(epoch), targetScore: 0.1 * Double(epoch))
            }
            return result
        }
        let findings = try Self.report(results, comparing: [.sourceValidation, .lastEpoch]).variants[0].choices
        #expect(findings.map(\.subject) == [.values, .rows, .epochs])
        #expect(findings[2].verdicts.map(\.rule) == ["source-validation", "last-epoch"])
        #expect(findings[2].verdicts.allSatisfy { isEqual($0.regret?.mean, 0) && $0.decisions == 8 })
        // Values have no last one.
        #expect(findings[0].verdicts.map(\.rule) == ["source-validation"])
    }

    @Test("a table says that nothing could choose, that the end of the grid was chosen, and shows the row at every strength")
    func warnings() throws {
        let report = try Self.report(Self.results())
        #expect(
            report.warnings == [
                "+ MER: in 4 of 4 choices source-validation could not tell any value from the best one, because all lie within the resolution of its criterion: "
                    + "the choice there is chance.",
                "+ MER: source-validation chose the lowest mer.weight of the grid in 4 of 4 choices; a better one may lie lower.",
                "+ MER: its values could not be chosen reliably; the row is shown at every strength below.",
            ])
        let text = report.document().markdown()
        #expect(text.contains("How well does a rule choose?") && text.contains("+ MER at every strength"))
        let figures = try #require(report.variants[0].strengths["+ MER"])
        #expect(figures.map { $0.values[0].value } == ["0", "1", "3"])
        #expect(isEqual(figures[2].target?.mean, 0.75) && figures[0].chosen == 4)
        #expect(isEqual(figures[1].criteria["leave-one-source-out"], 0.55))
    }

    @Test("without measured candidates the report has no such part, and says how to get it")
    func unmeasured() throws {
        let report = try Self.report(Self.results(measured: false))
        #expect(report.variants[0].choices.isEmpty && report.variants[0].strengths.isEmpty)
        #expect(report.warnings.last?.contains("choice: [source-validation, leave-one-source-out]") == true)
        #expect(!report.document().markdown().contains("How well does a rule choose?"))
        #expect(report.choiceDocument().markdown().contains("only the chosen ones were measured on the target"))
    }

    @Test("a choice that told its values apart is not warned of, but for the end of the grid")
    func decided() throws {
        let warnings = try Self.report(Self.results(saturated: false)).warnings
        #expect(warnings.count == 1 && warnings[0].contains("chose the lowest mer.weight"))
    }

    @Test("rules choose the same whatever the target's figures are")
    func poisoned() throws {
        let poisoned = Self.results().map { result -> TrialResult in
            var result = result
            result.candidates = result.candidates?.enumerated().map { index, candidate in
                var candidate = candidate
                candidate.measured?.target = [0.9, 0.2, 0.1][index]
                return candidate
            }
            return result
        }
        let (one, other) = (try Self.report(Self.results()).variants[0].choices[0], try Self.report(poisoned).variants[0].choices[0])
        #expect(one.agreement == other.agreement)
        #expect(one.verdicts.map { [$0.lowest, $0.highest] } == other.verdicts.map { [$0.lowest, $0.highest] })
        #expect(one.verdicts.map(\.regret) != other.verdicts.map(\.regret))
    }
}
