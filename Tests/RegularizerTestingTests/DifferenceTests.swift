import RegularizerTesting
import Tensors
import Testing

@Suite("Gradients against central differences") struct DifferenceTests {
    private let z = Tensor([0.5, -1, 2, 0.25, 1.5, -0.75], shape: [2, 3])

    @Test("agree for a right gradient of an uneven function") func right() {
        let slope = Tensor(z.values.map { 3 * $0 * $0 }, shape: z.shape)
        #expect(largestDirectionalError(of: slope, at: z) { $0.values.reduce(0) { $0 + Double($1) * Double($1) * Double($1) } } < 1e-5)
    }

    @Test("tell a wrong one by how wrong it is") func wrong() {
        let slope = Tensor(z.values.map { 2 * $0 * 1.1 }, shape: z.shape)
        let error = largestDirectionalError(of: slope, at: z, directions: 16) { $0.values.reduce(0) { $0 + Double($1) * Double($1) } }
        #expect(error > 0.03 && error < 0.11)
    }

    @Test("see past a kink that longer steps straddle") func kink() {
        let near = Tensor([0.004, 1], shape: [1, 2])
        let slope = Tensor([1, 1], shape: [1, 2])
        #expect(largestDirectionalError(of: slope, at: near) { $0.values.reduce(0) { $0 + abs(Double($1)) } } < 1e-3)
    }
}
