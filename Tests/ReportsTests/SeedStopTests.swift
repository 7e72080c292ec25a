import Results
import SampleResults
import Statistics
import Testing

@testable import Reports

@Suite("A report of a study whose seeds go by differences")
struct SeedStopTests {
    private func report(_ differences: [Double], reach: Double = 1, looks: [Int] = [3, 5, 8]) throws -> Report {
        var settings = SampleStudy.settings(targets: ["D1"], seeds: Array(1...(looks.last ?? 1)))
        settings.variants[0].design = SeedDesign(baseline: "Fusion", reach: reach / 100, looks: looks)
        let results = differences.enumerated().flatMap { index, difference in
            [SampleStudy.result("Fusion", "D1", index + 1, 0.5), SampleStudy.result("+ MER", "D1", index + 1, 0.5 + difference / 100)]
        }
        return try Report(results: results, settings: settings)
    }

    @Test("says when it stopped, and an interval that knows that somebody looked before")
    func stopped() throws {
        let report = try report([2, 4, 1, 2.1, 2.2], reach: 3)
        #expect(report.finishedCount == 10 && report.plannedCount == 10 && report.missingCount == 0)
        let stop = try #require(report.variants[0].seedStop)
        #expect(stop.isDecided && stop.look == 1 && stop.seeds == 5)
        let expected = ConfidenceInterval.student([2, 4, 1, 2.1, 2.2].map { $0 / 100 }, confidence: 1 - 0.05 * 2 / 8)
        #expect(abs((stop.rows[0].interval?.low ?? 0) - (expected?.low ?? 1)) < 1e-12)
        let text = report.document().markdown()
        #expect(text.contains("Stopped at look 2 of 3, after 5 of at most 8 seeds: every difference is known to ± 3.0 percentage points."))
        #expect(text.contains("Looks after 3, 5, 8 seeds and the width at which to stop were declared before the first result."))
        #expect(text.contains("Seeds: 1, 2, 3, 4, 5 of at most 8, decided at looks after 3, 5, 8"))
        #expect(report.csv().contains("difference-at-stop"))
    }

    @Test("leaves out seeds behind the stop, which an earlier run may have trained")
    func surplus() throws {
        let stopped = try report([2, 2.1, 1.9])
        let longer = try report([2, 2.1, 1.9, 9, -9, 9])
        #expect(longer.variants[0].score == stopped.variants[0].score)
        #expect(longer.stray.isEmpty && longer.missingCount == 0)
    }

    @Test("says where the seeds ended before differences were known well enough")
    func ended() throws {
        let report = try report([9, -9, 9, -9, 9, -9, 9, -9])
        let text = report.document().markdown()
        #expect(text.contains("Ended at look 3 of 3, after 8 of at most 8 seeds, without every difference being known to ± 1.0 percentage points."))
        #expect(text.contains("(not ± 1.0)"))
    }

    @Test("of an interrupted study says what the next look waits for")
    func interrupted() throws {
        let report = try report([9, -9, 9, 3])
        #expect(report.plannedCount == 10 && report.missingCount == 2)
        #expect(report.document().markdown().contains("Not decided yet: of the 5 seeds that the next look needs, 4 are complete; there are at most 8."))
    }
}
