import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Covariance side") struct CovarianceSideTests {
    static let shapes = [[3, 9], [9, 3], [5, 5], [2, 7], [12, 1]]

    @Test("the smaller matrix is chosen") func choice() {
        #expect(CovarianceSide.cheaper(for: [48, 2304]) == .samples)
        #expect(CovarianceSide.cheaper(for: [256, 128]) == .features)
        #expect(CovarianceSide.cheaper(for: [7, 7]) == .features)
    }

    @Test("both sides give the same value and gradient of the log-determinant", arguments: shapes)
    func logDeterminantOnBothSides(shape: [Int]) {
        let x = centered(shape)
        let divisor = Double(shape[0] - 1)
        let results = [CovarianceSide.samples, .features].map { side in
            (
                value: side.logDeterminant(of: x, divisor: divisor, epsilon: 1e-3).item,
                gradient: gradient(at: x) { side.logDeterminant(of: $0, divisor: divisor, epsilon: 1e-3) }
            )
        }
        #expect(abs(results[0].value - results[1].value) <= 1e-5 * abs(results[1].value) + 1e-6)
        expectClose(results[0].gradient, results[1].gradient)
    }

    @Test("both sides give the same value and gradient of the squared norm", arguments: shapes)
    func squaredNormOnBothSides(shape: [Int]) {
        let x = centered(shape)
        let results = [CovarianceSide.samples, .features].map { side in
            (value: side.squaredNorm(of: x, divisor: 2).item, gradient: gradient(at: x) { side.squaredNorm(of: $0, divisor: 2) })
        }
        #expect(abs(results[0].value - results[1].value) <= 1e-5 * abs(results[1].value))
        expectClose(results[0].gradient, results[1].gradient)
    }

    @Test("the values are those of the plain definition", arguments: shapes) func definition(shape: [Int]) {
        let x = centered(shape)
        let matrix = x.matmul(x, transposingLeft: true) * 0.5
        let side = CovarianceSide.cheaper(for: x.shape)
        let norm = matrix.squared().sum().item
        #expect(abs(side.squaredNorm(of: x, divisor: 2).item - norm) <= 1e-4 * norm)
        let logDeterminant = (matrix + Tensor.identity(shape[1]) * 0.1).logDeterminant().item
        #expect(abs(side.logDeterminant(of: x, divisor: 2, epsilon: 0.1).item - logDeterminant) <= 1e-4 * (1 + abs(logDeterminant)))
    }

    @Test("gradients agree with central differences", arguments: shapes) func centralDifferences(shape: [Int]) {
        let x = normal(Shape(shape))
        let side = CovarianceSide.cheaper(for: x.shape)
        let logDeterminant = { (x: Tensor) in side.logDeterminant(of: x, divisor: 3, epsilon: 0.3) }
        let norm = { (x: Tensor) in side.squaredNorm(of: x, divisor: 3) }
        // The values come back in 32 bits here, so the step is wide and the tolerance with it.
        for function in [logDeterminant, norm] {
            let slope = gradient(at: x, of: function)
            #expect(largestDirectionalError(of: slope, at: x) { Double(function($0).item) } < 3e-3)
        }
    }

    @Test("an input that is not finite gives NaN and no trap", arguments: [Float.nan, .infinity]) func notFinite(bad: Float) {
        var values = centered([4, 6]).values
        values[5] = bad
        let x = Tensor(values, shape: [4, 6])
        for side in [CovarianceSide.samples, .features] {
            #expect(!side.logDeterminant(of: x, divisor: 3, epsilon: 1e-4).item.isFinite)
            #expect(!side.squaredNorm(of: x, divisor: 3).item.isFinite)
            #expect(gradient(at: x) { side.logDeterminant(of: $0, divisor: 3, epsilon: 1e-4) }.values.contains { !$0.isFinite })
        }
    }

    private func centered(_ shape: [Int]) -> Tensor {
        let x = normal(Shape(shape))
        return x - x.mean(axis: 0, keepingAxis: true)
    }

    private func expectClose(_ found: Tensor, _ expected: Tensor, tolerance: Float = 2e-5) {
        let scale = expected.values.map(abs).max() ?? 0
        for (found, expected) in zip(found.values, expected.values) { #expect(abs(found - expected) <= tolerance * scale) }
    }
}
