import ArgumentParser
import Foundation
import Results
import Statistics

/// `regulus bench seeds`: how seeds in stages do in simulated studies, beside a fixed number of seeds.
struct SeedBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seeds", abstract: "Simulates studies that stop at a wanted precision: coverage of their intervals, and how many seeds they train.",
        discussion: """
            In each simulated study the true differences are zero, and the differences of each seed are normal with the given spread, or have heavier \
            tails. Coverage is how often the interval at the stop contains the truth; the usual 95 % interval at the same stop is shown for \
            comparison. The same arguments give the same figures.
            """)

    @Option(help: "Simulated studies.")
    var studies = 10_000

    @Option(parsing: .upToNextOption, help: "Numbers of seeds after which a study looks at its results, in rising order.")
    var looks = [5, 7, 9, 12, 16, 21, 30]

    @Option(help: "The wanted half-width of intervals, in points.")
    var until = 1.0

    @Option(parsing: .upToNextOption, help: "Standard deviations of differences from seed to seed, in points.")
    var spreads = [0.3, 0.5, 0.75, 1.0, 1.5, 2.0]

    @Option(help: "Rows that are compared; the precision has to be reached for all of them.")
    var rows = 1

    @Option(help: "Degrees of freedom of the Student's t distribution from which differences are drawn; normal by default.")
    var tail: Int?

    @Flag(help: "One JSON object per line.")
    var json = false

    func validate() throws {
        guard (1...1_000_000).contains(studies), (1...100).contains(rows) else {
            throw ValidationError("--studies must be between 1 and 1000000, --rows between 1 and 100")
        }
        guard let last = looks.last, looks[0] > 1, last <= 1000, zip(looks, looks.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw ValidationError("--looks must rise, from 2 to at most 1000")
        }
        guard until > 0, until.isFinite, spreads.allSatisfy({ $0 >= 0 && $0.isFinite }) else { throw ValidationError("--until and --spreads must be above 0") }
        if let tail, !(3...1000).contains(tail) { throw ValidationError("--tail must be between 3 and 1000") }
    }

    private struct Line: Encodable {
        let spread, coverage, naiveCoverage, seeds, fixed, saved, narrow: Double
    }

    func run() throws {
        let design = SpendingDesign(looks: looks)
        let most = Double(looks[looks.count - 1])
        if !json { try StandardOutput.print("spread  coverage  usual interval  seeds  saved  known to ±\(until)") }
        for spread in spreads {
            let found = DesignSimulation(of: design, reach: until, deviation: spread, rows: rows, studies: studies, tail: tail)
            let line = Line(
                spread: spread, coverage: found.coverage, naiveCoverage: found.naiveCoverage, seeds: found.seeds, fixed: most, saved: 1 - found.seeds / most,
                narrow: found.narrow)
            if json {
                try StandardOutput.print(ResultCoding.line(line))
            } else {
                try StandardOutput.print(
                    String(
                        format: "%6.2f  %7.2f %%  %13.2f %%  %5.1f  %3.0f %%  %10.1f %%", spread, found.coverage * 100, found.naiveCoverage * 100, found.seeds,
                        line.saved * 100, found.narrow * 100))
            }
        }
    }
}
