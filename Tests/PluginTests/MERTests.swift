import GoldenFixtures
import MERPlugin
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("MER") struct MERTests {
    static let shapes = [[6, 20], [20, 6], [2, 5], [8, 8], [5, 1]]

    // MARK: Reference numbers

    @Test("one modality agrees with the stored numbers, at double precision's tolerance", arguments: GoldenFixtures.cases(kind: "mer"))
    func oneModality(fixture: GoldenFixture) throws {
        let z = try fixture.tensor("z")
        let lambda = try fixture.params.float("lam")
        for estimator in MER.Estimator.allCases {
            let options = try Self.options(of: fixture, estimator)
            let name = estimator.rawValue
            let entropy = ModalityEntropy(of: z, options: options)
            try fixture.expect(Float(entropy.marginal), matches: "marg", mixed: true)
            try fixture.expect(Float(entropy.spectral), matches: "\(name).spec", mixed: true)
            try fixture.expect(Float(-entropy.spectral * Double(z.shape[1])), matches: "\(name).logdet", mixed: true)
            try fixture.expect(entropy.loss.item * lambda, matches: "\(name).total", mixed: true)

            let total = gradient(at: z) { ModalityEntropy(of: $0, options: options).loss * lambda }
            try fixture.expect(total, matches: "\(name).grad_total.z", mixed: true)
            let marginal = gradient(at: z) { ModalityEntropy(of: $0, options: Self.options(options, marginal: 1, spectral: 0)).loss }
            try fixture.expect(marginal, matches: "grad_marg.z", mixed: true)
            let spectral = gradient(at: z) { ModalityEntropy(of: $0, options: Self.options(options, marginal: 0, spectral: 1)).loss }
            try fixture.expect(spectral, matches: "\(name).grad_spec.z", mixed: true)
        }
    }

    @Test("several modalities and the base loss agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "mer-total"))
    func severalModalities(fixture: GoldenFixture) throws {
        let modalities = try fixture.params.texts("modalities")
        let labels = try fixture.integers("labels")
        for estimator in MER.Estimator.allCases {
            let name = estimator.rawValue
            let options = try Self.options(of: fixture, estimator)
            let inputs = try modalities.map { try fixture.tensor("z_\($0)").tracked() }
            let logits = try fixture.tensor("logits").tracked()
            let embeddings = Embeddings(zip(modalities, inputs).map { (Modality($0), Embedding(pooled: $1)) })
            let term = RegularizerTerm(MER(options: options), instance: "mer", weight: try fixture.params.number("lam"))
            let penalty = try #require(try term.penalty(.sample(embeddings: embeddings)))
            let base = logits.crossEntropy(labels: labels)
            let total = base + penalty.value
            try fixture.expect(base.item, matches: "base")
            try fixture.expect(total.item, matches: "\(name).total", mixed: true)
            for (modality, input) in zip(modalities, inputs) {
                let alone = ModalityEntropy(of: input, options: options).loss.item
                try fixture.expect(alone, matches: "\(name).mer_\(modality)", mixed: true)
            }
            let found = gradients(of: total, with: inputs + [logits])
            for (variable, gradient) in zip(modalities.map { "z_\($0)" } + ["logits"], found) {
                try fixture.expect(try #require(gradient), matches: "\(name).grad.\(variable)", mixed: true)
            }
        }
    }

    // MARK: Gradients and invariances

    @Test("the gradient agrees with central differences", arguments: shapes, MER.Estimator.allCases)
    func centralDifferences(shape: [Int], estimator: MER.Estimator) {
        let z = normal(Shape(shape)) * 0.7
        var options = MER.Options()
        (options.estimator, options.alphaMarginal, options.alphaSpectral, options.epsilon) = (estimator, 0.8, 1.3, 1e-2)
        let slope = gradient(at: z) { ModalityEntropy(of: $0, options: options).loss }
        let error = largestDirectionalError(of: slope, at: z) {
            let entropy = ModalityEntropy(of: $0, options: options)
            return options.alphaMarginal * entropy.marginal + options.alphaSpectral * entropy.spectral
        }
        #expect(error < 1e-4)
    }

    @Test("the order of the samples does not matter") func permutation() {
        let z = normal([7, 12])
        let order = [3, 0, 6, 1, 5, 2, 4]
        let options = MER.Options()
        let (plain, shuffled) = (ModalityEntropy(of: z, options: options), ModalityEntropy(of: z.gathering(rows: order), options: options))
        #expect(abs(plain.spectral - shuffled.spectral) < 1e-9)
        #expect(abs(plain.marginal - shuffled.marginal) < 1e-9)
    }

    @Test("the paper's spectral term ignores shift and scale of columns") func standardization() {
        let z = normal([9, 4])
        let moved = z * Tensor([2, 0.5, 8, 1], shape: [4]) + Tensor([1, -2, 0, 3], shape: [4])
        let options = MER.Options()
        #expect(abs(ModalityEntropy(of: z, options: options).spectral - ModalityEntropy(of: moved, options: options).spectral) < 1e-5)
    }

    @Test("modalities add up, whatever their number", arguments: [1, 4]) func sum(count: Int) throws {
        let names: [Modality] = ["video", "audio", "flow", "touch"]
        let embeddings = Embeddings(names.prefix(count).enumerated().map { ($1, Embedding(pooled: normal([6, 3 + $0], seed: UInt64($0)))) })
        let penalty = try #require(MER().penalty(.sample(embeddings: embeddings)))
        let expected = embeddings.reduce(0) { $0 + ModalityEntropy(of: $1.embedding.pooled, options: .init()).loss.item }
        #expect(abs(penalty.value.item - expected) < 1e-4)
    }

    // MARK: Edges

    @Test("fewer than two samples give 0", arguments: [0, 1]) func tooFewSamples(samples: Int) throws {
        let z = Tensor.ones([samples, 3]).tracked()
        let penalty = try #require(MER().penalty(.sample(embeddings: ["video": Embedding(pooled: z)])))
        #expect(penalty.value.item == 0)
        #expect(penalty.reports.isEmpty)
        #expect(MER.minimumBatch == 2)
    }

    @Test("constant columns stay finite and get no spectral gradient", arguments: [[12, 5], [4, 30]], MER.Estimator.allCases)
    func constantColumns(shape: [Int], estimator: MER.Estimator) {
        var values = normal(Shape(shape)).values
        for row in 0..<shape[0] { (values[row * shape[1]], values[row * shape[1] + 2]) = (0, 1e3) }
        var options = MER.Options()
        (options.estimator, options.alphaMarginal) = (estimator, 0)
        let z = Tensor(values, shape: Shape(shape))
        #expect(ModalityEntropy(of: z, options: options).spectral.isFinite)
        let slope = gradient(at: z) { ModalityEntropy(of: $0, options: options).loss }.values
        #expect(slope.allSatisfy { $0.isFinite })
        for row in 0..<shape[0] {
            #expect(slope[row * shape[1]] == 0)
            #expect(slope[row * shape[1] + 2] == 0)
        }
    }

    @Test("a collapsed batch stays finite", arguments: [[8, 40], [40, 8]]) func collapse(shape: [Int]) {
        let direction = normal([1, shape[1]], seed: 2)
        let z = normal([shape[0], 1], seed: 3).matmul(direction)
        let entropy = ModalityEntropy(of: z, options: .init())
        let band = SpectralBand(samples: shape[0], features: shape[1], epsilon: 1e-4)
        #expect(abs(band.normalizedGap(of: entropy.spectral) - 1) < 1e-4)
        #expect(gradient(at: z) { ModalityEntropy(of: $0, options: .init()).loss }.values.allSatisfy { $0.isFinite })
    }

    @Test("NaN and infinity come out as not finite", arguments: [Float.nan, .infinity], [[4, 6], [6, 4]])
    func notFinite(bad: Float, shape: [Int]) {
        var values = normal(Shape(shape)).values
        values[3] = bad
        let z = Tensor(values, shape: Shape(shape))
        #expect(!ModalityEntropy(of: z, options: .init()).loss.item.isFinite)
        #expect(gradient(at: z) { ModalityEntropy(of: $0, options: .init()).loss }.values.contains { !$0.isFinite })
    }

    // MARK: Band and log

    @Test("the attainable band of the paper's batch and width") func band() {
        let band = SpectralBand(samples: 48, features: 2304, epsilon: 1e-4)
        #expect(abs(band.lower - 8.943) < 5e-4)
        #expect(abs(band.upper - 9.203) < 5e-4)
        #expect(band.normalizedGap(of: band.lower) == 0)
        #expect(band.normalizedGap(of: band.upper) == 1)
        #expect(SpectralBand(samples: 2, features: 5, epsilon: 1e-4).normalizedGap(of: 7.05) == 0)
    }

    @Test("both terms, the gap and the regime are logged for each modality") func reports() throws {
        let embeddings: Embeddings = ["video": Embedding(pooled: normal([6, 9])), "audio": Embedding(pooled: normal([6, 3]))]
        let term = RegularizerTerm(MER(), instance: "mer", weight: 3)
        let penalty = try #require(try term.penalty(.sample(embeddings: embeddings)))
        #expect(
            penalty.reports.map(\.name) == [
                "mer", "mer.weighted", "mer.video.marginal", "mer.video.spectral", "mer.video.gap", "mer.video.regime",
                "mer.audio.marginal", "mer.audio.spectral", "mer.audio.gap", "mer.audio.regime",
            ])
        let values = Dictionary(uniqueKeysWithValues: penalty.reports.map { ($0.name, $0.value) })
        #expect(values["mer.video.regime"] == 0)
        #expect(values["mer.audio.regime"] == 1)
        for gap in [values["mer.video.gap"], values["mer.audio.gap"]] { #expect((0...1).contains(gap ?? -1)) }
    }

    @Test("the encoders' own output counts, not what other terms made of it") func originals() throws {
        let original: Embeddings = ["video": Embedding(pooled: normal([6, 4]))]
        var step = TrainingStep.sample(embeddings: original)
        step.embeddings = original.mapPooled { _, z in z * 0 }
        #expect(MER().penalty(step)?.value.item == MER().penalty(.sample(embeddings: original))?.value.item)
    }

    @Test("it registers under its name with the paper's weight") func registration() throws {
        var registry = RegularizerRegistry()
        try registry.register(MER.self)
        #expect(registry["mer"]?.defaultWeight == 3)
        #expect(registry["mer"]?.description.options.map(\.name) == ["estimator", "alpha-marginal", "alpha-spectral", "gamma", "epsilon"])
    }

    private static func options(of fixture: GoldenFixture, _ estimator: MER.Estimator) throws -> MER.Options {
        var options = MER.Options()
        options.estimator = estimator
        options.alphaMarginal = try fixture.params.number("alpha_marg")
        options.alphaSpectral = try fixture.params.number("alpha_spec")
        options.gamma = try fixture.params.number("gamma")
        options.epsilon = try fixture.params.number("eps")
        return options
    }

    private static func options(_ options: MER.Options, marginal: Double, spectral: Double) -> MER.Options {
        var options = options
        (options.alphaMarginal, options.alphaSpectral) = (marginal, spectral)
        return options
    }
}
