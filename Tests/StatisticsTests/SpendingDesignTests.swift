import Testing

@testable import Statistics

@Suite("Seeds in stages")
struct SpendingDesignTests {
    private let design = SpendingDesign(looks: [5, 7, 9, 12, 16, 21, 30])

    @Test("The levels of all looks add up to the whole, each in proportion to its new seeds")
    func spending() {
        #expect(abs(design.looks.indices.reduce(0) { $0 + design.level(ofLook: $1) } - 0.05) < 1e-15)
        #expect(abs(design.level(ofLook: 0) - 0.05 * 5 / 30) < 1e-15)
        #expect(abs(design.level(ofLook: 6) - 0.05 * 9 / 30) < 1e-15)
    }

    @Test("Reaches are those of SciPy's t at these levels")
    func reach() {
        let expected = [4.851008443097864, 4.697922498820375, 4.122362713802661, 3.4966141732536835, 3.145556604891373, 2.927119116640115, 2.585992030582123]
        for look in design.looks.indices {
            #expect(abs(design.reach(ofLook: look, count: design.looks[look]) - expected[look]) < 1e-9)
        }
    }

    @Test("A study ends at the first look at which every row is known well enough, whatever comes later")
    func stop() {
        let design = SpendingDesign(looks: [3, 5, 7])
        let steady: [Double?] = [1.0, 1.1, 0.9, 5, -5, 9, 9]
        #expect(design.stop([steady], reach: 1, seeds: 7) == 0)
        // The other row differs too much until the last look.
        #expect(design.stop([steady, [0, 9, -9, 9, -9, 9, -9]], reach: 1, seeds: 7) == 2)
        // The third seed is there, the fifth is not yet.
        #expect(design.stop([[0, 9, -9, 9]], reach: 1, seeds: 4) == nil)
        #expect(design.stop([steady], reach: 1, seeds: 2) == nil)
    }

    @Test("Seeds that failed are left out, and equal differences tell nothing of their spread")
    func missing() {
        let design = SpendingDesign(looks: [3, 5])
        #expect(design.stop([[1.0, nil, 1.1, 0.9, 1.05]], reach: 0.2, seeds: 5) == 1)
        #expect(design.interval(of: [2, 2, 2], atLook: 0) == nil)
        #expect(design.stop([[2, 2, 2, 2, 2]], reach: 1, seeds: 5) == 1)
    }

    @Test("What a difference would cost rises with its spread")
    func cost() {
        let looks = [0.3, 0.5, 1, 1.5, 2].map { design.look(forDeviation: $0, reach: 1) }
        #expect(looks == [0, 1, 4, 5, 6])
        #expect(design.look(forDeviation: 2.2, reach: 1) == nil)
    }

    @Test("Over simulated studies the interval at the stop holds the truth, which the usual one does not", arguments: [0.5, 1, 1.5])
    func coverage(deviation: Double) {
        let found = DesignSimulation(of: design, reach: 1, deviation: deviation, studies: 1000)
        #expect(found.coverage >= 0.95)
        #expect(found.seeds < 30)
        #expect(found.naiveCoverage < found.coverage)
    }

    @Test("The same simulation gives the same figures")
    func deterministic() {
        #expect(
            DesignSimulation(of: design, reach: 1, deviation: 1, rows: 3, studies: 50)
                == DesignSimulation(of: design, reach: 1, deviation: 1, rows: 3, studies: 50))
    }
}
