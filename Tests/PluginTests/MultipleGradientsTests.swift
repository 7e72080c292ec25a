import Configuration
import GoldenFixtures
@testable import MultipleGradientsPlugin
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Several gradients at once") struct MultipleGradientsTests {
    @Test("the shortest vector in the convex hull agrees with the stored numbers", arguments: GoldenFixtures.cases(kind: "min-norm"))
    func minimumNorm(fixture: GoldenFixture) throws {
        let vectors = try rows(fixture, "gradients")
        let weights = MinimumNorm.weights(products: vectors.map { first in vectors.map { first.dot($0) } })
        try fixture.expect(weights.map { Float($0) }, matches: "weights")
        let combined = zip(vectors, weights).reduce(vectors[0] * 0) { $0 + $1.0 * Float($1.1) }
        try fixture.expect(try #require(combined["g"]), matches: "combined")
        try fixture.expect(combined.norm, matches: "norm")
    }

    @Test("of equal vectors, of one, and of vectors of 0 the weights are a distribution") func degenerate() {
        for products in [[[1.0]], [[1, 1], [1, 1]], [[0, 0], [0, 0]], [[.nan, 0], [0, 1]]] {
            let weights = MinimumNorm.weights(products: products)
            #expect(abs(weights.reduce(0, +) - 1) < 1e-12 && weights.allSatisfy { $0 >= 0 })
        }
    }

    @Test("PCGrad agrees with the stored numbers", arguments: GoldenFixtures.cases(kind: "pcgrad"))
    func projection(fixture: GoldenFixture) throws {
        let vectors = try rows(fixture, "gradients")
        let flat = try fixture.integers("order")
        let orders = vectors.indices.map { Array(flat[$0 * (vectors.count - 1)..<($0 + 1) * (vectors.count - 1)]) }
        let projected = GradientProjection.projected(vectors, orders: orders)
        try fixture.expect(projected.flatMap { $0["g"]?.values ?? [] }, matches: "projected")
        let sum = projected.dropFirst().reduce(projected[0], +)
        try fixture.expect(try #require(sum["g"]), matches: "sum")
        try fixture.expect(try #require((sum * (1 / Float(vectors.count)))["g"]), matches: "mean")
    }

    @Test("MMPareto agrees with the stored numbers", arguments: GoldenFixtures.cases(kind: "mmpareto"))
    func pareto(fixture: GoldenFixture) throws {
        func all(_ prefix: String) throws -> Gradients {
            let names = fixture.tensorNames.filter { $0.hasPrefix(prefix + ".") }.map { String($0.dropFirst(prefix.count + 1)) }
            return Gradients(names: names, values: try names.map { try fixture.tensor("\(prefix).\($0)") })
        }
        let integration = Integration(try all("multimodal"), try all("unimodal"))
        try fixture.expect(Float(integration.cosine), matches: "cosine")
        try fixture.expect(integration.weights.map { Float($0) }, matches: "weights")
        let combined = integration.combined(gamma: try fixture.params.number("gamma"))
        for (name, value) in zip(combined.names, combined.values) { try fixture.expect(try #require(value), matches: "combined.\(name)") }
    }

    @Test("GMP agrees with the stored numbers", arguments: GoldenFixtures.cases(kind: "gmp"))
    func modulated(fixture: GoldenFixture) throws {
        let count = try fixture.params.integer("modalities")
        let (labels, domains) = (try fixture.integers("labels"), try fixture.integers("domains"))
        func means(_ prefix: String, _ truth: [Int]) throws -> [Double] {
            try (0..<count).map { Double(try fixture.tensor("\(prefix)_\($0)").softmax().picking(truth).mean().item) }
        }
        let (classes, domainMeans) = (try means("logits", labels), try means("domain_logits", domains))
        try fixture.expect(classes.map { Float($0) }, matches: "class_confidence")
        let ratios = ModulatedPair.Ratios(classes: classes, domains: domainMeans)
        try fixture.expect(ratios.classes.map { Float($0) }, matches: "class_ratio")
        try fixture.expect(ratios.domains.map { Float($0) }, matches: "domain_ratio")
        let (alphaClasses, alphaDomains) = (try fixture.params.number("alpha_k"), try fixture.params.number("alpha_p"))
        let a = ratios.classes.map { ModulatedPair.coefficient($0, strength: alphaClasses) }
        let b = ratios.domains.map { ModulatedPair.coefficient($0, strength: alphaDomains) }
        try fixture.expect(a.map { Float($0) }, matches: "class_coefficient")
        try fixture.expect(b.map { Float($0) }, matches: "domain_coefficient")
        for m in 0..<count {
            let c = Gradients(names: ["g"], values: [try fixture.tensor("classes_\(m)")])
            let d = Gradients(names: ["g"], values: [try fixture.tensor("domain_gradient_\(m)")])
            let pair = ModulatedPair.projected(
                classes: c * Float(a[m]), domains: d * Float(b[m]), classRatio: ratios.classes[m], domainRatio: ratios.domains[m])
            try fixture.expect(try #require((pair.classes + pair.domains)["g"]), matches: "combined_\(m)")
        }
    }

    @Test("terms that agree keep the gradient of the whole loss, and it is shorter where they do not") func pairs() throws {
        let plugin = GradientProjection(options: .init(), context: .sample(instance: "pcgrad"))
        let (x, y) = (gradients([1, 0]), gradients([1, 1]))
        #expect(try changed(plugin, ["task": x, "mer": y])?.values == [2, 1])
        // Against each other, each is projected to what is left.
        #expect(try changed(plugin, ["task": gradients([1, 1]), "mer": gradients([-1, 0])])?.values == [-0.5, 1.5])
    }

    @Test("an encoder's gradient is integrated, the fusion's stays the sum") func encoders() throws {
        let names = ["encoders.video.weight", "fusion.weight"]
        func pair(_ a: [Float], _ b: [Float]) -> Gradients { Gradients(names: names, values: [Tensor(a, shape: [2]), Tensor(b, shape: [2])]) }
        let (rest, unimodal) = (pair([1, 0], [3, 3]), pair([1, 1], [1, 1]))
        let plugin = Pareto(options: .init(), context: .sample(["video"], instance: "pareto"))
        let objective = StepObjective(
            terms: ["task", "unimodal-loss"], movedBy: { $0 }, ofTerm: { name, _ in name == "unimodal-loss" ? unimodal : rest }, ofRows: { _, _ in rest })
        let step = TrainingStep.sample(of: LinearModel())
        let changed = try plugin.changedGradients(rest + unimodal, at: step, of: objective)
        // They agree, so the direction stays and only γ acts.
        #expect(changed[names[0]]?.values == [3, 1.5])
        #expect(changed[names[1]]?.values == [4, 4])
    }

    @Test("terms that are read are told beforehand") func termsRead() {
        func terms(_ plugin: any ReadsTerms) -> [String] { plugin.termsRead }
        let context = RegularizerContext.sample(instance: "term")
        #expect(terms(Pareto(options: .init(), context: context)) == ["unimodal-loss"])
        #expect(terms(GradientProjection(options: .init(), context: context)).isEmpty)
        var modulated = GradientProjection.Options()
        modulated.form = .modulated
        #expect(terms(GradientProjection(options: modulated, context: context)) == ["unimodal-loss"])
    }

    @Test("a term that is not there is named with the nearest one") func faults() {
        let plugin = Pareto(options: .init(), context: .sample(["video"], instance: "pareto"))
        let objective = StepObjective(terms: ["task", "unimodal-los"], movedBy: { $0 }, ofRows: { _, _ in Gradients(names: [], values: []) })
        let fault = #expect(throws: OptionFault.self) {
            try plugin.changedGradients(gradients([1, 0]), at: .sample(of: LinearModel()), of: objective)
        }
        #expect(fault?.option == "unimodal" && fault?.suggestion == "unimodal-los")
    }

    private func gradients(_ values: [Float]) -> Gradients { Gradients(names: ["g"], values: [Tensor(values, shape: [values.count])]) }

    private func changed(_ plugin: GradientProjection, _ terms: KeyValuePairs<String, Gradients>) throws -> Tensor? {
        let all = Dictionary(uniqueKeysWithValues: terms.map { ($0.key, $0.value) })
        let whole = terms.dropFirst().reduce(terms[0].value) { $0 + $1.value }
        let objective = StepObjective(terms: terms.map(\.key), movedBy: { $0 }, ofTerm: { name, _ in all[name] }, ofRows: { _, _ in whole })
        return try plugin.changedGradients(whole, at: .sample(of: LinearModel()), of: objective)["g"]
    }

    private func rows(_ fixture: GoldenFixture, _ name: String) throws -> [Gradients] {
        let all = try fixture.tensor(name)
        return (0..<all.shape[0]).map { Gradients(names: ["g"], values: [all[$0..<$0 + 1].squeezed(axis: 0)]) }
    }
}
