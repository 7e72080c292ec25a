import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing
@testable import UnimodalTeacherPlugin

@Suite("Unimodal teacher") struct UnimodalTeacherTests {
    private let model = ByNameModel(["audio", "video"])

    @Test("distances, their sum and its gradients agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "umt"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let count = fixture.tensorNames.count { $0.hasPrefix("teacher_") }
        let z = try (0..<count).map { try fixture.tensor("z_\($0)").tracked() }
        var term = Tensor(0)
        for index in 0..<count {
            let distance = UnimodalTeacher.distance(z[index], from: try fixture.tensor("teacher_\(index)"))
            try fixture.expect(distance, matches: "mse_\(index)")
            term += distance * (try fixture.params.float("weight"))
        }
        try fixture.expect(term, matches: "term")
        for (index, slope) in gradients(of: term, with: z).enumerated() { try fixture.expect(try #require(slope), matches: "grad.z_\(index)") }
    }

    @Test("while teachers learn, only their own parameters have a gradient") func warmUp() throws {
        let plugin = try make(warmUp: 0.5)
        let step = model.step()
        let penalty = try #require(plugin.penalty(step))
        let own = plugin.parts.namedParameters
        let slopes = gradients(of: penalty.value, with: (own + model.namedParameters).map(\.parameter.value))
        for ((name, _), slope) in zip(own, slopes) { #expect(slope?.values.contains { $0 != 0 } == true, "\(name)") }
        #expect(slopes.dropFirst(own.count).allSatisfy { $0 == nil })
    }

    @Test("the model's own record and values stay as they were") func untouched() throws {
        let plugin = try make(warmUp: 0.5)
        let step = model.step()
        for (_, parameter) in plugin.parts.namedParameters { parameter.value = parameter.value.detached() * 3 }
        func slopes() -> [[Float]?] {
            gradients(of: model.step().prediction.logits.crossEntropy(labels: step.labels), with: model.namedParameters.map(\.parameter.value))
                .map { $0?.values }
        }
        let loss = step.prediction.logits.crossEntropy(labels: step.labels)
        let (values, plain) = (model.namedParameters.map { $0.parameter.value.values }, slopes())
        _ = plugin.penalty(step)
        #expect(model.namedParameters.map { $0.parameter.value.values } == values)
        #expect(gradients(of: loss, with: model.namedParameters.map(\.parameter.value)).map { $0?.values } == plain)
    }

    @Test("then the model follows them, and they are constants") func following() throws {
        let plugin = try make(warmUp: 0)
        #expect(try #require(plugin.penalty(model.step())).value.item < 1e-9)
        for (_, parameter) in plugin.parts.namedParameters { parameter.value = parameter.value.detached() + 0.1 }
        let penalty = try #require(plugin.penalty(model.step()))
        #expect(penalty.value.item > 0)
        #expect(penalty.reports.map(\.name) == ["audio.distance", "video.distance"])
        #expect(gradients(of: penalty.value, with: plugin.parts.namedParameters.map(\.parameter.value), keepingGraph: true).allSatisfy { $0 == nil })
        #expect(gradients(of: penalty.value, with: model.encoderParameters(of: "audio").map(\.value)).allSatisfy { $0 != nil })
    }

    private func make(warmUp: Double) throws -> UnimodalTeacher {
        var options = UnimodalTeacher.Options()
        options.warmUp = warmUp
        return try UnimodalTeacher(options: options, context: model.context())
    }
}
