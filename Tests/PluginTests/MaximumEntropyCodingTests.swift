import Configuration
import GoldenFixtures
import MaximumEntropyCodingPlugin
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Maximum entropy coding") struct MaximumEntropyCodingTests {
    @Test("two views agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "maximum-entropy-coding"))
    func twoViews(fixture: GoldenFixture) throws {
        let names = ["p1", "p2", "z1", "z2"]
        for (output, slopes, isCoding) in [("loss_coding", "grad_coding", true), ("loss_scaled", "grad_scaled", false)] {
            let variables = try names.map { try fixture.tensor($0).tracked() }
            let rows = variables.map { $0.normalized(axis: 1) }
            let coding = try coding(of: fixture)
            let (first, second) = (coding.logDeterminant(rows[0], rows[3]), coding.logDeterminant(rows[1], rows[2]))
            try fixture.expect(first.item, matches: "logdet_12", mixed: true)
            try fixture.expect(second.item, matches: "logdet_21", mixed: true)
            let loss = (first + second) * Float(-(isCoding ? coding.codingFactor : coding.scaledFactor) / 2)
            try fixture.expect(loss.item, matches: output, mixed: true)
            for (name, gradient) in zip(names, gradients(of: loss, with: variables)) {
                try fixture.expect(try #require(gradient), matches: "\(slopes).\(name)", mixed: true)
            }
        }
    }

    @Test("one view agrees with the stored numbers", arguments: GoldenFixtures.cases(kind: "maximum-entropy-coding"))
    func oneView(fixture: GoldenFixture) throws {
        let z = try fixture.tensor("z1")
        let coding = try coding(of: fixture)
        #expect(abs(coding.lambda - (try fixture.params.number("lam"))) < 1e-12)
        #expect(abs(coding.codingFactor * Double(z.shape[0]) - (try fixture.params.number("mu"))) < 1e-9)
        func value(_ z: Tensor) -> Tensor { coding.logDeterminant(z.normalized(axis: 1)) }
        try fixture.expect(value(z).item, matches: "single", mixed: true)
        try fixture.expect(gradient(at: z) { value($0) }, matches: "grad_single.z1", mixed: true)
        var options = MaximumEntropyCoding.Options()
        (options.squaredError, options.scale) = (try fixture.params.number("eps_sq"), .coding)
        let penalty = try #require(MaximumEntropyCoding(options: options).penalty(.sample(embeddings: ["a": Embedding(pooled: z)])))
        try fixture.expect(-penalty.value.item / Float(coding.codingFactor), matches: "single")
    }

    @Test("the gradient agrees with central differences", arguments: [[5, 9], [9, 3], [2, 4]], MaximumEntropyCoding.Form.allCases)
    func centralDifferences(shape: [Int], form: MaximumEntropyCoding.Form) {
        let (z, other) = (normal(Shape(shape)), normal(Shape(shape), seed: 2))
        let slope = gradient(at: z) { loss(of: [$0, other], form) }
        #expect(largestDirectionalError(of: slope, at: z) { Double(loss(of: [$0, other], form).item) } < 2e-3)
    }

    @Test("a pair of equal views is one view twice") func equalViews() {
        let z = normal([6, 4])
        #expect(abs(2 * loss(of: [z, z], .pairs).item - loss(of: [z, z], .single).item) < 1e-5)
    }

    @Test("the order and the lengths of the samples do not matter", arguments: MaximumEntropyCoding.Form.allCases)
    func invariance(form: MaximumEntropyCoding.Form) {
        let arrays = [normal([5, 4]), normal([5, 4], seed: 2)]
        let changed = arrays.map { $0.gathering(rows: [3, 0, 4, 1, 2]) * Tensor([2, 0.5, 8, 1, 3], shape: [5, 1]) }
        #expect(abs(loss(of: arrays, form).item - loss(of: changed, form).item) < 1e-5)
    }

    @Test("all pairs are summed and logged") func pairs() throws {
        let embeddings = Embeddings((0..<3).map { (Modality("m\($0)"), Embedding(pooled: normal([4, 3], seed: UInt64($0)))) })
        var options = MaximumEntropyCoding.Options()
        options.form = .pairs
        let penalty = try #require(MaximumEntropyCoding(options: options).penalty(.sample(embeddings: embeddings)))
        #expect(penalty.reports.map(\.name) == ["m0-m1.log-determinant", "m0-m2.log-determinant", "m1-m2.log-determinant"])
    }

    @Test("constant columns and rows of 0 stay finite, NaN comes out as not finite", arguments: MaximumEntropyCoding.Form.allCases)
    func edges(form: MaximumEntropyCoding.Form) {
        let z = Tensor.concatenated([Tensor.zeros([1, 4]), Tensor.concatenated([Tensor.ones([4, 2]), normal([4, 2])], axis: 1)], axis: 0)
        #expect(loss(of: [z, z], form).item.isFinite)
        #expect(gradient(at: z) { loss(of: [$0, z], form) }.values.allSatisfy { $0.isFinite })
        #expect(!loss(of: [z + Tensor(.nan), z], form).item.isFinite)
    }

    @Test("pairs of modalities of different widths are refused") func differentWidths() {
        func make(_ widths: [Modality: Int], _ form: MaximumEntropyCoding.Form) throws {
            var options = MaximumEntropyCoding.Options()
            options.form = form
            _ = try MaximumEntropyCoding(
                options: options,
                context: RegularizerContext(
                    modalities: widths.keys.sorted(), widths: widths, classes: 3, model: LinearModel(),
                    initializer: Initializer(seed: 1), instance: "m"))
        }
        #expect(throws: OptionFault.self) { try make(["video": 6, "audio": 4], .pairs) }
        #expect(throws: OptionFault.self) { try make(["video": 6], .pairs) }
        #expect(throws: Never.self) { try make(["video": 6, "audio": 4], .single) }
    }

    private func coding(of fixture: GoldenFixture) throws -> CodingLength {
        CodingLength(shape: Shape(try fixture.shape(of: "z1")), squaredError: try fixture.params.number("eps_sq"))
    }

    private func loss(of arrays: [Tensor], _ form: MaximumEntropyCoding.Form) -> Tensor {
        var options = MaximumEntropyCoding.Options()
        (options.form, options.squaredError) = (form, 2)
        let names: [Modality] = ["a", "b", "c"]
        let embeddings = Embeddings(zip(names, arrays).map { ($0, Embedding(pooled: $1)) })
        return MaximumEntropyCoding(options: options).penalty(.sample(embeddings: embeddings))?.value ?? Tensor(.nan)
    }
}
