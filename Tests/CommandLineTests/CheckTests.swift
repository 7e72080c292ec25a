import Foundation
import Testing

@Suite("check: what a run would do, and about what it would take")
struct CheckTests {
    private func document(_ folder: RecipeFolder, _ arguments: String...) async throws -> [String: Any] {
        let outcome = try await folder.regulus.run(["check", "r.yaml", "--json"] + arguments)
        #expect(outcome.code == 0 && outcome.messages.isEmpty)
        return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    @Test("check prints counts, parameters and covariances, and writes nothing")
    func text() async throws {
        let folder = try RecipeFolder()
        let outcome = try await folder.regulus("check", "r.yaml", "--no-estimate")
        #expect(outcome.code == 0 && outcome.messages.isEmpty)
        #expect(
            outcome.output == """
                small: 2 rows × 3 targets × 2 seeds
                12 trials
                multi-source: each domain is held out in turn, all others are trained on; 20% of their samples are validation
                selection: the epoch of the best accuracy on source validation samples (ties: lower loss)
                data: co-occurrence (classes 4, samples 48), 144 samples, 4 classes; standardize: channel
                model: m1: vector-mlp (embedding 8, hidden [16]); m2: vector-mlp (embedding 8, hidden [16]); fusion: late (hidden 16)
                training: 2 epochs, batch 16 (balanced), adam, learning rate 0.01, schedule constant

                Parameters   Trained  Frozen
                ───────────  ───────  ──────
                encoders.m1      664       0
                encoders.m2      664       0
                fusion           340       0

                Covariance of  at         modality   N  D  regime
                ─────────────  ─────────  ────────  ──  ─  ──────
                + MER: mer     embedding  m1        16  8  N > D
                + MER: mer     embedding  m2        16  8  N > D

                """)
        #expect(folder.files == ["r.yaml"])
    }

    @Test("check counts what tuning and sweeps add, and lists what is tried")
    func tuning() async throws {
        let folder = try RecipeFolder(
            ("- mer: {weight: 0.3}", "- mer\n    tune: {mer.weight: [1, 3]}\nsweep: {data.reliability: [1.0, 0.5]}"))
        let outcome = try await folder.regulus("check", "r.yaml", "--set", "seeds=[1]", "--no-estimate")
        #expect(
            Array(outcome.lines.prefix(2)) == ["small: 2 rows × 3 targets × 1 seed × 2 variants", "12 trials, and 12 trainings for tuning"])
        #expect(outcome.lines.contains("+ MER  mer.weight  1, 3"))
    }

    @Test("a random search is printed with its budget, its range and what was drawn")
    func randomSearch() async throws {
        let folder = try RecipeFolder(
            ("- mer: {weight: 0.3}", "- mer\n    tune: {search: random, budget: 3, mer.weight: {between: [0.01, 10], scale: log}}"))
        let outcome = try await folder.regulus("check", "r.yaml", "--no-estimate")
        #expect(outcome.lines[1] == "12 trials, and 9 trainings for tuning")
        #expect(outcome.lines.contains("+ MER, 3 drawn at random  mer.weight  from 0.01 to 10, logarithmic: 0.5718, 0.2796, 0.0219"))
        #expect(outcome.lines[3].hasSuffix("; at random: 3 combinations of + MER"))
    }

    @Test("the covariance's N is that of a balanced batch, and its D that of the term's place and part")
    func regimes() async throws {
        let folder = try RecipeFolder(
            (
                "- mer: {weight: 0.3}",
                """
                - mer: {part: shared}
                      - sum: {name: both, terms: [vicreg: {at: projection, invariance: 0, projection: {width: 32}}, mer: {on: [m2]}]}
                      - von-neumann-entropy: {at: fused}
                      - dropout
                """
            ), ("batch: 16", "batch: 17"))
        let document = try await document(folder, "--no-estimate")
        let covariances = try #require(document["covariances"] as? [[String: Any]]).map { covariance in
            "\(covariance["term"] ?? "") \(covariance["place"] ?? "") \(covariance["part"] ?? "") \(covariance["modality"] ?? "") "
                + "\(covariance["samples"] ?? "")×\(covariance["features"] ?? "")"
        }
        #expect(
            covariances == [
                "mer embedding shared m1 16×4", "mer embedding shared m2 16×4", "both.vicreg projection whole m1 16×32",
                "both.vicreg projection whole m2 16×32", "both.mer embedding whole m2 16×8", "von-neumann-entropy fused whole fused 16×16",
            ])
        let owners = try #require(document["modules"] as? [[String: Any]]).compactMap { $0["row"] as? String }
        #expect(owners == ["+ MER"], "only the sum has parameters, those of the projection heads")
    }

    @Test("--resolved prints the recipe alone, which runs as the same study")
    func resolved() async throws {
        let folder = try RecipeFolder()
        let outcome = try await folder.regulus("check", "r.yaml", "--resolved", "--set", "training.epochs=3")
        #expect(outcome.code == 0)
        try folder.write(outcome.output, to: "resolved.yaml")
        let first = try await folder.regulus("check", "r.yaml", "--no-estimate", "--set", "training.epochs=3")
        let second = try await folder.regulus("check", "resolved.yaml", "--no-estimate")
        #expect(second.code == 0 && second.output == first.output)
    }

    @Test("the estimate has time, memory and disk, and says how it was measured")
    func estimate() async throws {
        let folder = try RecipeFolder()
        let outcome = try await folder.regulus("check", "r.yaml", "--measure", "0.02", "--threads", "2")
        #expect(outcome.code == 0)
        let words = outcome.lines.suffix(4).compactMap { $0.split(separator: " ").first }
        #expect(words == ["time:", "memory:", "disk:", "measured"])
        #expect(outcome.lines.last?.contains("of 2 kinds of trial on real batches") == true)
        #expect(folder.files == ["r.yaml"])
    }

    @Test("what the run folder holds is counted, and no longer part of the estimate")
    func folder() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out").code == 0)
        let same = try await folder.regulus("check", "r.yaml", "--out", "out", "--no-estimate")
        #expect(same.lines.last?.hasSuffix("out: 12 trials finished, to be reused") == true)
        let changed = try await folder.regulus(
            "check", "r.yaml", "--out", "out", "--no-estimate", "--set", "rows[+ MER].regularizers.mer.weight=2", "--set", "seeds=[1, 3]")
        #expect(
            changed.lines.last?.hasSuffix(
                "out: 3 trials finished, to be reused (Fusion); 3 trials of another recipe, to be run again, with the old results kept (+ MER); "
                    + "6 trials not run yet") == true)
        let estimate = try #require(try await document(folder, "--out", "out", "--measure", "0")["estimate"] as? [String: Any])
        #expect(estimate["seconds"] as? Double == 0)
        #expect(try #require(estimate["secondsInAll"] as? Double) > 0)
    }

    @Test("a report says which results were reused")
    func reused() async throws {
        let folder = try RecipeFolder()
        _ = try await folder.regulus("run", "r.yaml", "--out", "out", "--set", "seeds=[1]")
        #expect(!(try folder.text("out/report.md")).contains("Reused"))
        _ = try await folder.regulus("run", "r.yaml", "--out", "out")
        let line = "Reused: 6 of 12 trials from an earlier run into the same folder: Fusion 3, + MER 3"
        #expect(try folder.text("out/report.md").contains(line))
        #expect(try await folder.regulus("report", "out").output.contains(line))
    }
}
