import Configuration
import Foundation
import GoldenFixtures
import Models
import Networks
import Tensors
import Testing

/// One case of a fixture of a published encoder: inputs, stage outputs, embedding and gradients, all with channels first.
struct GoldenEncoder {
    let fixture: GoldenFixture
    /// What the fixture's keys have before our names.
    let prefix: String

    var isTraining: Bool { fixture.caseName == "train" }

    var pass: Pass { isTraining ? ModelSamples.training() : .evaluation }

    /// The input with channels last.
    func input() throws -> Tensor { try fixture.tensor("x").channelsLast() }

    /// An encoder with the fixture's weights, loaded as a recipe would.
    func make<E: EncoderPlugin>(_ type: E.Type, _ options: [String: OptionValue]) throws -> E {
        var options = options
        let file = try #require(fixture.sidecar["weights_file"]?.text)
        options["weights"] = .string((fixture.path as NSString).deletingLastPathComponent + "/" + file)
        var registry = EncoderRegistry()
        try registry.register(E.self)
        let encoder = try registry.make(
            E.description.name, options: options, sampleShape: Shape(try input().shape.dimensions.dropFirst()), from: Initializer(seed: 1))
        return try #require(encoder as? E)
    }

    /// Compares a map with channels last with the stored one, where the case has it.
    func expect(_ map: Tensor, is name: String) throws {
        guard fixture.has(name) else { return }
        try fixture.expect(map.channelsFirst(), matches: name)
    }

    /// Compares embedding, gradients and, in training, running statistics of a whole pass.
    func expectWholePass(_ encoder: some Encoder) throws {
        let x = try input().tracked()
        let embedding = encoder(x, pass: pass).pooled
        try fixture.expect(embedding, matches: "embedding")
        let parameters = encoder.namedParameters
        let found = gradients(
            of: (embedding * (try fixture.tensor("dy"))).sum(), with: [x] + parameters.map(\.parameter.value))
        try fixture.expect(try #require(found[0]).channelsFirst(), matches: "grad.x")
        var norms: [String: Float] = [:]
        for ((name, _), gradient) in zip(parameters, found.dropFirst()) {
            let gradient = try #require(gradient, "\(name) has no gradient")
            norms[prefix + name] = Float(gradient.values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
            let key = "grad.param." + prefix + name
            if fixture.has(key) { try fixture.expect(gradient, matches: key) }
        }
        let order = try #require(fixture.sidecar["param_order"]?.elements).compactMap(\.text)
        try fixture.expect(order.map { norms[$0] ?? 0 }, matches: "param_grad_norms")
        for (name, buffer) in encoder.namedBuffers where fixture.has("new." + prefix + name) {
            try fixture.expect(buffer.value, matches: "new." + prefix + name)
        }
    }

    /// Compares the embedding of the compiled network: evaluation without gradients.
    func expectCompiled(_ encoder: some Encoder) throws {
        let x = try input()
        try fixture.expect(withoutGradients { encoder(x, pass: .evaluation).pooled }, matches: "embedding")
    }
}

extension Tensor {
    /// N×C×… as the fixtures hold it, to N×…×C as the layers read it.
    func channelsLast() -> Tensor { permuted([0] + Array(2..<rank) + [1]) }

    /// N×…×C to N×C×….
    func channelsFirst() -> Tensor { permuted([0, rank - 1] + Array(1..<rank - 1)) }
}
