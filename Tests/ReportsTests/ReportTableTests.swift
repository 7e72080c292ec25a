import Results
import Testing

@testable import Reports

@Suite("The numbers of a report")
struct ReportTableTests {
    private func close(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) < 1e-12 } ?? false
    }

    @Test("A cell is the mean and deviation over seeds")
    func cell() throws {
        let table = try Report(results: Fixtures.complete, settings: Fixtures.settings()).variants[0].accuracy
        let cell = table.rows[1].cells[1]
        #expect(close(cell.estimate?.mean, 0.655))
        #expect(close(cell.estimate?.deviation, (2 * 0.035 * 0.035).squareRoot()))
        #expect(cell.isComplete)
    }

    @Test("The average's deviation is that of the seeds' averages over targets")
    func average() throws {
        let table = try Report(results: Fixtures.complete, settings: Fixtures.settings()).variants[0].accuracy
        // Fusion by seed: (50 + 60) / 2 = 55 and (54 + 64) / 2 = 59.
        #expect(close(table.rows[0].average.estimate?.mean, 0.57))
        #expect(close(table.rows[0].average.estimate?.deviation, 8.0.squareRoot() / 100))
    }

    @Test("The difference to the baseline is paired over seeds and domains")
    func difference() throws {
        let table = try Report(results: Fixtures.complete, settings: Fixtures.settings()).variants[0].accuracy
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
                Fixtures.result("Fusion", "D1", 0, 0.50, repetition: draw),
                Fixtures.result("Fusion", "D2", 0, 0.60, repetition: draw),
                Fixtures.result("+ MER", "D1", 0, index == 0 ? 0.52 : 0.55, repetition: draw),
                Fixtures.result("+ MER", "D2", 0, index == 0 ? 0.66 : 0.61, repetition: draw),
            ]
        }
        let settings = Fixtures.settings(seeds: [0], repetitions: draws)
        let row = try Report(results: results, settings: settings).variants[0].accuracy.rows[1]
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
        var results = Fixtures.complete
        results[5] = Fixtures.failure("+ MER", "D1", 1)
        let report = try Report(results: results, settings: Fixtures.settings())
        let row = report.variants[0].accuracy.rows[1]
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
        let report = try Report(results: Array(Fixtures.complete.dropLast()), settings: Fixtures.settings())
        let cell = report.variants[0].accuracy.rows[1].cells[1]
        #expect((cell.count, cell.planned, cell.failed) == (1, 2, 0))
        #expect(report.missingCount == 1)
        #expect(report.failures.isEmpty)
    }

    @Test("Results outside the plan are counted and enter no figure")
    func strangers() throws {
        let results = Fixtures.complete + [Fixtures.result("+ Old row", "D1", 0, 0.1)]
        let report = try Report(results: results, settings: Fixtures.settings())
        #expect(report.strangerCount == 1)
        #expect(report.variants == (try Report(results: Fixtures.complete, settings: Fixtures.settings())).variants)
    }

    @Test("The order of the results does not change a bit of the report")
    func order() throws {
        let report = try Report(results: Fixtures.complete.reversed(), settings: Fixtures.settings())
        #expect(report == (try Report(results: Fixtures.complete, settings: Fixtures.settings())))
    }

    @Test("Every variant gets tables of its own")
    func variants() throws {
        let variants = [["data.rel": "1"], ["data.rel": "0.9"]]
        let results = variants.enumerated().map { index, variant in
            Fixtures.result("Fusion", "D1", 0, index == 0 ? 0.4 : 0.8, variant: variant)
        }
        let settings = Fixtures.settings(
            rows: ["Fusion"], targets: ["D1"], seeds: [0], dials: ["data.rel"], variants: variants)
        let report = try Report(results: results, settings: settings)
        #expect(report.variants.map { $0.accuracy.rows[0].average.estimate?.mean } == [0.4, 0.8])
        #expect(report.label(of: variants[1]) == "data.rel = 0.9")
    }

    @Test("Tuned values are counted, the most frequent first, ties in order of appearance")
    func tuned() throws {
        let usage = try Report(results: Fixtures.complete, settings: Fixtures.settings()).variants[0].usage
        #expect(usage[0].tuned.isEmpty)
        let expected: [TunedValue.Choice] = [
            .init(value: "1", count: 2), .init(value: "3", count: 1), .init(value: "0.1", count: 1),
        ]
        #expect(usage[1].tuned == [TunedValue(path: "mer.weight", choices: expected)])
        #expect(close(usage[1].penaltyShare, 0.015))
    }

    @Test("Two results for one trial are an error that names the trial")
    func duplicate() {
        let results = Fixtures.complete + [Fixtures.complete[4]]
        let fault = #expect(throws: ReportFault.self) {
            try Report(results: results, settings: Fixtures.settings())
        }
        #expect(
            fault?.description
                == "two results claim to be the trial + MER → D1, seed 0: one of the two files was copied or moved")
    }

    @Test("A baseline that is no row is an error that lists the rows")
    func unknownBaseline() {
        let fault = #expect(throws: ReportFault.self) {
            try Report(results: [], settings: Fixtures.settings(baseline: "Fuson"))
        }
        #expect(fault?.description == "the baseline row 'Fuson' is none of the rows: Fusion, + MER")
    }
}
