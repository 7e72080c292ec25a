import Results
import SampleResults
import Statistics
import Testing

@testable import Reports

@Suite("What a report finds")
struct FindingsTests {
    private func close(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) < 1e-12 } ?? false
    }

    // MARK: Cost

    /// The complete results with a cost of 4, 6 and 5 ms for the baseline and 8, 10, 7, 9 for the other row.
    private var measured: [TrialResult] {
        let steps: [Double?] = [4, 6, nil, 5, 8, 10, 7, 9]
        return zip(SampleStudy.complete, steps).map { result, milliseconds in
            var result = result
            result.stepCost = milliseconds.map { step in
                StepCost(
                    seconds: step / 1000,
                    terms: result.key.row == "Fusion" ? [] : [.init(instance: "mer", seconds: step / 4000)])
            }
            return result
        }
    }

    @Test("A step's cost is the median over the trials that measured it, beside the baseline's, with each regularizer's part")
    func cost() throws {
        let costs = try Report(results: measured, settings: SampleStudy.settings()).variants[0].costs
        #expect(costs.map(\.row) == ["Fusion", "+ MER"])
        #expect(close(costs[0].step.median, 0.005))
        #expect(close(costs[0].step.quartiles?.low, 0.0045) && close(costs[0].step.quartiles?.high, 0.0055))
        #expect(costs[0].difference == nil)
        #expect(costs[0].trials == 3)
        #expect(close(costs[1].step.median, 0.0085))
        #expect(costs[1].difference.map { if case .seconds(let seconds) = $0 { close(seconds, 0.0035) } else { false } } == true)
        #expect(close(costs[1].terms[0].seconds, 0.002125))
        #expect(close(costs[1].terms[0].share, 0.25))
    }

    @Test("The table of costs has a line a regularizer")
    func costTable() throws {
        let text = try Report(results: measured, settings: SampleStudy.settings()).document().markdown()
        #expect(
            text.contains(
                """
                ## Cost of a step

                | Row    | Step, ms | Middle half, ms | Difference to Fusion, ms | Regularizer | Its part, ms |  Share |
                | ------ | -------: | --------------: | -----------------------: | ----------- | -----------: | -----: |
                | Fusion |     5.00 |    4.50 to 5.50 |                          |             |              |        |
                | + MER  |     8.50 |    7.75 to 9.25 |                    +3.50 | mer         |         2.12 | 25.0 % |
                """))
    }

    @Test("Costs as CSV: a line for the step and one for each regularizer")
    func costCSV() throws {
        let report = try Report(results: measured, settings: SampleStudy.settings())
        #expect(
            report.costsCSV().replacing("\r\n", with: "\n") == """
                recipe,row,part,name,milliseconds,quartile_low,quartile_high,difference_to_baseline,share,trials
                table13,Fusion,step,,5.000000,4.500000,5.500000,,,3
                table13,'+ MER,step,,8.500000,7.750000,9.250000,3.500000,,4
                table13,'+ MER,regularizer,mer,2.125000,,,,0.250000,4

                """)
    }

    @Test("A difference in cost that the trials' spread hides, or of which no spread is known, is not printed")
    func costSpread() throws {
        var results = measured
        results[4].stepCost?.seconds = 0.001
        results[5].stepCost?.seconds = 0.030
        let hidden = try Report(results: results, settings: SampleStudy.settings())
        #expect(hidden.variants[0].costs[1].difference == .withinSpread)
        #expect(hidden.document().markdown().contains("within the spread"))
        for index in [0, 1, 3] where index > 0 { results[index].stepCost = nil }
        #expect(try Report(results: results, settings: SampleStudy.settings()).variants[0].costs[1].difference == .unknownSpread)
    }

    @Test("Without a measured step there is no table of costs")
    func noCost() throws {
        let report = try Report(results: SampleStudy.complete, settings: SampleStudy.settings())
        #expect(report.variants[0].costs.isEmpty)
        #expect(!report.document().markdown().contains("Cost of a step"))
    }

    // MARK: Differences

    @Test("Rows are compared with the baseline, and p values corrected for the number of rows")
    func comparison() throws {
        let settings = SampleStudy.settings(rows: ["Fusion", "+ MER", "+ Noise", "+ Nothing run"])
        let noise = [("D1", 0, 0.51), ("D1", 1, 0.53), ("D2", 0, 0.60), ("D2", 1, 0.66)]
        let results = SampleStudy.complete + noise.map { SampleStudy.result("+ Noise", $0.0, $0.1, $0.2) }
        let comparisons = try Report(results: results, settings: settings).variants[0].comparisons
        #expect(comparisons.map(\.row) == ["+ MER", "+ Noise"])
        let mer = comparisons[0]
        // Differences 3, 2, 2, 5: t = 3 / √0.5; all on one side, so 2 of 16 assignments are as far out.
        #expect(close(mer.test?.tTest.t, 3 / 0.5.squareRoot()))
        #expect(mer.test?.signFlip.p == 0.125)
        #expect(mer.test?.adjustedSignFlip == 0.25)
        #expect(mer.test?.adjustedTTest == mer.test.map { $0.tTest.p * 2 })
        #expect(close(mer.detectable, 2.0.squareRoot() / 100 * (DetectableEffect.standardized(pairs: 4) ?? 0)))
        // Four pairs are too few to resample; Student's critical value for three degrees is 3.182446.
        #expect(mer.interval == nil)
        #expect(abs((mer.studentInterval?.low ?? 1) - (0.03 - 3.182446 * 0.5.squareRoot() / 100)) < 1e-8)
    }

    @Test("From five pairs on there is a bootstrap interval")
    func bootstrap() throws {
        let settings = SampleStudy.settings(seeds: [0, 1, 2])
        let results = SampleStudy.complete + [SampleStudy.result("Fusion", "D1", 2, 0.5), SampleStudy.result("+ MER", "D1", 2, 0.51)]
        let interval = try #require(try Report(results: results, settings: settings).variants[0].comparisons[0].interval)
        #expect(interval.low >= 0.01 && interval.high <= 0.05 && interval.low < 0.026 && interval.high > 0.026)
    }

    @Test("Differences that are all equal claim no certainty: no test, no interval, no detectable size, and no part in the family")
    func constantDifference() throws {
        let settings = SampleStudy.settings(rows: ["Fusion", "+ MER", "+ Same", "+ Five"], seeds: [0, 1, 2])
        let fusion = [0.50, 0.54, 0.52, 0.60, 0.64, 0.61]
        let gains: [String: [Double]] = [
            "+ MER": [0.03, 0.02, 0.01, 0.02, 0.05, 0.04], "+ Five": [0.05, 0.05, 0.05, 0.05, 0.05, 0.05],
        ]
        var results: [TrialResult] = []
        for row in settings.rows {
            for (index, accuracy) in fusion.enumerated() {
                let gain: Double = gains[row]?[index] ?? 0
                results.append(SampleStudy.result(row, index < 3 ? "D1" : "D2", index % 3, accuracy + gain))
            }
        }
        let report = try Report(results: results, settings: settings)
        let comparisons = report.variants[0].comparisons
        for comparison in comparisons where comparison.row != "+ MER" {
            #expect(comparison.test == nil && comparison.interval == nil && comparison.studentInterval == nil && comparison.detectable == nil)
        }
        let mer = try #require(comparisons[0].test)
        #expect(mer.adjustedTTest == mer.tTest.p && mer.adjustedSignFlip == mer.signFlip.p)
        let text = report.document().markdown()
        #expect(text.contains("Holm: both corrected for the 1 row tested."))
        #expect(text.contains("+ Five: all 6 differences are +5.0, so there is no spread"))
        #expect(text.contains("| + Five |       +5.0 |              – |                – |     – |     – |             – |     – |          – |"))
    }

    @Test("Where so many rows are compared that the sign-flip test can show nothing after Holm's correction, the report says so", arguments: [3, 4])
    func powerless(tested: Int) throws {
        let seeds = Array(0..<7)
        let rows = ["Fusion"] + (1...tested).map { "Row \($0)" }
        var results: [TrialResult] = []
        for (index, row) in rows.enumerated() {
            for seed in seeds {
                let gain = Double(index * (seed + 1)) / 200
                results.append(SampleStudy.result(row, "D1", seed, 0.5 + gain))
            }
        }
        let text = try Report(results: results, settings: SampleStudy.settings(rows: rows, targets: ["D1"], seeds: seeds)).document().markdown()
        // Of seven pairs no p is below 2/2⁷: three times that is below 0.05, four times is not.
        let note = "Of 7 (seed, domain) pairs the sign-flip test gives no p below 0.016, which Holm's correction for 4 rows makes 0.062"
        #expect(text.contains(note) == (tested == 4))
    }

    @Test("A row that equals the baseline to the bit is named, and so is a term whose gradient was always zero")
    func inactive() throws {
        let settings = SampleStudy.settings(rows: ["Fusion", "+ Off", "+ Idle", "+ MER"], targets: ["D1"], seeds: [0, 1])
        let shares: [String: [String: Double]] = ["+ Idle": ["task": 1, "idle": 0], "+ MER": ["task": 0.9, "mer": 0.1]]
        var results: [TrialResult] = []
        for row in settings.rows {
            for seed in [0, 1] {
                var result = SampleStudy.result(row, "D1", seed, 0.5)
                let loss: Double = Double(seed) + (shares[row] == nil ? 1 : 1.1)
                result.epochs = [
                    EpochRecord(
                        epoch: 1, trainingLoss: 2, sourceValidationScore: 0.9, sourceValidationLoss: loss, targetScore: 0.5,
                        gradientShares: shares[row] ?? [:])
                ]
                results.append(result)
            }
        }
        let report = try Report(results: results, settings: settings)
        #expect(
            report.warnings == [
                "+ Off trained exactly as Fusion did in all 2 trials: every loss and accuracy on source validation and target is the same, "
                    + "bit for bit. What the row adds had no effect.",
                "In + Idle, idle changed nothing in any trial: its gradient was zero whenever it was measured.",
            ])
        #expect(report.document().markdown().contains("## Warnings\n\n- \\+ Off trained exactly"))
        let other = results.map { result in
            var result = result
            result.epochs[0].sourceValidationLoss = result.epochs[0].sourceValidationLoss.map { result.key.row == "+ Off" ? $0.nextUp : $0 }
            return result
        }
        #expect(try Report(results: other, settings: settings).warnings.count == 1)
    }

    @Test("A term that no trial saw act is named with what was seen, and one that acted in any trial is not")
    func idleTerms() throws {
        var results = SampleStudy.complete
        results[4].effects = [TermEffect(term: "mer", hasActed: false, finding: "its gradient was exactly 0"), TermEffect(term: "b", hasActed: true)]
        results[5].effects = [TermEffect(term: "mer", hasActed: false, finding: "its gradient was exactly 0"), TermEffect(term: "b", hasActed: false)]
        #expect(
            try Report(results: results, settings: SampleStudy.settings()).warnings
                == ["In + MER, mer changed nothing in any trial: its gradient was exactly 0."])
    }

    @Test("A single pair is a difference without a test")
    func singlePair() throws {
        let settings = SampleStudy.settings(targets: ["D1"], seeds: [0])
        let report = try Report(
            results: SampleStudy.complete.filter { $0.key.target == "D1" && $0.key.seed == 0 }, settings: settings)
        #expect(report.variants[0].comparisons[0].test == nil)
        #expect(report.variants[0].comparisons[0].interval == nil)
        #expect(!report.document().markdown().contains("chance"))
    }

    // MARK: Expected figures

    @Test("An expected figure is reproduced within two standard errors of our mean")
    func expectations() throws {
        var settings = SampleStudy.settings(rows: ["Fusion", "+ MER", "+ VICReg"])
        // Fusion on D1: 50 and 54, so 52 ± 2; its average 57 ± 2. + MER on D2: 62 and 69, so 65.5 ± 3.5.
        settings.expected = ExpectedFigures(
            source: "Table 13",
            figures: [
                "Fusion": ["D1": 55.9, "average": 61.1], "+ MER": ["D2": 58.6], "+ VICReg": ["average": 60], "gone": ["D1": 1],
            ])
        let checks = try Report(results: SampleStudy.complete, settings: settings).variants[0].expectations
        #expect(checks.map(\.row) == ["Fusion", "Fusion", "+ MER", "+ VICReg"])
        #expect(checks.map(\.column) == ["D1", "average", "D2", "average"])
        #expect(checks.map(\.verdict) == [.reproduced, .notReproduced, .reproduced, .notRun])
    }

    @Test("Each variant of a sweep is compared with its own figures, cell by cell, also where nothing was run")
    func expectationsOfVariants() throws {
        let variants = [["model.fusion.use": "late"], ["model.fusion.use": "cross-attention"]]
        var settings = SampleStudy.settings(dials: ["model.fusion.use"], variants: variants)
        settings.expected = ExpectedFigures(
            source: "Table 12", figures: [:],
            variants: [
                ExpectedFigures.Variant(settings: variants[0], figures: ["Fusion": ["D1": 52, "average": 70]]),
                ExpectedFigures.Variant(settings: variants[1], figures: ["Fusion": ["average": 59.48], "+ MER": ["average": 61.13]]),
            ])
        let results = SampleStudy.complete.map { result in
            var result = result
            result.key.variant = variants[0]
            return result
        }
        let report = try Report(results: results, settings: settings)
        #expect(report.variants[0].expectations.map(\.verdict) == [.reproduced, .notReproduced])
        #expect(report.variants[1].expectations.map { ($0.expected * 10_000).rounded() } == [5948, 6113])
        #expect(report.variants[1].expectations.map(\.verdict) == [.notRun, .notRun])
    }

    @Test("What a reader should know first stands among the settings")
    func notices() throws {
        var settings = SampleStudy.settings()
        settings.notices = ["No weights are given for the encoders of video."]
        let report = try Report(results: SampleStudy.complete, settings: settings)
        #expect(report.document().markdown().contains("No weights are given for the encoders of video."))
    }

    @Test("One value has no standard error, so nothing is decided by it")
    func undecided() {
        #expect(ExpectationCheck(row: "", column: "", expected: 0.5, ours: Estimate([0.5])).verdict == .undecided)
    }

    @Test("Expected figures stand beside ours, in the table and in the CSV file")
    func expectationTable() throws {
        var settings = SampleStudy.settings()
        settings.expected = ExpectedFigures(source: "Table 13", figures: ["+ MER": ["average": 62.82]])
        let report = try Report(results: SampleStudy.complete, settings: settings)
        #expect(report.document().markdown().contains("| + MER | average |     62.8 |            60.0 ± 2.5 | reproduced |"))
        #expect(report.csv().contains("table13,accuracy,expected,'+ MER,,percent,62.820000,,,0,0,0,0,0,,,,,,,,,,reproduced\r\n"))
    }

    // MARK: Curves

    @Test("A curve is the mean over a row's trials at each epoch, without what is not finite")
    func curves() throws {
        var results = Array(SampleStudy.complete.prefix(2))
        results[0].epochs = [
            EpochRecord(epoch: 1, trainingLoss: 2, terms: ["mer": 1], targetScore: 0.3),
            EpochRecord(epoch: 2, trainingLoss: .nan, terms: ["mer": 3, "mer.weighted": 0.3, "mer.gap": 1], gradientShares: ["mer": 0.2]),
        ]
        results[1].epochs = [EpochRecord(epoch: 1, trainingLoss: 4, terms: ["mer": .infinity], targetScore: 0.5)]
        let curves = try Report(results: results, settings: SampleStudy.settings()).variants[0].curves
        #expect(
            curves.map(\.[0].quantity) == [.target(.accuracy), .trainingLoss, .term("mer"), .term("mer.weighted"), .gradientShare("mer"), .term("mer.gap")])
        #expect(curves[1][0].points.map(\.epoch) == [1])
        #expect(curves[1][0].points[0].estimate.mean == 3)
        #expect(curves[2][0].points.map(\.estimate.mean) == [1, 3])
        #expect(curves[2][0].row == "Fusion")
    }

    @Test("A training that was done again for one of its targets counts once in curves of the training: it came to the same")
    func restartedTraining() throws {
        var results = Array(SampleStudy.complete.prefix(3))
        for (index, loss) in [2.0, 2, 4].enumerated() { results[index].epochs = [EpochRecord(epoch: 1, trainingLoss: loss, terms: [:], targetScore: 0.5)] }
        (results[0].training, results[1].training) = ("same", "same")
        (results[0].times, results[1].times) = (TrialTimes(started: 1), TrialTimes(started: 500))
        let curves = try Report(results: results, settings: SampleStudy.settings()).variants[0].curves
        let loss = try #require(curves.first { $0[0].quantity == .trainingLoss }?.first)
        #expect(loss.points.map(\.estimate.mean) == [3] && loss.points.map(\.estimate.count) == [2])
    }

    @Test("A swept number gives a curve a row, by value, for each setting of the other dials")
    func sensitivity() throws {
        let variants = [("3", "a"), ("0.5", "a"), ("3", "b"), ("0.5", "b")].map { ["mer.weight": $0.0, "model": $0.1] }
        let results = variants.enumerated().map { SampleStudy.result("Fusion", "D1", 0, 0.5 + Double($0) / 10, variant: $1) }
        let settings = SampleStudy.settings(
            rows: ["Fusion"], targets: ["D1"], seeds: [0], baseline: nil, dials: ["mer.weight", "model"], variants: variants)
        let sensitivities = try Report(results: results, settings: settings).sensitivities
        #expect(sensitivities.map(\.dial) == ["mer.weight", "mer.weight"])
        #expect(sensitivities.map(\.others) == [["model": "a"], ["model": "b"]])
        #expect(sensitivities[0].curves[0].points.map(\.value) == [0.5, 3])
        #expect(sensitivities[0].curves[0].points.map { $0.estimate?.mean } == [0.6, 0.5])
    }

    // MARK: Tuned values

    private func tuned(_ target: String, _ seed: Int, _ scores: [([String: String], Double?)]) -> TrialResult {
        var result = SampleStudy.result("+ MER", target, seed, 0.9)
        result.candidates = scores.map { values, accuracy in
            CandidateScore(values: values.sorted { $0.key < $1.key }.map { ChosenValue(path: $0.key, value: $0.value) }, score: accuracy)
        }
        return result
    }

    private func tuning(_ results: [TrialResult]) throws -> [TuningCurve] {
        try Report(results: results, settings: SampleStudy.settings()).variants[0].tuning
    }

    @Test("A tuned number gives a curve of source scores: means over targets, a cell's seeds counted once")
    func tuningCurve() throws {
        let (first, second) = ([(["mer.weight": "3"], 0.6), (["mer.weight": "0.1"], 0.5)], [(["mer.weight": "3"], 0.8), (["mer.weight": "0.1"], nil)])
        let results = [tuned("D1", 0, first), tuned("D1", 1, first), tuned("D2", 0, second)]
        let curves = try tuning(results)
        #expect(curves.map(\.path) == ["mer.weight"] && curves.map(\.row) == ["+ MER"])
        #expect(curves[0].points.map(\.value) == [0.1, 3])
        #expect(curves[0].points.map { $0.estimate?.count } == [1, 2])
        #expect(abs((curves[0].points[1].estimate?.mean ?? 0) - 0.7) < 1e-12)
        #expect(curves[0].isLine)
        let page = try Report(results: results, settings: SampleStudy.settings()).document().html()
        #expect(page.contains("Tuning: accuracy on source validation by mer.weight"))
    }

    @Test("Of a grid of two numbers each has a curve for every value of the other")
    func tuningGrid() throws {
        let grid = ["1", "2"].flatMap { a in ["x", "y"].map { (["a": a, "b": $0], Optional(0.5)) } }
        let curves = try tuning([tuned("D1", 0, grid)])
        #expect(curves.map(\.path) == ["a", "a"])
        #expect(curves.map { $0.others.map(\.value) } == [["x"], ["y"]])
    }

    @Test("Settings that were drawn at random are points without a line, for each number")
    func tuningAtRandom() throws {
        let drawn = (1...4).map { (["a": "\($0)", "b": "\(0.1 * Double($0 * $0))"], Optional(0.5)) }
        let curves = try tuning([tuned("D1", 0, drawn)])
        #expect(curves.map(\.path) == ["a", "b"])
        #expect(curves.allSatisfy { !$0.isLine && $0.points.count == 4 && $0.others.isEmpty })
    }

    @Test("Without tuning there is no such curve")
    func noTuning() throws {
        #expect(try tuning(SampleStudy.complete).isEmpty)
    }

    // MARK: Contributions

    @Test("A run's contributions: means and standard errors over (seed, domain) pairs that have every combination")
    func findings() throws {
        let rows = ["none", "a", "b", "both"]
        var settings = SampleStudy.settings(rows: rows, targets: ["D1"], seeds: [0, 1, 2], baseline: "none")
        settings.variants[0].regularizers = ["none": [], "a": ["a"], "b": ["b"], "both": ["a", "b"]]
        let accuracies: [[Double]] = [[0.50, 0.52, 0.53, 0.61], [0.50, 0.51, 0.52, 0.57], [0.4, 0.5, 0.6, 0.7]]
        var results = accuracies.enumerated().flatMap { seed, values in
            zip(rows, values).map { SampleStudy.result($0, "D1", seed, $1) }
        }
        // The third seed lacks a combination.
        results.removeLast()
        let findings = try #require(try Report(results: results, settings: settings).variants[0].factorial)
        // a: 5 and 3; a × b: 3 and 2.
        let main = findings.effects[0]
        #expect(main.regularizers == ["a"])
        #expect(abs(main.estimate.mean - 0.04) < 1e-12)
        #expect(abs((main.estimate.standardError ?? 0) - 0.01) < 1e-12)
        #expect(main.estimate.count == 2)
        #expect(findings.effects[2].regularizers == ["a", "b"])
        #expect(abs(findings.effects[2].estimate.mean - 0.025) < 1e-12)
        #expect(findings.shapleyValues.map(\.regularizers) == [["a"], ["b"]])
        let text = try Report(results: results, settings: settings).document().markdown()
        #expect(text.contains("| a     | +4.0 ± 1.0 |    +4.0 ± 1.0 |"))
        #expect(text.contains("| a × b | +2.5 ± 0.5 |               |"))
    }
}
