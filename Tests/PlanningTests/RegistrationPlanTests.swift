import Results
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("What is declared of a study")
struct RegistrationPlanTests {
    private static let recipe = """
        name: small
        \(Sample.recipeHead)
        training: {epochs: 2, batch: 16}
        seeds: [1, 2]
        rows:
          - Fusion
          - name: + MER
            regularizers: [mer]
            tune: {mer.weight: [0.1, 1]}

        """

    private func digests(_ overrides: [String] = [], threads: Int = 1) throws -> [String: String] {
        try Sample.planned(Self.recipe, overrides: overrides, threads: threads).settings.variants[0].digests
    }

    @Test("A row's name for what it trains changes with that, and not with seeds and threads")
    func changes() throws {
        let known = try digests()
        #expect(Set(known.keys) == ["Fusion", "+ MER"] && known["Fusion"] != known["+ MER"])
        #expect(try digests(["seeds=[1, 2, 3]"]) == known)
        #expect(try digests(threads: 2) == known)
        let other = try digests(["rows[+ MER].tune[mer.weight]=[0.1, 3]"])
        #expect(other["Fusion"] == known["Fusion"] && other["+ MER"] != known["+ MER"])
        #expect(try digests(["training.epochs=3"])["Fusion"] != known["Fusion"])
        #expect(try digests(["evaluation.selection=last-epoch"])["Fusion"] != known["Fusion"])
    }
}
