import Results
import SampleResults
import Testing

@Suite("A design of seeds")
struct SeedDesignTests {
    private let design = SeedDesign(baseline: "Fusion", reach: 0.01, looks: [2, 4])

    private var keys: [TrialKey] {
        ["Fusion", "+ MER"].flatMap { row in ["D1", "D2"].map { TrialKey(row: row, target: $0, seed: 0) } }
    }

    private func differences(_ results: [TrialResult], seeds: [Int] = [0, 1, 2, 3]) -> SeedDesign.Differences {
        let known = Dictionary(uniqueKeysWithValues: results.map { ($0.key, $0) })
        return design.differences(of: keys, seeds: seeds) { known[$0]?.outline }
    }

    @Test("has one difference a seed, the mean over targets")
    func differences() {
        let found = differences(SampleStudy.complete)
        #expect(found.rows == ["+ MER"] && found.seeds == 2)
        #expect(abs((found.values[0][0] ?? 0) - 0.025) < 1e-12 && abs((found.values[0][1] ?? 0) - 0.035) < 1e-12)
    }

    @Test("sees the same in whichever order trials ended, and nothing behind a gap")
    func order() {
        #expect(differences(SampleStudy.complete.reversed()) == differences(SampleStudy.complete))
        let gap = SampleStudy.complete.filter { $0.key != TrialKey(row: "+ MER", target: "D2", seed: 0) }
        #expect(differences(gap).seeds == 0)
    }

    @Test("has no difference of a seed with a failed trial, which counts as complete")
    func failed() {
        let results = SampleStudy.complete.map { $0.key == TrialKey(row: "+ MER", target: "D2", seed: 0) ? SampleStudy.failure("+ MER", "D2", 0) : $0 }
        let found = differences(results)
        #expect(found.seeds == 2 && found.values[0][0] == nil && found.values[0][1] != nil)
    }

    @Test("in a file is refused where its looks are none")
    func possible() {
        #expect(design.isPossible(of: 4) && !design.isPossible(of: 5))
        #expect(!SeedDesign(baseline: "", reach: 0.01, looks: [4, 4]).isPossible(of: 4))
        #expect(!SeedDesign(baseline: "", reach: .infinity, looks: [4]).isPossible(of: 4))
        #expect(!SeedDesign(baseline: "", reach: 0.01, looks: []).isPossible(of: 0))
        var settings = SampleStudy.settings()
        settings.variants[0].design = design
        #expect(throws: (any Error).self) { try ResultCoding.value(RunSettings.self, from: ResultCoding.document(settings)) }
        settings.variants[0].design?.looks = [2]
        #expect(throws: Never.self) { try ResultCoding.value(RunSettings.self, from: ResultCoding.document(settings)) }
    }
}
