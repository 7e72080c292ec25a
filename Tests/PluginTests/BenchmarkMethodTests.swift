@testable import AveragedDistillationPlugin
import Configuration
@testable import CrossModalTranslationPlugin
@testable import EntropyWeightingPlugin
import FeatureSplittingPlugin
import GoldenFixtures
@testable import JigsawPlugin
@testable import MeanShiftContrastPlugin
import Networks
@testable import OnlineDropoutPlugin
import Regularization
import RegularizerTesting
import Tensors
import Testing
import VonNeumannEntropyPlugin

/// Methods that are lists of terms: their stored totals come from the terms together.
@Suite("Methods of the MMDG benchmark") struct BenchmarkMethodTests {
    @Test("MOOSA: entropy weights, jigsaw, masked translation, splitting and contrast", arguments: GoldenFixtures.cases(kind: "moosa"))
    func moosa(fixture: GoldenFixture) throws {
        let params = fixture.params
        let names = try params.texts("modalities")
        let labels = try fixture.integers("labels")
        func all(_ prefix: String) throws -> [Tensor] { try names.map { try fixture.tensor("\(prefix)_\($0)").tracked() } }
        let (z, logits, projections) = (try all("emb"), try all("logits"), try all("proj"))
        let fused = try fixture.tensor("logits").tracked()
        let blend = BranchBlend(logits + [fused], labels: labels, temperature: try params.number("temperature"))
        try fixture.expect(blend.weights, matches: "branch_weights")
        try fixture.expect(blend.weighted, matches: "weighted")
        try fixture.expect(blend.entropy, matches: "ent")

        let count = names.count * (try params.integer("splits"))
        let flat = try fixture.integers("permutations")
        let orders = (0..<flat.count / count).map { Array(flat[$0 * count..<($0 + 1) * count]) }
        let network = try ["hidden.weight", "hidden.bias", "output.weight", "output.bias"].map { try fixture.tensor("jigsaw.\($0)").tracked() }
        let puzzles = Jigsaw.puzzles(z, pieces: try params.integer("splits"), orders: orders)
        let guesses = puzzles.linear(weight: network[0], bias: network[1]).relu().linear(weight: network[2], bias: network[3])
        let jigsaw = guesses.crossEntropy(labels: orders.indices.flatMap { [Int](repeating: $0, count: labels.count) })
        try fixture.expect(jigsaw, matches: "jigsaw")

        var pairs: [(name: String, value: Tensor, distance: Tensor)] = []
        for (source, _) in names.enumerated() {
            for (target, other) in names.enumerated() where source != target {
                let name = "translated_\(names[source])_to_\(other)"
                let translated = try fixture.tensor(name).tracked()
                pairs.append((name, translated, CrossModalTranslation.distance(translated, z[target])))
            }
        }
        let translation = Tensor.stacked(pairs.map(\.distance)).mean()
        try fixture.expect(translation, matches: "translation")
        for (name, z) in zip(names, z) {
            let mask = try fixture.converted("mask_\(name)")
            try fixture.expect(CrossModalTranslation.masked(z, by: 1 - mask).detached(), matches: "masked_\(name)")
        }
        let embeddings = Embeddings(zip(names, z).map { (Modality($0), Embedding(pooled: $1)) })
        let split = try #require(FeatureSplitting().penalty(.sample(embeddings: embeddings))).value
        try fixture.expect(split, matches: "split")
        let contrast = ContrastiveLoss(
            of: Tensor.concatenated(projections.map { $0.normalized(axis: 1) }, axis: 0), labels: names.flatMap { _ in labels },
            temperature: try params.number("t"), baseTemperature: 0.07
        ).value
        try fixture.expect(contrast, matches: "contrast")
        let factors = try ["r_jigsaw", "r_ent", "r_trans", "r_contrast", "r_split"].map { try params.float($0) }
        let total = zip([jigsaw, blend.entropy, translation, contrast, split], factors).reduce(blend.weighted) { $0 + $1.0 * $1.1 }
        try fixture.expect(total, matches: "total")
        let leaves =
            zip(names, z).map { ("emb_\($0)", $1) } + zip(names, logits).map { ("logits_\($0)", $1) } + [("logits", fused)]
            + pairs.map { ($0.name, $0.value) }
        for ((name, _), slope) in zip(leaves, gradients(of: total, with: leaves.map(\.1))) where fixture.has("grad_total.\(name)") {
            try fixture.expect(try #require(slope), matches: "grad_total.\(name)")
        }
    }

    @Test("MBCD: dropout by confidence, and distillation from the averaged model", arguments: GoldenFixtures.cases(kind: "mbcd"))
    func mbcd(fixture: GoldenFixture) throws {
        let params = fixture.params
        let count = try params.integer("modalities")
        let labels = try fixture.integers("labels")
        let logits = try (0..<count).map { try fixture.tensor("logits_\($0)").tracked() }
        let (fused, teacher) = (try fixture.tensor("logits").tracked(), try fixture.tensor("teacher"))
        let confidences = logits.map { Double($0.detached().softmax().maximum(axis: 1).sum().item) }
        try fixture.expect(confidences.map { Float($0) }, matches: "confidence")
        let rates = OnlineDropout.confidenceRates(confidences, base: try params.number("base"))
        try fixture.expect(rates.map { Float($0) }, matches: "drop")
        let divergence = AveragedDistillation.divergence(of: fused, from: teacher)
        try fixture.expect(divergence, matches: "kl_fused")
        let own = logits.map { AveragedDistillation.divergence(of: $0, from: teacher) }
        try fixture.expect(own.map(\.item), matches: "kl_unimodal")
        var total = fused.crossEntropy(labels: labels) + divergence * (try params.float("kl_fused"))
        for (logits, divergence) in zip(logits, own) { total += logits.crossEntropy(labels: labels) + divergence * (try params.float("kl_unimodal")) }
        try fixture.expect(total, matches: "total")
        let slopes = gradients(of: total, with: [fused] + logits)
        for (name, slope) in zip(["logits"] + (0..<count).map { "logits_\($0)" }, slopes) {
            try fixture.expect(try #require(slope), matches: "grad.\(name)")
        }
    }

    @Test("NEL: mean-shift contrast of two views, supervised contrast of both, joint entropy", arguments: GoldenFixtures.cases(kind: "nel"))
    func nel(fixture: GoldenFixture) throws {
        let params = fixture.params
        let names = try params.texts("modalities")
        let labels = try fixture.integers("labels")
        func all(_ prefix: String) throws -> [Tensor] { try names.map { try fixture.tensor("\(prefix)_\($0)").tracked() } }
        let (z, projections, fused) = (try all("emb"), try all("proj"), try fixture.tensor("logits").tracked())
        let shifted = projections.map { MeanShiftContrast.shifted($0, neighbors: (try? params.integer("k")) ?? 0) }
        for (name, shifted) in zip(names, shifted) { try fixture.expect(shifted.detached(), matches: "shift_\(name)") }
        let similarities = MeanShiftContrast.similarities(of: shifted, temperature: try params.float("t_u"))
        let contrast = similarities.crossEntropy(labels: Array(labels.indices))
        try fixture.expect(contrast, matches: "unc")
        let supervised = ContrastiveLoss(
            of: Tensor.concatenated(projections, axis: 0), labels: names.flatMap { _ in labels + labels },
            temperature: try params.number("t_s"), baseTemperature: 0.07
        ).value
        try fixture.expect(supervised, matches: "sup")
        let entropy = -SpectralEntropy(ofUnscaled: Tensor.concatenated(z, axis: 1)).value
        try fixture.expect(entropy, matches: "nee")
        let task = fused.crossEntropy(labels: labels + labels)
        try fixture.expect(task, matches: "ce")
        let alpha = try params.float("alpha")
        let total = (task + contrast * alpha + supervised * (1 - alpha) + entropy * (try params.float("beta"))) / 2
        try fixture.expect(total, matches: "total")
        let leaves = zip(names, z).map { ("emb_\($0)", $1) } + zip(names, projections).map { ("proj_\($0)", $1) } + [("logits", fused)]
        for (output, value) in [("unc", contrast), ("nee", entropy), ("total", total)] {
            let slopes = withoutGradients { gradients(of: value, with: leaves.map(\.1), keepingGraph: true) }
            for ((name, _), slope) in zip(leaves, slopes) where fixture.has("grad_\(output).\(name)") {
                try fixture.expect(try #require(slope), matches: "grad_\(output).\(name)")
            }
        }
    }

    @Test("the drawn orders differ from each other, and too many are refused") func orders() throws {
        let orders = Jigsaw.draw(20, of: 4, from: RandomSource(seed: 1).stream("orders"))
        #expect(Set(orders).count == 20 && orders.allSatisfy { $0.sorted() == [0, 1, 2, 3] })
        let model = ByNameModel(["audio", "video"])
        var options = Jigsaw.Options()
        (options.pieces, options.orders) = (1, 3)
        let few = #expect(throws: OptionFault.self) { try Jigsaw(options: options, context: model.context()) }
        #expect(few?.option == "orders")
        options.pieces = 4
        let uneven = #expect(throws: OptionFault.self) { try Jigsaw(options: options, context: model.context()) }
        #expect(uneven?.option == "pieces")
    }

    @Test("MBCD: normalizations learn a scale and a shift, or have none to learn, as in the released program", arguments: AveragedDistillation.Norm.allCases)
    func norms(norm: AveragedDistillation.Norm) throws {
        let model = ByNameModel(["audio", "video"])
        var options = AveragedDistillation.Options()
        options.norm = norm
        let plugin = AveragedDistillation(options: options, context: model.context())
        let step = model.step()
        let penalty = try #require(plugin.penalty(step))
        let owned = plugin.parts.namedParameters.filter { $0.name.hasPrefix("norms.") }
        let learned = ["norms.audio.weight", "norms.audio.bias", "norms.video.weight", "norms.video.bias"]
        #expect(owned.map(\.name) == (norm == .layer ? learned : []))
        let slopes = gradients(of: penalty.value, with: owned.map(\.parameter.value))
        #expect(slopes.allSatisfy { $0?.values.contains { $0 != 0 } == true })
        // Both begin alike, at scale 1 and shift 0, and neither is what embeddings give that are not normalized.
        options.norm = .untrained
        let begun = try #require(AveragedDistillation(options: options, context: model.context()).penalty(step)).value.item
        #expect((penalty.value.item == begun) == (norm != .none))
    }

    @Test("the averaged model is a constant, and the model at first is its own average") func teacher() throws {
        let model = ByNameModel(["audio", "video"])
        let plugin = AveragedDistillation(options: .init(), context: model.context())
        let step = model.step()
        let penalty = try #require(plugin.penalty(step))
        #expect(abs(try #require(penalty.reports.first { $0.name == "divergence" }).value) < 1e-5)
    }
}
