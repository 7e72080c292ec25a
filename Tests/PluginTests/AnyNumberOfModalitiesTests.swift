import BarlowTwinsPlugin
import ConditionalEntropyBottleneckPlugin
import Configuration
import DomainAdversarialPlugin
import DomainAlignmentPlugin
import FeatureSplittingPlugin
import MERPlugin
import MIROPlugin
import MaximumEntropyCodingPlugin
import ModalityDropoutPlugin
import Networks
import Regularization
import RegularizerTesting
import RelativeNormAlignmentPlugin
import SharpnessAwarePlugin
import SupervisedContrastivePlugin
import Tensors
import Testing
import UnimodalLossPlugin
import VonNeumannEntropyPlugin
import WeightAveragingPlugin

@testable import CrossModalTranslationPlugin
@testable import GradientModulationPlugin
@testable import ModalityCompetitionPlugin
@testable import RepresentationFlatteningPlugin

/// Every method on two, three and four modalities, which come in no particular order.
@Suite("Any number of modalities") struct AnyNumberOfModalitiesTests {
    static let numbers = [2, 3, 4]
    private static let names: [Modality] = ["audio", "flow", "touch", "video"]

    /// A method with a penalty.
    struct Method: Sendable, CustomStringConvertible {
        let name: String
        var options: [String: OptionValue] = [:]
        var owns = false
        var isSmooth = true
        var description: String { name }
    }

    static let methods: [Method] = [
        Method(name: "mer", isSmooth: false),
        Method(name: "supervised-contrastive", options: ["temperature": .number(1)]),
        Method(name: "feature-splitting"),
        Method(name: "cross-modal-translation", options: ["hidden": .integer(8)], owns: true),
        Method(
            name: "representation-flattening", options: ["hidden": .list([]), "width": .integer(4), "temperature": .number(1)], owns: true),
        Method(name: "unimodal-loss", owns: true),
        Method(name: "modality-competition", options: ["game": .string("collaborative"), "shared-permutations": .bool(false)]),
        Method(name: "conditional-entropy-bottleneck", options: ["hidden": .integer(8)], owns: true),
        Method(name: "relative-norm-alignment"),
        Method(name: "barlow-twins"),
        Method(name: "maximum-entropy-coding"),
        Method(name: "maximum-entropy-coding", options: ["form": .string("pairs")]),
        Method(name: "von-neumann-entropy"),
        Method(name: "coral"),
        Method(name: "mmd", options: ["gammas": .list([.number(0.1)])]),
        Method(name: "information-bottleneck"),
        Method(name: "miro", owns: true),
        // Its gradient in the embeddings is reversed on purpose.
        Method(name: "domain-adversarial", options: ["width": .integer(8)], owns: true, isSmooth: false),
    ]

    @Test("the penalty is finite, and its gradient agrees with central differences", arguments: methods.filter(\.isSmooth), numbers)
    func gradients(method: Method, count: Int) throws {
        let model = ByNameModel(Self.names.dropLast(4 - count))
        let term = try term(method, model)
        var step = model.step()
        step.originalEmbeddings = step.originalEmbeddings.mapPooled { $1.detached() }
        for modality in model.modalities {
            let z = try #require(step.originalEmbeddings[modality]).pooled.detached()
            func loss(_ z: Tensor) -> Tensor {
                var changed = step
                changed.originalEmbeddings[modality] = Embedding(pooled: z)
                changed.embeddings = changed.originalEmbeddings
                return (try? term.penalty(changed))?.value ?? Tensor(.nan)
            }
            #expect(loss(z).item.isFinite)
            let slope = gradient(at: z) { loss($0) }
            #expect(largestDirectionalError(of: slope, at: z) { Double(loss($0).item) } < 1e-2, "\(modality)")
        }
    }

    @Test("the order of the modalities does not matter", arguments: methods, numbers)
    func order(method: Method, count: Int) throws {
        let names = Array(Self.names.dropLast(4 - count))
        let orders = [names, names.reversed(), Array(names.dropFirst()) + [names[0]]]
        var found: [(value: Float, slopes: [Tensor])] = []
        for order in orders {
            let model = ByNameModel(order)
            let penalty = try #require(try term(method, model, order: names).penalty(model.step()))
            let parameters = model.namedParameters.sorted { $0.name < $1.name }
            let slopes = Tensors.gradients(of: penalty.value, with: parameters.map(\.parameter.value))
            found.append((penalty.value.item, slopes.map { $0 ?? Tensor(0) }))
        }
        for other in found.dropFirst() {
            #expect(abs(other.value - found[0].value) <= 1e-5 * max(1, abs(found[0].value)))
            for (mine, first) in zip(other.slopes, found[0].slopes) { expectClose(mine, first) }
        }
    }

    @Test("names do not matter to methods that own nothing", arguments: methods.filter { !$0.owns }, numbers)
    func renaming(method: Method, count: Int) throws {
        // The competition's permutations are drawn by name.
        guard method.name != "modality-competition" else { return }
        let model = ByNameModel(Self.names.dropLast(4 - count))
        let renamed = ByNameModel(model.modalities.map { Modality("renamed-\($0)") })
        let step = model.step()
        var other = renamed.step()
        other.originalEmbeddings = Embeddings(step.originalEmbeddings.map { (Modality("renamed-\($0.modality)"), $0.embedding) })
        other.embeddings = other.originalEmbeddings
        let (plain, changed) = (try term(method, model).penalty(step), try term(method, renamed).penalty(other))
        #expect(try #require(plain).value.item == #require(changed).value.item)
    }

    @Test("in the greedy game the penalty is 0 and every encoder plays", arguments: numbers) func greedy(count: Int) throws {
        let model = ByNameModel(Self.names.dropLast(4 - count))
        let penalty = try #require(try term(Method(name: "modality-competition"), model).penalty(model.step()))
        #expect(abs(penalty.value.item) < 1e-6)
        for modality in model.modalities {
            let slopes = Tensors.gradients(of: penalty.value, with: model.encoderParameters(of: modality).map(\.value), keepingGraph: true)
            #expect(slopes.contains { $0?.values.contains { $0 != 0 } == true }, "\(modality)")
        }
    }

    @Test("each modality is dropped about as often as any other", arguments: numbers) func modalityDropout(count: Int) throws {
        let model = ByNameModel(Self.names.dropLast(4 - count))
        let term = try term(Method(name: "modality-dropout", options: ["rate": .number(0.8)]), model)
        let step = model.step(samples: 2000)
        let dropped = try term.changedEmbeddings(step.embeddings, in: ForwardPass(step.pass)).map { pair in
            let lengths = pair.embedding.pooled.norm(axis: 1).values
            return Double(lengths.count { $0 == 0 }) / 2000
        }
        #expect(dropped.allSatisfy { abs($0 - 0.8 / Double(count)) < 0.04 })
    }

    @Test("sharpness-aware minimization moves all encoders together", arguments: numbers) func sharpness(count: Int) throws {
        let model = ByNameModel(Self.names.dropLast(4 - count))
        let term = try term(Method(name: "sharpness-aware"), model)
        let step = model.step()
        let plain = model.gradients(of: step)
        let found = try term.changedGradients(plain, at: step, of: .moving { model.gradients(of: step, movedBy: $0) })
        let expected = model.gradients(of: step, movedBy: plain * (0.05 / plain.norm))
        for (mine, other) in zip(found.values, expected.values) { expectClose(try #require(mine), try #require(other)) }
        let last = "encoders.\(model.modalities[count - 1]).kernel"
        #expect(found[last]?.values != plain[last]?.values)
    }

    @Test("all encoders are averaged", arguments: numbers) func averaging(count: Int) throws {
        let model = ByNameModel(Self.names.dropLast(4 - count))
        let term = try term(Method(name: "weight-averaging"), model)
        let parameters = model.namedParameters.map(\.parameter)
        for value in [Float(1), 4] {
            for parameter in parameters { parameter.value = Tensor.full(value, parameter.shape) }
            try term.follow(.sample(updating: model, .evaluation), learningRate: 0.1)
        }
        let average = try #require(term.averagedWeights)
        #expect(average.withAverage { parameters.allSatisfy { $0.value.values.allSatisfy { $0 == 2.5 } } })
    }

    @Test("gradient modulation slows down the modality that leads, in whatever order", arguments: numbers)
    func modulation(count: Int) throws {
        let names = Array(Self.names.dropLast(4 - count))
        func reports(_ order: [Modality]) throws -> [String: Float] {
            let model = ByNameModel(order)
            let step = model.step()
            _ = try term(Method(name: "gradient-modulation"), model).changedGradients(model.gradients(of: step), at: step, of: .moving { $0 })
            return Dictionary(uniqueKeysWithValues: step.reports.map { ($0.name, $0.value) })
        }
        let (found, reversed) = (try reports(names), try reports(names.reversed()))
        #expect(found.count == 2 * count)
        for (name, value) in found { #expect(abs(value - (reversed[name] ?? .nan)) < 1e-5, "\(name)") }
        let ratios = names.map { found["gradient-modulation.\($0).ratio"] ?? .nan }
        #expect(ratios.contains { $0 > 1 } && ratios.contains { $0 < 1 })
        for (name, ratio) in zip(names, ratios) {
            #expect((found["gradient-modulation.\(name).coefficient"] ?? .nan < 1) == (ratio > 1), "\(name)")
        }
    }

    /// A term that has taken part in one step already.
    ///
    /// - Parameter order: in which norms are divided, where a method does so.
    private func term(_ method: Method, _ model: ByNameModel, order: [Modality]? = nil) throws -> RegularizerTerm {
        var registry = RegularizerRegistry()
        try registry.register(MER.self)
        try registry.register(SupervisedContrastive.self)
        try registry.register(FeatureSplitting.self)
        try registry.register(CrossModalTranslation.self)
        try registry.register(RepresentationFlattening.self)
        try registry.register(UnimodalLoss.self)
        try registry.register(ModalityCompetition.self)
        try registry.register(ConditionalEntropyBottleneck.self)
        try registry.register(RelativeNormAlignment.self)
        try registry.register(BarlowTwins.self)
        try registry.register(MaximumEntropyCoding.self)
        try registry.register(VonNeumannEntropy.self)
        try registry.register(ModalityDropout.self)
        try registry.register(SharpnessAware.self)
        try registry.register(WeightAveraging.self)
        try registry.register(GradientModulation.self)
        try registry.register(CORAL.self)
        try registry.register(MaximumMeanDiscrepancy.self)
        try registry.register(InformationBottleneck.self)
        try registry.register(MIRO.self)
        try registry.register(DomainAdversarial.self)
        var options = method.options
        if method.name == "relative-norm-alignment", let order { options["order"] = .list(order.map { .string($0.name) }) }
        let plan = TermPlan(method.name, options: options)
        let term = try registry.makeTerm(plan, for: model, classes: 3, sourceDomains: [0, 1], initializer: Initializer(seed: 1), totalSteps: 10)
        guard method.name == "representation-flattening" else { return term }
        // The teacher has other weights than the student: where both agree, the distance has a kink.
        let parameters = (model.namedParameters + term.parts.namedParameters).map(\.parameter)
        let values = parameters.map(\.value)
        for parameter in parameters { parameter.value = parameter.value.detached() * 0.7 + 0.2 }
        try term.follow(.sample(updating: model, .evaluation), learningRate: 0.1)
        for (parameter, value) in zip(parameters, values) { parameter.value = value }
        return term
    }

    private func expectClose(_ found: Tensor, _ expected: Tensor) {
        let scale = max(0.1, expected.values.map(abs).max() ?? 0)
        let worst = zip(found.values, expected.values).map { abs($0 - $1) }.max() ?? 0
        #expect(found.shape == expected.shape && worst <= 1e-4 * scale)
    }
}
