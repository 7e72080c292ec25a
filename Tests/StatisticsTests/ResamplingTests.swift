import Testing

@testable import Statistics

@Suite("Resampling")
struct ResamplingTests {
    private let values = [0.031, 0.012, -0.004, 0.022, 0.017, 0.008, 0.026, -0.011, 0.019]

    @Test("Equal values have equal intervals, and the interval holds the mean")
    func deterministic() throws {
        let first = try #require(Bootstrap(values)?.biasCorrected())
        #expect(first == Bootstrap(values)?.biasCorrected())
        let mean = try #require(values.mean)
        #expect(first.low < mean && mean < first.high)
    }

    @Test("With many values the bootstrap interval is close to Student's")
    func manyValues() throws {
        let many = (0..<200).map { Double($0 * 37 % 101) / 100 }
        let bootstrap = try #require(Bootstrap(many)?.biasCorrected())
        let student = try #require(ConfidenceInterval.student(many))
        #expect(abs(bootstrap.low - student.low) < 0.004)
        #expect(abs(bootstrap.high - student.high) < 0.004)
    }

    @Test("Equal values have a percentile interval of no width and no corrected one")
    func equalValues() throws {
        let bootstrap = try #require(Bootstrap([0.5, 0.5, 0.5]))
        #expect(bootstrap.biasCorrected() == nil)
        #expect(bootstrap.percentile() == ConfidenceInterval(low: 0.5, high: 0.5))
        #expect(Bootstrap([0.5]) == nil)
        #expect(PairedTTest([0.5, 0.5]) == nil)
        // 0.3 − 0.2 and 0.6 − 0.5 are equal on paper.
        #expect(PairedTTest([0.3 - 0.2, 0.6 - 0.5]) == nil)
    }

    @Test("Sign flips: all of four differences on one side happen in 2 of 16 assignments")
    func fourPairs() throws {
        #expect(try #require(SignFlipTest([1, 2, 3, 4])).p == 0.125)
        // Of 3, −1: sums ±2 and ±4; all four are at least as far out as 2.
        #expect(try #require(SignFlipTest([3, -1])).p == 1)
        #expect(SignFlipTest([]) == nil)
    }

    @Test("Sign flips: sums that are equal on paper count as equal")
    func ties() throws {
        // 0.1 + 0.2 − 0.3 is not zero in binary, and neither is the sum that equals it on paper.
        #expect(try #require(SignFlipTest([0.1, 0.2, -0.3])).p == 1)
    }

    @Test("Sign flips: many pairs are sampled, close to what counting all gives")
    func sampled() throws {
        let few = (0..<SignFlipTest.largestExact).map { Double($0 * 7 % 11) - 3.5 }
        let exact = try #require(SignFlipTest(few))
        let sampled = try #require(SignFlipTest(few + [0]))
        #expect(exact.isExact && !sampled.isExact)
        // A further difference of zero changes no sum. Five standard errors of a share among 50000 are at most 0.0112.
        #expect(abs(exact.p - sampled.p) < 0.0112)
        #expect(sampled == SignFlipTest(few + [0]))
    }

    @Test("Sign flips: assignments drawn one by one give the same p to the last digit", arguments: [19, 64, 70])
    func oneByOne(count: Int) throws {
        let differences = (0..<count).map { Double($0 * 7 % 11) - 3.5 }
        let least = abs(differences.reduce(0, +)) - 1e-12 * differences.reduce(0) { $0 + abs($1) }
        var (random, extreme, bits) = (CountedRandom(stream: 1), 1, UInt64(0))
        for _ in 0..<SignFlipTest.draws {
            var sum = 0.0
            for (index, difference) in differences.enumerated() {
                if index.isMultiple(of: 64) { bits = random.next() }
                sum += bits & 1 == 0 ? difference : -difference
                bits >>= 1
            }
            if abs(sum) >= least { extreme += 1 }
        }
        #expect(try #require(SignFlipTest(differences)).p == Double(extreme) / Double(SignFlipTest.draws + 1))
    }

    @Test("Holm leaves out what has no p value")
    func holm() {
        let adjusted = HolmCorrection.adjusted([0.02, nil, 0.01, 0.5])
        #expect(adjusted[0] == 0.04)
        #expect(adjusted[1] == nil)
        #expect(adjusted[2] == 0.03)
        #expect(adjusted[3] == 0.5)
    }

    @Test("The median of an even number of values lies between the middle two")
    func median() {
        #expect([3, 1, 2].median == 2)
        #expect([4, 1, 3, 2].median == 2.5)
        #expect([Double]().median == nil)
    }
}
