import GoldenFixtures
import Tensors
import Testing

@Suite struct GoldenLinearAlgebraTests {
    private static let cases = GoldenFixtures.cases(kind: "layer-linalg")

    @Test(arguments: cases.filter { $0.has("a") })
    func `factorizations of a positive definite matrix give PyTorch's values and gradients`(fixture: GoldenFixture) throws {
        let (a, rightHandSide) = (try fixture.tensor("a").tracked(), try fixture.tensor("rhs").tracked())
        try fixture.expect(a.cholesky(), matches: "l", upstream: "dl", gradients: "grad_l", of: [("a", a)])
        try fixture.expect(a.logDeterminant(), matches: "logdet", upstream: nil, gradients: "grad_logdet", of: [("a", a)])
        try fixture.expect(a.inverse(), matches: "inverse", upstream: "dinv", gradients: "grad_inverse", of: [("a", a)])
        try fixture.expect(
            a.solve(rightHandSide), matches: "x", upstream: "dx", gradients: "grad_x", of: [("a", a), ("rhs", rightHandSide)])
    }

    @Test(arguments: cases.filter { $0.has("s") })
    func `singular values come in descending order`(fixture: GoldenFixture) throws {
        try fixture.expect(try fixture.tensor("x").singularValues(), matches: "s", mixed: true)
    }

    @Test(arguments: cases.filter { $0.has("logabsdet") })
    func `the determinant of any square matrix has a sign and a logarithm`(fixture: GoldenFixture) throws {
        let x = try fixture.tensor("x").tracked()
        let (sign, logarithm) = x.logAbsoluteDeterminant()
        try fixture.expect(sign, matches: "sign")
        try fixture.expect(logarithm, matches: "logabsdet", upstream: nil, of: [("x", x)])
    }

    @Test func `a singular matrix has the sign 0 and no finite logarithm`() {
        let (sign, logarithm) = Tensor([1, 2, 2, 4], shape: [2, 2]).logAbsoluteDeterminant()
        #expect(sign == 0)
        #expect(logarithm.item == -.infinity)
    }
}
