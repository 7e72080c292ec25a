import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import SharpnessAwarePlugin
import Tensors
import Testing

@Suite("Sharpness-aware minimization") struct SharpnessAwareTests {
    private let model = ByNameModel(["audio", "video"])

    @Test("around plain descent it follows the stored path", arguments: GoldenFixtures.all(kind: "optim-sam"))
    func storedPath(fixture: GoldenFixture) throws {
        let (a, target) = (try fixture.tensor("a"), try fixture.tensor("v_star"))
        let (w, b) = (Parameter(try fixture.tensor("w0")), Parameter(try fixture.tensor("b0")))
        func gradient(at w: Tensor, _ b: Tensor) -> Gradients {
            let (w, b) = (w.detached().tracked(), b.detached().tracked())
            let v = Tensor.concatenated([w.reshaped([w.elementCount]), b], axis: 0) - target
            return Gradients(names: ["w", "b"], values: gradients(of: (v * a.matmul(v) * 0.5).sum(), with: [w, b]))
        }
        var options = SharpnessAware.Options()
        options.rho = try fixture.params.number("rho")
        let list = RegularizerList([RegularizerTerm(SharpnessAware(options: options, context: model.context()), instance: "sam")])
        let rate = try fixture.params.float("lr")
        var path: [String: [Float]] = [:]
        for _ in 0..<(try fixture.shape(of: "w")[0]) {
            let first = gradient(at: w.value, b.value)
            path["grad_w", default: []] += first["w"]?.values ?? []
            path["grad_b", default: []] += first["b"]?.values ?? []
            let used = try list.changedGradients(
                first, at: model.step(),
                of: .moving { displacement in
                    let moved = zip([w, b], displacement.values).map { $0.value.detached() + ($1 ?? Tensor(.nan)) }
                    path["w_adv", default: []] += moved[0].values
                    path["b_adv", default: []] += moved[1].values
                    return gradient(at: moved[0], moved[1])
                })
            path["grad2_w", default: []] += used["w"]?.values ?? []
            path["grad2_b", default: []] += used["b"]?.values ?? []
            for (parameter, slope) in zip([w, b], used.values) {
                parameter.value = parameter.value.detached() - (slope ?? Tensor(.nan)) * rate
            }
            path["w", default: []] += w.value.values
            path["b", default: []] += b.value.values
        }
        for (name, values) in path { try fixture.expect(values, matches: name) }
    }

    @Test("a gradient of 0, one that is not finite and a rho of 0 stay as they are, without a second pass")
    func noDirection() {
        let names = model.namedParameters.map(\.name)
        for value in [Float(0), .nan, .infinity] {
            let given = Gradients(names: names, values: model.namedParameters.map { Tensor.full(value, $0.parameter.shape) })
            #expect(passes(.init(), given) == 0)
        }
        var still = SharpnessAware.Options()
        still.rho = 0
        #expect(passes(still, model.gradients(of: model.step())) == 0)
        #expect(passes(.init(), model.gradients(of: model.step())) == 1)
    }

    @Test(
        "only the chosen parameters move, by rho in all",
        arguments: [
            (SharpnessAware.Parameters.all, ["encoders.audio.", "encoders.video.", "fusion.", "regularizers."]),
            (.model, ["encoders.audio.", "encoders.video.", "fusion."]), (.encoders, ["encoders.audio.", "encoders.video."]),
            (.fusion, ["fusion."]),
        ])
    func chosen(parameters: SharpnessAware.Parameters, prefixes: [String]) throws {
        var options = SharpnessAware.Options()
        options.parameters = parameters
        let found = model.gradients(of: model.step())
        let given = Gradients(names: found.names + ["regularizers.head.weight"], values: found.values + [Tensor([3, 4], shape: [2])])
        let moved = try #require(displacement(options, given))
        for (name, value) in zip(moved.names, moved.values) {
            #expect((value != nil) == prefixes.contains { name.hasPrefix($0) }, "\(name)")
        }
        #expect(abs(moved.norm - 0.05) < 1e-6)
    }

    @Test("with on: only those modalities' encoders move") func on() throws {
        var options = SharpnessAware.Options()
        options.parameters = .encoders
        var context = model.context()
        context.modalities = ["video"]
        var moved: Gradients?
        _ = try SharpnessAware(options: options, context: context).changedGradients(
            model.gradients(of: model.step()), at: model.step(),
            of: .moving {
                moved = $0
                return $0
            })
        let names = try #require(moved).map { $1 }
        #expect(zip(names.names, names.values).filter { $0.1 != nil }.allSatisfy { $0.0.hasPrefix("encoders.video.") })
    }

    @Test("adaptive moves each parameter by its size, and rho is measured in sizes") func adaptive() throws {
        var options = SharpnessAware.Options()
        (options.isAdaptive, options.rho) = (true, 0.5)
        let given = model.gradients(of: model.step())
        let moved = try #require(displacement(options, given))
        var relative = 0.0
        var ratios: [Float] = []
        for (name, parameter) in model.namedParameters {
            let sizes = parameter.value.values.map { abs($0) + 0.01 }
            for (move, (size, slope)) in zip(try #require(moved[name]).values, zip(sizes, try #require(given[name]).values)) {
                relative += Double(move / size) * Double(move / size)
                if abs(slope) > 1e-3 { ratios.append(move / (size * size * slope)) }
            }
        }
        #expect(abs(relative.squareRoot() - 0.5) < 1e-5)
        #expect(try #require(ratios.max()) - #require(ratios.min()) < 1e-3 * #require(ratios.max()))
    }

    private func displacement(_ options: SharpnessAware.Options, _ given: Gradients) -> Gradients? {
        var moved: Gradients?
        _ = try? SharpnessAware(options: options, context: model.context()).changedGradients(
            given, at: model.step(),
            of: .moving {
                moved = $0
                return given
            })
        return moved
    }

    private func passes(_ options: SharpnessAware.Options, _ given: Gradients) -> Int {
        displacement(options, given) == nil ? 0 : 1
    }
}
