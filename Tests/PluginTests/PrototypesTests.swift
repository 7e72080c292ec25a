import Configuration
import GoldenFixtures
import Networks
@testable import PrototypesPlugin
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Class prototypes") struct PrototypesTests {
    @Test("similarities, losses, the choice of the modality and gradients agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "pmr"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let labels = try fixture.integers("labels")
        let z = try [0, 1].map { try fixture.tensor("z_\($0)") }
        let prototypes = try [0, 1].map { try fixture.tensor("prototypes_\($0)") }
        let alpha = try fixture.params.float("alpha")
        func seen(_ z: [Tensor]) -> [(modality: Modality, similarities: Tensor)] {
            [0, 1].map { (Modality("\($0)"), ClassMeans.similarities(z[$0], to: prototypes[$0])) }
        }
        for (index, (_, similarities)) in seen(z).enumerated() {
            try fixture.expect(similarities, matches: "similarity_\(index)")
            try fixture.expect(similarities.crossEntropy(labels: labels), matches: "pce_\(index)")
            try fixture.expect(similarities.softmax().picking(labels).sum(), matches: "score_\(index)")
            let slope = gradient(at: z[index]) { ClassMeans.similarities($0, to: prototypes[index]).crossEntropy(labels: labels) }
            try fixture.expect(slope, matches: "grad_pce_\(index).z_\(index)")
        }
        let tracked = z.map { $0.tracked() }
        let term = try #require(Prototypes.penalty(seen(tracked), labels: labels)).value * alpha
        try fixture.expect(term, matches: "term")
        for (index, slope) in gradients(of: term, with: tracked).enumerated() {
            try fixture.expect(slope ?? .zeros(z[index].shape), matches: "grad.z_\(index)")
        }
    }

    @Test("class means with momentum agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "pmr"))
    func momentum(fixture: GoldenFixture) throws {
        let labels = try fixture.integers("labels")
        for index in 0...1 {
            let (z, old) = (try fixture.tensor("z_\(index)"), try fixture.tensor("prototypes_\(index)"))
            let means = ClassMeans(classes: old.shape[0], width: old.shape[1], momentum: try fixture.params.number("momentum"))
            #expect(means.current == nil)
            means.gather(z, labels: labels)
            means.update()
            try fixture.expect(try #require(means.current), matches: "first_prototypes_\(index)")
            try means.load(["prototypes": old, "sums": .zeros(old.shape), "counts": .zeros([old.shape[0]]), "updates": Tensor(1)])
            // Two halves of a batch gather what the whole one does.
            let half = labels.count / 2
            means.gather(z[0..<half], labels: Array(labels[..<half]))
            means.gather(z[half..<labels.count], labels: Array(labels[half...]))
            means.update()
            try fixture.expect(try #require(means.current), matches: "next_prototypes_\(index)")
        }
    }

    @Test("the first batch makes the first prototypes, and every so many steps move them") func updates() throws {
        let model = ByNameModel(["audio", "video"])
        var options = Prototypes.Options()
        options.every = 2
        let plugin = try Prototypes(options: options, context: model.context())
        let held = try #require(plugin.parts.namedBuffers.first { $0.name == "means.audio.prototypes" }).buffer
        #expect(plugin.penalty(model.step()) == nil)
        plugin.follow(model.step(), learningRate: 0.1)
        let first = held.value.values
        #expect(plugin.penalty(model.step()) != nil)
        for parameter in model.encoderParameters(of: "audio") { parameter.value = parameter.value.detached() * 2 }
        plugin.follow(model.step(), learningRate: 0.1)
        #expect(held.value.values == first)
        plugin.follow(model.step(), learningRate: 0.1)
        #expect(held.value.values != first)
    }

    @Test("a row that equals its prototype has no gradient") func coincident() {
        let z = normal([2, 3])
        let slope = gradient(at: z) { ClassMeans.similarities($0, to: z).sum() }
        #expect(slope.values.allSatisfy { $0.isFinite })
        #expect(gradient(at: z[0..<1]) { ClassMeans.similarities($0, to: z[0..<1]).sum() }.values == [0, 0, 0])
    }

    @Test("of three modalities those below the mean of the others get the term") func three() throws {
        let labels = [0, 1]
        func similarities(_ margin: Float) -> Tensor { Tensor([margin, 0, 0, margin], shape: [2, 2]) }
        let seen: [(modality: Modality, similarities: Tensor)] = [("a", similarities(3)), ("b", similarities(0.1)), ("c", similarities(0.2))]
        let penalty = try #require(Prototypes.penalty(seen, labels: labels))
        let expected = similarities(0.1).crossEntropy(labels: labels).item + similarities(0.2).crossEntropy(labels: labels).item
        #expect(abs(penalty.value.item - expected) < 1e-6)
    }
}
