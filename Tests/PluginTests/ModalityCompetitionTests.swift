import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@testable import ModalityCompetitionPlugin

@Suite("Modality competition") struct ModalityCompetitionTests {
    @Test("the divergence agrees with the stored numbers", arguments: GoldenFixtures.cases(kind: "jensen-shannon"))
    func divergence(fixture: GoldenFixture) throws {
        let (a, b) = (try fixture.tensor("a").tracked(), try fixture.tensor("b").tracked())
        let divergence = JensenShannonDivergence(a, b)
        try fixture.expect(divergence.rows.map { Float($0) }, matches: "rows", mixed: true)
        try fixture.expect(divergence.mean.item, matches: "jsd", mixed: true)
        let found = gradients(of: divergence.mean, with: [a, b])
        try fixture.expect(try #require(found[0]), matches: "grad.a", mixed: true)
        try fixture.expect(try #require(found[1]), matches: "grad.b", mixed: true)
    }

    @Test(
        "all games agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "modality-competition"),
        ModalityCompetition.Game.allCases)
    func games(fixture: GoldenFixture, game: ModalityCompetition.Game) throws {
        let linear = try LinearFusion(fixture)
        let weight = try fixture.params.float("l")
        let penalty = try #require(plugin(game).penalty(linear.step, permutations: linear.permutations))
        try fixture.expect(linear.step.prediction.logits, matches: "pred", mixed: true)
        for (report, name) in zip(penalty.reports, ["jsd_perm0", "jsd_perm1"]) {
            try fixture.expect(report.value, matches: name, mixed: true)
        }
        let loss = penalty.value * weight
        switch game {
        case .greedy: #expect(loss.item == 0)
        case .independent: try fixture.expect(loss.item, matches: "independent_latent", mixed: true)
        case .collaborative: try fixture.expect(loss.item, matches: "collaborative", mixed: true)
        }
        let found = gradients(of: loss, with: linear.latents + [linear.weight.value, linear.bias.value]).compactMap(\.self)
        try #require(found.count == 4)
        let width = linear.latents[0].shape[1]
        let slopes = [
            ("z0", found[0]), ("z1", found[1]), ("w0", found[2].slice(axis: 1, 0..<width)),
            ("w1", found[2].slice(axis: 1, width..<found[2].shape[1])), ("b", found[3]),
        ]
        let prefix = game == .collaborative ? "grad.collaborative" : "grad_latent.\(game.rawValue)"
        for (name, gradient) in slopes { try fixture.expect(gradient, matches: "\(prefix).\(name)", mixed: true) }
    }

    @Test("the divergence's gradient agrees with central differences", arguments: [[5, 8], [8, 3], [2, 2]])
    func centralDifferences(shape: [Int]) {
        let (z, other) = (normal(Shape(shape)), normal(Shape(shape), seed: 2))
        let slope = gradient(at: z) { JensenShannonDivergence($0, other).mean }
        let error = largestDirectionalError(of: slope, at: z) {
            JensenShannonDivergence($0, other).rows.reduce(0, +) / Double(shape[0])
        }
        #expect(error < 1e-4)
    }

    @Test("equal logits differ by 0, opposite ones by log 2, NaN comes out as NaN") func divergenceBounds() {
        let z = normal([3, 4])
        #expect(JensenShannonDivergence(z, z).mean.item == 0)
        #expect(gradient(at: z) { JensenShannonDivergence($0, z).mean }.values.allSatisfy { $0 == 0 })
        let certain = Tensor([500, -500], shape: [1, 2])
        #expect(abs(JensenShannonDivergence(certain, -certain).mean.item - 0.6931472) < 1e-6)
        #expect(JensenShannonDivergence(z + Tensor(.nan), z).mean.item.isNaN)
        // Classes of probability 0, on one side and on both.
        let masked = Tensor([-.infinity, -.infinity, 0, 0], shape: [1, 4])
        let half = Tensor([0, -.infinity, 0, -.infinity], shape: [1, 4])
        #expect(abs(JensenShannonDivergence(masked, half).mean.item - 0.5 * 0.6931472) < 1e-6)
        #expect(gradient(at: masked) { JensenShannonDivergence($0, half).mean }.values.allSatisfy { $0.isFinite })
    }

    @Test("the greedy penalty is 0 with a gradient that is not") func greedy() throws {
        let model = LinearModel()
        let penalty = try #require(plugin(.greedy).penalty(.sample(of: model)))
        #expect(penalty.value.item == 0)
        #expect(penalty.reports.map(\.name) == ["video.divergence", "audio.divergence"])
        #expect(penalty.reports.allSatisfy { $0.value > 0 && $0.value < 0.6932 })
        let found = gradients(of: penalty.value, with: model.namedParameters.map(\.parameter.value))
        #expect(found.contains { $0?.values.contains { $0 != 0 } == true })
    }

    @Test("only rows that count are measured") func rows() throws {
        let step = TrainingStep.sample(of: LinearModel())
        let still = Array(0..<8)
        // Samples 0, 3 and 6 are of one class.
        let within = [3, 1, 2, 0, 4, 5, 6, 7]
        func divergence(_ rows: ModalityCompetition.Rows, _ permutation: [Int]) -> Float? {
            plugin(.independent) { $0.rows = rows }
                .penalty(step, permutations: ["video": [permutation], "audio": [permutation]])?.reports[0].value
        }
        #expect(abs(try #require(divergence(.all, still))) < 1e-6)
        #expect(divergence(.moved, still) == nil)
        #expect(divergence(.otherClass, within) == nil)
        let (all, moved) = (try #require(divergence(.all, within)), try #require(divergence(.moved, within)))
        #expect(abs(moved - 4 * all) < 1e-6)
    }

    @Test("modalities share a permutation or have their own") func permutations() throws {
        let model = LinearModel(widths: [("a", 4), ("b", 4)])
        let z = Embedding(pooled: normal([8, 4]))
        for parameter in model.namedParameters where parameter.name == "fusion.classifier.weight" {
            let half = normal([3, 4])
            parameter.parameter.value = Tensor.concatenated([half, half], axis: 1)
        }
        let sample = TrainingStep.sample(embeddings: ["a": z, "b": z])
        let step = TrainingStep(
            embeddings: sample.embeddings, prediction: sample.prediction, labels: sample.labels, domains: sample.domains, model: model,
            pass: sample.pass, totalSteps: 1)
        let shared = try #require(plugin(.independent).penalty(step)).reports.map(\.value)
        #expect(abs(shared[0] - shared[1]) < 1e-6)
        let own = try #require(plugin(.independent) { $0.sharesPermutations = false }.penalty(step)).reports.map(\.value)
        #expect(abs(own[0] - own[1]) > 1e-6)
    }

    @Test("a modality that is left out takes part in the fusion, but does not play") func leftOut() throws {
        let model = LinearModel(widths: [("audio", 4), ("flow", 3), ("video", 6)])
        let term = RegularizerTerm(plugin(.independent), instance: "term", on: ["audio", "video"])
        let (all, two) = (plugin(.independent).penalty(.sample(of: model)), try term.penalty(.sample(of: model)))
        #expect(two?.reports.map(\.name) == ["term", "term.weighted", "term.audio.divergence", "term.video.divergence"])
        #expect(two?.reports.last.map { abs($0.value - (all?.reports.last?.value ?? 0)) < 1e-6 } == true)
        let flow = model.encoderParameters(of: "flow").map(\.value)
        #expect(gradients(of: try #require(two).value, with: flow).allSatisfy { $0 == nil })
    }

    @Test("one modality is refused") func oneModality() {
        #expect(throws: OptionFault.self) {
            try ModalityCompetition(options: .init(), context: .sample(["video"], instance: "modality-competition"))
        }
    }

    private func plugin(
        _ game: ModalityCompetition.Game, _ change: (inout ModalityCompetition.Options) -> Void = { _ in }
    ) -> ModalityCompetition {
        var options = ModalityCompetition.Options()
        options.game = game
        change(&options)
        do {
            return try ModalityCompetition(options: options, context: .sample(instance: "modality-competition"))
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// A fixture's linear fusion of two latents.
    private struct LinearFusion {
        let latents: [Tensor]
        let weight, bias: Parameter
        let step: TrainingStep
        let permutations: [Modality: [[Int]]]

        init(_ fixture: GoldenFixture) throws {
            latents = [try fixture.tensor("z0").tracked(), try fixture.tensor("z1").tracked()]
            let samples = latents[0].shape[0]
            let model = LinearModel(
                widths: [("z0", latents[0].shape[1]), ("z1", latents[1].shape[1])], classes: try fixture.params.integer("C"))
            let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters.map { ($0.name, $0.parameter) })
            weight = try #require(parameters["fusion.classifier.weight"])
            bias = try #require(parameters["fusion.classifier.bias"])
            weight.value = Tensor.concatenated([try fixture.tensor("w0"), try fixture.tensor("w1")], axis: 1)
            bias.value = try fixture.tensor("b")
            let embeddings: Embeddings = ["z0": Embedding(pooled: latents[0]), "z1": Embedding(pooled: latents[1])]
            step = TrainingStep(
                embeddings: embeddings, prediction: model.fuse(embeddings, pass: .evaluation),
                labels: .init(repeating: 0, count: samples), domains: .init(repeating: 0, count: samples), model: model,
                pass: .evaluation, totalSteps: 1)
            var permutations: [Modality: [[Int]]] = [:]
            for (modality, name) in [("z0", "perm0"), ("z1", "perm1")] as [(Modality, String)] {
                let numbers = try fixture.integers(name)
                permutations[modality] = stride(from: 0, to: numbers.count, by: samples).map { Array(numbers[$0..<$0 + samples]) }
            }
            self.permutations = permutations
        }
    }
}
