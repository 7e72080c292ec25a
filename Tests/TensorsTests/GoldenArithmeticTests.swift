import GoldenFixtures
import Tensors
import Testing

@Suite struct GoldenArithmeticTests {
    @Test(arguments: GoldenFixtures.cases(kind: "layer-broadcast"))
    func `arithmetic broadcasts as NumPy's does`(fixture: GoldenFixture) throws {
        let operations: [String: (Tensor, Tensor) -> Tensor] = ["add": { $0 + $1 }, "sub": { $0 - $1 }, "mul": { $0 * $1 }, "div": { $0 / $1 }]
        let name = try #require(fixture.caseName?.split(separator: "_").first)
        let operation = try #require(operations[String(name)], "an operation of another name: \(name)")
        let (a, b) = (try fixture.tensor("a").tracked(), try fixture.tensor("b").tracked())
        try fixture.expect(operation(a, b), matches: "y", of: [("a", a), ("b", b)])
    }

    @Test(arguments: GoldenFixtures.cases(kind: "layer-pointwise"))
    func `an elementwise function gives PyTorch's values and gradients`(fixture: GoldenFixture) throws {
        let functions: [String: (Tensor) -> Tensor] = [
            "relu": { $0.relu() }, "gelu_erf": { $0.gelu() }, "gelu_tanh": { $0.approximateGELU() }, "sigmoid": { $0.sigmoid() },
            "tanh": { $0.tanh() }, "silu": { $0.silu() }, "softplus": { $0.softplus() }, "exp": { $0.exp() }, "square": { $0.squared() },
            "log": { $0.log() }, "sqrt": { $0.sqrt() }, "rsqrt": { $0.sqrt().reciprocal() }, "reciprocal": { $0.reciprocal() },
            "abs": { $0.absolute() },
        ]
        let name = try #require(fixture.caseName)
        let function = try #require(functions[name], "a function of another name: \(name)")
        let x = try fixture.tensor("x").tracked()
        try fixture.expect(function(x), matches: "y", of: [("x", x)])
    }

    @Test(arguments: GoldenFixtures.cases(kind: "layer-matmul"))
    func `matrix products broadcast over leading axes`(fixture: GoldenFixture) throws {
        let (a, b) = (try fixture.tensor("a").tracked(), try fixture.tensor("b").tracked())
        let y = a.matmul(b, transposingLeft: fixture.caseName == "transposed")
        try fixture.expect(y, matches: "y", of: [("a", a), ("b", b)])
    }
}
