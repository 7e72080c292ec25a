import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import SupervisedContrastivePlugin
import Tensors
import Testing

@Suite("Supervised contrastive") struct SupervisedContrastiveTests {
    @Test("the loss agrees with the stored numbers", arguments: GoldenFixtures.cases(kind: "supervised-contrastive"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let features = try fixture.tensor("features").tracked()
        let labels = try fixture.integers("labels")
        let loss = ContrastiveLoss(
            of: rows(of: features), labels: (0..<features.shape[1]).flatMap { _ in labels },
            temperature: try fixture.params.number("temperature"), baseTemperature: try fixture.params.number("base_temperature"))
        try fixture.expect(loss.value.item, matches: "loss", mixed: true)
        let gradient = try #require(gradients(of: loss.value, with: [features])[0])
        try fixture.expect(gradient, matches: "grad.features", mixed: true)
    }

    @Test("the term compares normalized embeddings, one view for each modality")
    func term() throws {
        for fixture in GoldenFixtures.cases(kind: "supervised-contrastive") where fixture.caseName == "unit" {
            let features = try fixture.tensor("features")
            let stretched = Embeddings(
                (0..<features.shape[1]).map { view in
                    let z = features.slice(axis: 1, view..<view + 1).squeezed(axis: 1) * Float(2 + view)
                    return (Modality("view\(view)"), Embedding(pooled: z))
                })
            var options = SupervisedContrastive.Options()
            options.temperature = try fixture.params.number("temperature")
            options.baseTemperature = try fixture.params.number("base_temperature")
            let penalty = SupervisedContrastive(options: options).penalty(step(stretched, labels: try fixture.integers("labels")))
            try fixture.expect(try #require(penalty).value.item, matches: "loss")
        }
    }

    @Test("the gradient agrees with central differences", arguments: [[6, 9], [9, 3], [2, 4]]) func centralDifferences(shape: [Int]) {
        let labels = (0..<shape[0]).map { $0 % 2 } + (0..<shape[0]).map { $0 % 2 }
        let z = normal([2 * shape[0], shape[1]]) * 0.3
        func loss(_ z: Tensor) -> Tensor {
            ContrastiveLoss(of: z, labels: labels, temperature: 0.5, baseTemperature: 0.07).value
        }
        let slope = gradient(at: z) { loss($0) }
        #expect(largestDirectionalError(of: slope, at: z) { Double(loss($0).item) } < 1e-3)
    }

    @Test("the order of the samples does not matter") func permutation() throws {
        let embeddings: Embeddings = ["a": Embedding(pooled: normal([5, 4])), "b": Embedding(pooled: normal([5, 4], seed: 2))]
        let (order, labels) = ([4, 2, 0, 3, 1], [0, 1, 1, 0, 2])
        let plain = try #require(SupervisedContrastive().penalty(step(embeddings, labels: labels))).value.item
        let shuffled = try #require(
            SupervisedContrastive().penalty(step(embeddings.mapPooled { $1.gathering(rows: order) }, labels: order.map { labels[$0] })))
        #expect(abs(plain - shuffled.value.item) < 1e-5)
    }

    @Test("displaced labels are those of rows that lie sample by sample, read view by view") func displaced() throws {
        let embeddings: Embeddings = ["a": Embedding(pooled: normal([3, 4])), "b": Embedding(pooled: normal([3, 4], seed: 2))]
        var options = SupervisedContrastive.Options()
        options.labels = .displaced
        let found = try #require(SupervisedContrastive(options: options).penalty(step(embeddings, labels: [0, 1, 0]))).value.item
        // Sample by sample, rows a₀ b₀ a₁ b₁ a₂ b₂ are judged by the classes of samples 0 1 2 0 1 2.
        let expected = ContrastiveLoss(
            of: Tensor.concatenated(embeddings.map(\.embedding.pooled), axis: 0).normalized(axis: 1), labels: [0, 0, 1, 1, 0, 0],
            temperature: options.temperature, baseTemperature: options.baseTemperature)
        #expect(abs(found - expected.value.item) < 1e-5)
        #expect(found != SupervisedContrastive().penalty(step(embeddings, labels: [0, 1, 0]))?.value.item)
    }

    @Test("anchors without positives are skipped") func noPositives() throws {
        let z = normal([3, 4])
        let pair = try #require(SupervisedContrastive().penalty(step(["a": Embedding(pooled: z)], labels: [0, 1, 0])))
        #expect(pair.reports.map(\.value) == [2])
        #expect(pair.value.item.isFinite)
        let variable = z.tracked()
        let none = try #require(SupervisedContrastive().penalty(step(["a": Embedding(pooled: variable)], labels: [0, 1, 2])))
        #expect(none.value.item == 0)
        #expect(gradients(of: none.value, with: [variable])[0]?.values.allSatisfy { $0 == 0 } == true)
    }

    @Test("with part: shared the heads read the first half") func shared() throws {
        var registry = RegularizerRegistry()
        try registry.register(SupervisedContrastive.self)
        let plan = TermPlan("supervised-contrastive", at: .projection, part: .shared)
        let term = try registry.makeTerm(plan, for: LinearModel(), classes: 3, initializer: Initializer(seed: 1), totalSteps: 1)
        let inputs = term.parts.namedParameters.filter { $0.name.hasSuffix(".0.weight") }.map { $0.parameter.shape[1] }
        #expect(inputs == [2, 3])
    }

    @Test("rows of 0 stay finite, and NaN comes out as not finite") func edges() throws {
        let z = Tensor.concatenated([Tensor.zeros([1, 3]), normal([3, 3])], axis: 0)
        let slope = gradient(at: z) { loss(of: $0) }
        #expect(loss(of: z).item.isFinite)
        #expect(slope.values.allSatisfy { $0.isFinite })
        #expect(!loss(of: z + Tensor([.nan, 0, 0], shape: [3])).item.isFinite)
    }

    @Test("modalities of different widths are refused") func differentWidths() throws {
        func make(_ widths: [Modality: Int]) throws {
            _ = try SupervisedContrastive(
                options: .init(),
                context: RegularizerContext(
                    modalities: widths.keys.sorted(), widths: widths, classes: 3, model: LinearModel(),
                    initializer: Initializer(seed: 1), instance: "s"))
        }
        let fault = #expect(throws: OptionFault.self) { try make(["video": 6, "audio": 4]) }
        #expect(fault?.found == "audio 4, video 6")
        #expect(throws: Never.self) { try make(["video": 6, "audio": 6]) }
    }

    @Test("where values are learned, their signs are the class") func values() throws {
        let z = normal([4, 6])
        let embeddings: Embeddings = ["a": Embedding(pooled: z)]
        func loss(_ targets: Targets) throws -> Float {
            let sample = TrainingStep.sample(embeddings: embeddings)
            let step = TrainingStep(
                embeddings: embeddings, prediction: sample.prediction, targets: targets, domains: sample.domains, model: sample.model, pass: sample.pass,
                totalSteps: 1)
            return try #require(SupervisedContrastive().penalty(step)).value.item
        }
        #expect(try loss(.values(Tensor([-2, 0.5, 0, -0.1], shape: [4, 1]))) == loss(.classes([0, 2, 1, 0], of: 3)))
        #expect(try loss(.values(Tensor([-2, 1, 0.5, 1, -1, 3, -1, -3], shape: [4, 2]))) == loss(.classes([0, 1, 0, 2], of: 3)))
    }

    @Test("it works on projections of embeddings of different widths") func projection() throws {
        var registry = RegularizerRegistry()
        try registry.register(SupervisedContrastive.self)
        let model = LinearModel()
        let plan = TermPlan("supervised-contrastive", weight: 3, at: .projection)
        let term = try registry.makeTerm(plan, for: model, classes: 3, initializer: Initializer(seed: 1), totalSteps: 1)
        let penalty = try #require(try term.penalty(.sample(of: model)))
        #expect(penalty.value.item.isFinite)
        #expect(penalty.reports.map(\.name).contains("supervised-contrastive.anchors"))
    }

    private func loss(of z: Tensor) -> Tensor {
        SupervisedContrastive().penalty(step(["a": Embedding(pooled: z)], labels: [0, 0, 1, 1]))?.value ?? Tensor(.nan)
    }

    /// `B×V×D` as `V·B` rows, view after view.
    private func rows(of features: Tensor) -> Tensor {
        features.transposed(0, 1).reshaped([features.shape[0] * features.shape[1], features.shape[2]])
    }

    private func step(_ embeddings: Embeddings, labels: [Int]) -> TrainingStep {
        let sample = TrainingStep.sample(embeddings: embeddings)
        return TrainingStep(
            embeddings: embeddings, prediction: sample.prediction, labels: labels, domains: sample.domains, model: sample.model,
            pass: sample.pass, totalSteps: 1)
    }
}
