import Results
import SampleResults
import Testing

@testable import Reports

@Suite("The numbers of a report")
struct ReportTableTests {
    private func close(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) < 1e-12 } ?? false
    }

    @Test("A cell is the mean and deviation over seeds")
    func cell() throws {
        let table = try Report(results: SampleStudy.complete, settings: SampleStudy.settings()).variants[0].score
        let cell = table.rows[1].cells[1]
        #expect(close(cell.estimate?.mean, 0.655))
        #expect(close(cell.estimate?.deviation, (2 * 0.035 * 0.035).squareRoot()))
        #expect(cell.isComplete)
    }

    @Test("The average's deviation is that of the seeds' averages over targets")
    func average() throws {
        let table = try Report(results: SampleStudy.complete, settings: SampleStudy.settings()).variants[0].score
        // Fusion by seed: (50 + 60) / 2 = 55 and (54 + 64) / 2 = 59.
        #expect(close(table.rows[0].average.estimate?.mean, 0.57))
        #expect(close(table.rows[0].average.estimate?.deviation, 8.0.squareRoot() / 100))
    }

    @Test("The difference to the baseline is paired over seeds and domains")
    func difference() throws {
        let table = try Report(results: SampleStudy.complete, settings: SampleStudy.settings()).variants[0].score
        let difference = try #require(table.rows[1].difference?.difference)
        // 3, 2, 2, 5: mean 3, squared deviations 0+1+1+4 = 6, error √(6/3/4).
        #expect(close(difference.estimate.mean, 0.03))
        #expect(close(difference.estimate.standardError, 0.5.squareRoot() / 100))
        #expect(difference.pairs == 4)
        #expect(table.rows[0].difference == nil)
    }

    @Test("With repetitions the standard error is taken over draws, not over all pairs")
    func repetitions() throws {
        let draws = [["data.draw": "1"], ["data.draw": "2"]]
        let results = draws.enumerated().flatMap { index, draw in
            [
                SampleStudy.result("Fusion", "D1", 0, 0.50, repetition: draw),
                SampleStudy.result("Fusion", "D2", 0, 0.60, repetition: draw),
                SampleStudy.result("+ MER", "D1", 0, index == 0 ? 0.52 : 0.55, repetition: draw),
                SampleStudy.result("+ MER", "D2", 0, index == 0 ? 0.66 : 0.61, repetition: draw),
            ]
        }
        let settings = SampleStudy.settings(seeds: [0], repetitions: draws)
        let row = try Report(results: results, settings: settings).variants[0].score.rows[1]
        let difference = try #require(row.difference?.difference)
        // Draw 1: (2 + 6) / 2 = 4; draw 2: (5 + 1) / 2 = 3. Mean 3.5, error |4 − 3| / 2.
        #expect(close(difference.estimate.mean, 0.035))
        #expect(close(difference.estimate.standardError, 0.005))
        #expect(difference.estimate.count == 2)
        #expect(difference.pairs == 4)
        #expect(row.cells[0].planned == 2)
    }

    @Test("A failed trial is left out of its cell, of its seed's average and of its pair")
    func failure() throws {
        var results = SampleStudy.complete
        results[5] = SampleStudy.failure("+ MER", "D1", 1)
        let report = try Report(results: results, settings: SampleStudy.settings())
        let row = report.variants[0].score.rows[1]
        #expect(row.cells[0].estimate?.mean == 0.53)
        #expect(row.cells[0].count == 1)
        #expect(row.cells[0].failed == 1)
        #expect(row.cells[1].isComplete)
        #expect(close(row.average.estimate?.mean, (0.53 + 0.62) / 2))
        #expect(row.average.count == 1)
        #expect(row.difference?.difference?.pairs == 3)
        #expect(row.difference?.failed == 1)
        #expect(report.failures.map(\.key) == [results[5].key])
        #expect(report.finishedCount == 7)
    }

    @Test("A trial that was not run is told from one that failed")
    func missing() throws {
        let report = try Report(results: Array(SampleStudy.complete.dropLast()), settings: SampleStudy.settings())
        let cell = report.variants[0].score.rows[1].cells[1]
        #expect((cell.count, cell.planned, cell.failed) == (1, 2, 0))
        #expect(report.missingCount == 1)
        #expect(report.failures.isEmpty)
    }

    @Test("A result that no table would show is an error that names its trial")
    func strangers() {
        let results = SampleStudy.complete + [SampleStudy.result("+ Old row", "D1", 0, 0.1)]
        let fault = #expect(throws: ReportFault.self) { try Report(results: results, settings: SampleStudy.settings()) }
        #expect(
            fault?.description
                == "1 result would be in no table, since the run's settings plan no such trial: + Old row → D1, seed 0")
    }

    @Test("Results that only the run folder holds are named in the report and enter no figure")
    func stray() throws {
        let report = try Report(results: SampleStudy.complete, settings: SampleStudy.settings(), stray: ["trials/+_Old/D1/0/result.json"])
        #expect(report.variants == (try Report(results: SampleStudy.complete, settings: SampleStudy.settings())).variants)
        #expect(report.document().terminalText().contains("• trials/+_Old/D1/0/result.json"))
    }

    /// Two variants that share nothing but a row: other targets, other seeds, another protocol.
    static func uneven() throws -> Report {
        let variants = [
            VariantSettings(
                assignment: ["protocol": "multi"], baseline: "Fusion", rows: ["Fusion", "+ MER"], targets: ["D1", "D2"], seeds: [0, 1],
                selection: "validation", protocolText: "others train", lines: ["data: a", "training: 5 epochs"]),
            VariantSettings(
                assignment: ["protocol": "single"], baseline: "Fusion", rows: ["Fusion", "+ MER"],
                targets: ["D1 → D2", "D1 → D3", "D2 → D1"], trainedOn: ["D1 → D2": "D1", "D1 → D3": "D1", "D2 → D1": "D2"], seeds: [0],
                selection: "validation", protocolText: "one trains", lines: ["data: b", "training: 5 epochs"]),
        ]
        let settings = RunSettings(recipe: "both", dials: ["protocol"], variants: variants, machine: "m", threads: 1)
        let results = settings.keys.enumerated().map { index, key in
            SampleStudy.result(key.row, key.target, key.seed, 0.5 + Double(index) / 100, variant: key.variant)
        }
        return try Report(results: results, settings: settings)
    }

    @Test("Variants with different targets keep all their results, in tables, text and CSV")
    func unevenVariants() throws {
        let report = try Self.uneven()
        #expect(report.variants.map(\.score.targets) == [["D1", "D2"], ["D1 → D2", "D1 → D3", "D2 → D1"]])
        #expect(report.plannedCount == 8 + 6 && report.finishedCount == 14)
        #expect(report.variants.allSatisfy { $0.score.rows.allSatisfy { $0.average.isComplete } })
        let text = report.document().markdown()
        #expect(text.contains("- Protocol (protocol = multi): others train\n- Protocol (protocol = single): one trains"))
        #expect(text.contains("- Training: 5 epochs\n- protocol = multi: data: a\n- protocol = single: data: b"))
        #expect(text.contains(/\|\s+D1 → D2 \|\s+D1 → D3 \|\s+D2 → D1 \|/) && text.contains("(one seed)"))
        let lines = report.csv().split(separator: "\r\n")
        #expect(lines.count { $0.contains(",single,accuracy,cell,") } == 6)
        #expect(lines.count { $0.contains(",multi,accuracy,cell,") } == 4)
    }

    @Test("Columns of one training are one unit of every statistic, not independent pairs")
    func sharedTrainings() throws {
        let report = try Self.uneven()
        let difference = try #require(report.variants[1].score.rows[1].difference?.difference)
        #expect(difference.pairs == 3)
        #expect(difference.units.count == 2)
        #expect(report.variants[0].score.rows[1].difference?.difference?.units.count == 4)
        #expect(report.document().markdown().contains("over 2 pairs of trainings, each the mean over all domains"))
    }

    @Test("Results that name one training are one unit, whichever targets they are of")
    func namedTrainings() throws {
        let results = SampleStudy.complete.map { result in
            var result = result
            result.training = "\(result.key.row) \(result.key.seed)"
            return result
        }
        let row = try Report(results: results, settings: SampleStudy.settings()).variants[0].score.rows[1]
        // Seed 0: (3 + 2) / 2; seed 1: (2 + 5) / 2.
        let units = try #require(row.difference?.difference?.units)
        #expect(units.count == 2 && close(units[0], 0.025) && close(units[1], 0.035))
        #expect(row.difference?.isComplete == true)
    }

    @Test("What a training took and logged counts once, however many targets it is measured on")
    func costOfSharedTrainings() throws {
        var results = SampleStudy.complete.map { result in
            var result = result
            result.training = "\(result.key.row) \(result.key.seed)"
            result.times = TrialTimes(started: Double(result.key.seed), epochs: [10])
            result.stepCost = StepCost(seconds: 1, terms: [])
            result.epochs = [EpochRecord(epoch: 1, trainingLoss: Double(result.key.seed), targetScore: result.targetScore)]
            return result
        }
        let report = try Report(results: results, settings: SampleStudy.settings())
        let variant = report.variants[0]
        #expect(report.span?.seconds == 16, "four trainings of 4 s")
        #expect(variant.costs.map(\.trials) == [2, 2])
        #expect(variant.usage.map(\.secondsPerTraining) == [4, 4])
        let curves = try #require(variant.curves.first { $0.first?.quantity == .trainingLoss })
        #expect(curves.map { $0.points[0].estimate.count } == [2, 2])
        let targets = try #require(variant.curves.first { $0.first?.quantity == .target(.accuracy) })
        #expect(targets.map { $0.points[0].estimate.count } == [4, 4])
        // One that was trained again, for a target that was added, took its own time.
        results[0].times?.started = 100
        #expect(try Report(results: results, settings: SampleStudy.settings()).span?.seconds == 20)
    }

    @Test("A figure that is no number is counted and said, enters no mean and is never the best", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(value: Double) throws {
        var results = SampleStudy.complete
        results[4].targetScore = value
        let report = try Report(results: results, settings: SampleStudy.settings())
        let cell = report.variants[0].score.rows[1].cells[0]
        #expect((cell.count, cell.planned, cell.notFinite) == (1, 2, 1))
        #expect(cell.estimate?.mean == 0.56)
        #expect(report.variants[0].score.rows[1].difference?.difference?.pairs == 3)
        #expect(report.document().markdown().contains("56.0 (1 of 2, 1 not finite)"))
        results[5].targetScore = value
        let all = try Report(results: results, settings: SampleStudy.settings())
        #expect(all.document().markdown().contains("not finite (0 of 2)"))
        #expect(all.csv().contains(",accuracy,cell,'+ MER,D1,percent,,,,0,0,2,0,2,"))
    }

    @Test("The order of the results does not change a bit of the report")
    func order() throws {
        let report = try Report(results: SampleStudy.complete.reversed(), settings: SampleStudy.settings())
        #expect(report == (try Report(results: SampleStudy.complete, settings: SampleStudy.settings())))
    }

    @Test("Every variant gets tables of its own")
    func variants() throws {
        let variants = [["data.rel": "1"], ["data.rel": "0.9"]]
        let results = variants.enumerated().map { index, variant in
            SampleStudy.result("Fusion", "D1", 0, index == 0 ? 0.4 : 0.8, variant: variant)
        }
        let settings = SampleStudy.settings(
            rows: ["Fusion"], targets: ["D1"], seeds: [0], dials: ["data.rel"], variants: variants)
        let report = try Report(results: results, settings: settings)
        #expect(report.variants.map { $0.score.rows[0].average.estimate?.mean } == [0.4, 0.8])
        #expect(report.label(of: variants[1]) == "data.rel = 0.9")
    }

    @Test("Tuned values are counted, the most frequent first, ties in order of appearance")
    func tuned() throws {
        let usage = try Report(results: SampleStudy.complete, settings: SampleStudy.settings()).variants[0].usage
        #expect(usage[0].tuned.isEmpty)
        let expected: [TunedValue.Choice] = [
            .init(value: "1", count: 2), .init(value: "3", count: 1), .init(value: "0.1", count: 1),
        ]
        #expect(usage[1].tuned == [TunedValue(path: "mer.weight", choices: expected)])
        #expect(close(usage[1].penaltyShare, 0.015))
    }

    @Test("Two results for one trial are an error that names the trial")
    func duplicate() {
        let results = SampleStudy.complete + [SampleStudy.complete[4]]
        let fault = #expect(throws: ReportFault.self) {
            try Report(results: results, settings: SampleStudy.settings())
        }
        #expect(
            fault?.description
                == "two results claim to be the trial + MER → D1, seed 0: one of the two files was copied or moved")
    }

    @Test("A baseline that is no row is an error that lists the rows")
    func unknownBaseline() {
        let fault = #expect(throws: ReportFault.self) {
            try Report(results: [], settings: SampleStudy.settings(baseline: "Fuson"))
        }
        #expect(fault?.description == "the baseline row 'Fuson' is not one of the rows: Fusion, + MER")
    }
}
