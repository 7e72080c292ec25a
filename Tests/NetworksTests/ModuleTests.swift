import Networks
import Tensors
import Testing

/// Two linear maps that may share one weight, beside a list and an absent part.
private final class Sample: Module {
    let first: Linear
    let list: [Linear]
    let absent: Linear?
    let tied: Parameter
    let counter = Buffer(Tensor(0), isCount: true)

    var parts: Parts {
        ["first": first, "list": list, "absent": absent, "tied": tied, "counter": counter]
    }

    init(seed: UInt64 = 1) {
        let initializer = Initializer(seed: seed)
        first = Linear(3, 2, from: initializer["first"])
        list = [
            Linear(2, 2, bias: false, from: initializer["list"]["0"]), Linear(2, 1, from: initializer["list"]["1"]),
        ]
        absent = nil
        tied = first.weight
    }
}

@Suite struct ModuleTests {
    @Test func `names are dotted paths in the order of the parts`() {
        #expect(
            Sample().contents.entries.map(\.name) == [
                "first.weight", "first.bias", "list.0.weight", "list.1.weight", "list.1.bias", "tied", "counter",
            ])
    }

    @Test func `a parameter that is used twice is trained once`() {
        let sample = Sample()
        #expect(
            sample.namedParameters.map(\.name) == [
                "first.weight", "first.bias", "list.0.weight", "list.1.weight", "list.1.bias",
            ])
        #expect(sample.parameterCount == 6 + 2 + 4 + 2 + 1)
        #expect(sample.namedBuffers.map(\.name) == ["counter"])
    }

    @Test func `a saved state makes another module the same`() throws {
        let (source, target) = (Sample(seed: 1), Sample(seed: 2))
        source.counter.value = Tensor(7)
        #expect(source.first.weight.value.values != target.first.weight.value.values)
        try target.load(Dictionary(uniqueKeysWithValues: source.state().map { ($0.name, $0.value) }))
        for (mine, other) in zip(source.state(), target.state()) {
            #expect(mine.value.values == other.value.values, "\(mine.name)")
        }
        #expect(target.counter.value.item == 7)
        #expect(target.first.weight.value.isTracked)
    }

    @Test func `a state that does not fit names every fault at once and changes nothing`() throws {
        let sample = Sample()
        let before = sample.first.bias?.value.values
        var state = Dictionary(uniqueKeysWithValues: sample.state().map { ($0.name, $0.value) })
        state["first.bias"] = .ones([2])
        state["first.weight"] = .zeros([3, 2])
        state["list.0.weight"] = nil
        state["list.1.bias"] = nil
        state["third.weight"] = .zeros([1])
        state["extra"] = .zeros([1])
        let mismatch = try #require(throws: StateMismatch.self) { try sample.load(state) }
        #expect(
            mismatch.description == """
                the saved state does not fit: 4 matched, 2 missing, 2 unexpected, 1 mis-shaped
                  missing: list.0.weight
                  missing: list.1.bias
                  unexpected: extra
                  unexpected: third.weight
                  mis-shaped: first.weight: expected 2×3, found 3×2
                """)
        #expect(sample.first.bias?.value.values == before)
    }

    @Test func `setting a parameter keeps it a variable of its own`() {
        let parameter = Parameter(.zeros([2]))
        let original = Tensor([1, 2], shape: [2])
        parameter.value = original
        parameter.withUnsafeMutableValues { $0[0] = 5 }
        #expect(original.values == [1, 2])
        #expect(parameter.value.values == [5, 2])
        let gradient = gradients(of: parameter.value.squared().sum(), with: [parameter.value])[0]
        #expect(gradient?.values == [10, 4])
    }

    @Test func `a living record keeps the values it was made with`() {
        let parameter = Parameter(Tensor([1, 2], shape: [2]))
        let variable = parameter.value
        let loss = variable.squared().sum()
        parameter.withUnsafeMutableValues { $0[0] = 100 }
        #expect(gradients(of: loss, with: [variable])[0]?.values == [2, 4])
    }
}
